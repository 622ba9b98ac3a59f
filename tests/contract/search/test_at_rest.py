"""What lies in the database says nothing without keys, and what was destroyed cannot be had from old copies of rows either."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jianlu.core.errors import NotFoundError
from jianlu.deliver.search._tables import search_blocks, search_cases, search_pages
from jianlu.deliver.search.enter import enter_case, forget_case, forget_shredded, rebuild_index, sweep_keys, tend_index
from jianlu.deliver.search.find import find_in_cases
from jianlu.deliver.search.model import Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.deliver.search.sealing import open_piece
from jianlu.runtime.database import transaction
from jianlu.vault.shred import shred_unit
from tests.fakes.search.corpus import entry_of, everything, filed
from tests.fakes.vault.sale import give_up

SECRET = ("agent", "这句话独一无二，纛字罕见，password zebra")
PEOPLE = (("欧阳震华", "13812345678"),)


def test_no_word_no_name_and_no_number_can_be_read_in_the_database(using: SearchPorts) -> None:
    enter_case(entry_of(using, "POLICY-77", SECRET, people=PEOPLE, verdicts=(("pack:secret-clause", "not_met"),)), using=using)
    content = everything(using)
    assert find_in_cases(Query(text="zebra"), using=using).total == 1
    for word in ("独一无二", "zebra", "duyiwuer", "欧阳", "13812345678", "5678", "POLICY-77", "secret-clause", "not_met"):
        assert word.encode() not in content


def test_the_same_customer_twice_leaves_nothing_equal(using: SearchPorts) -> None:
    for number in ("P-1", "P-2"):
        enter_case(entry_of(using, number, SECRET, people=PEOPLE), using=using)
    with transaction(using.vault.index, writes=False) as connection:
        pages = [bytes(page) for page in connection.execute(select(search_pages.c.page)).scalars()]
        sealed = [bytes(each) for each in connection.execute(select(search_cases.c.sealed)).scalars()]
    pieces = [each[at : at + 16] for each in (*pages, *sealed) for at in range(0, len(each) - 16, 16)]
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize("others", [0, 3, 20])
def test_a_destroyed_case_leaves_no_posting_and_old_pages_cannot_be_opened(using: SearchPorts, others: int) -> None:
    case = entry_of(using, "gone", SECRET, people=PEOPLE)
    entries = [case, *(entry_of(using, f"P-{n}", ("agent", "别的话")) for n in range(others))]
    rebuild_index(iter(entries), using=using)
    with transaction(using.vault.index, writes=False) as connection:
        copies = [(row.block, row.bucket, bytes(row.page)) for row in connection.execute(select(search_pages))]
        sealed = connection.execute(select(search_cases.c.sealed).where(search_cases.c.case_ref == case.case)).scalar_one()
    assert filed(using, "du") == filed(using, "zebra") == filed(using, "=name:欧阳震华") == 1
    give_up(using.vault, case.case, using.tenant)
    shred_unit(using.vault, using.tenant, case.case)
    assert forget_shredded(using=using) == 1
    assert filed(using, "du") == filed(using, "zebra") == filed(using, "=name:欧阳震华") == 0
    assert filed(using, "hua") == others
    assert bytes(sealed) not in everything(using)
    assert find_in_cases(Query(text="独一无二"), using=using).total == 0
    assert find_in_cases(Query(customer="欧阳震华"), using=using).total == 0
    for block, bucket, page in copies:
        with pytest.raises(NotFoundError):
            open_piece(using.keys.open(block), using.tenant, block, bucket, page)
    kept = {name.rpartition("/")[2] for name in using.vault.key_blobs.names(f"{using.tenant}/search/")}
    assert kept.isdisjoint(f"b{block}.key" for block, _, _ in copies)


def test_a_destroyed_case_is_not_shown_even_before_it_is_taken_out(using: SearchPorts) -> None:
    case = entry_of(using, "gone", SECRET)
    enter_case(case, using=using)
    give_up(using.vault, case.case, using.tenant)
    shred_unit(using.vault, using.tenant, case.case)
    assert find_in_cases(Query(text="独一无二"), using=using).hits == ()
    assert not enter_case(case, using=using)
    assert find_in_cases(Query(text="独一无二"), using=using).total == 0


def test_keys_that_a_crash_left_are_erased(using: SearchPorts) -> None:
    enter_case(entry_of(using, "P-1", SECRET), using=using)
    using.keys.create(99)
    assert sweep_keys(using=using) == 1
    assert find_in_cases(Query(text="独一无二"), using=using).total == 1


def test_joined_blocks_are_few_and_their_old_keys_gone(using: SearchPorts) -> None:
    for number in range(40):
        enter_case(entry_of(using, f"P-{number}", ("agent", "犹豫期")), using=using)
    assert tend_index(using=using) == 0
    with transaction(using.vault.index, writes=False) as connection:
        blocks = list(connection.execute(select(search_blocks.c.block)).scalars())
    assert len(blocks) == 2 + 8
    assert len(list(using.vault.key_blobs.names(f"{using.tenant}/search/"))) == len(blocks)
    assert forget_case("c" + "a2" * 13, using=using) is False
