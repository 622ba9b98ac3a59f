"""Several workers enter, take out and join at once while others ask: nothing is lost, nothing is found twice, nobody sees half a block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.deliver.search._tables import search_blocks, search_pages
from jianlu.deliver.search.enter import enter_case, forget_case
from jianlu.deliver.search.find import find_in_cases
from jianlu.deliver.search.model import Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.runtime.database import transaction
from tests.fakes.search.corpus import entry_of, search_ports


def test_workers_beside_each_other_lose_nothing(using: SearchPorts) -> None:
    entries = [entry_of(using, f"P-{n}", ("agent", f"犹豫期{n}天"), ("customer", "明白")) for n in range(48)]
    workers = [search_ports(using.vault) for _ in range(3)]
    gone = entries[::8]

    def work(number: int) -> None:
        for entry in entries[number::3]:
            enter_case(entry, using=workers[number])

    def look(_: int) -> list[int]:
        return [find_in_cases(Query(text="明白"), using=using).total for _ in range(6)]

    with ThreadPoolExecutor(5) as threads:
        looking = threads.map(look, range(2))
        list(threads.map(work, range(3)))
        seen = list(looking)
    assert all(total <= len(entries) for totals in seen for total in totals)
    assert find_in_cases(Query(text="明白"), using=using).total == len(entries)
    with ThreadPoolExecutor(3) as threads:
        taken = list(threads.map(lambda entry: forget_case(entry.case, using=workers[0]), gone))
    assert all(taken)
    found = [find_in_cases(Query(text=f'"犹豫期{n}天"'), using=using).total for n in range(48)]
    assert found == [0 if n % 8 == 0 else 1 for n in range(48)]


@pytest.mark.parametrize("table", [search_pages, search_blocks], ids=lambda table: table.name)
def test_a_row_put_in_anothers_place_is_noticed(using: SearchPorts, table: object) -> None:
    for number in (1, 2):
        enter_case(entry_of(using, f"P-{number}", ("agent", f"犹豫期{number}天")), using=using)
    column = search_pages.c.page if table is search_pages else search_blocks.c.roster
    owner = column.table
    with transaction(using.vault.index) as connection:
        first = connection.execute(owner.select().order_by(owner.c.block)).mappings().first()
        assert first is not None
        connection.execute(owner.update().values({column.name: first[column.name]}))
    with pytest.raises(IntegrityError, match="altered or moved"):
        find_in_cases(Query(text="犹豫期"), using=replace(using))
