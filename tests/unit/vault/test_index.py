"""The index on SQLite and on PostgreSQL: it follows the ledger, is rebuilt from it, and every edited row is found."""

from __future__ import annotations

from dataclasses import fields

import pytest
from sqlalchemy import Engine, MetaData, delete, insert, select, update

from jianlu.core.errors import IntegrityError, NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.runtime.database import transaction
from jianlu.vault._tables import cases, events, index_schema, objects
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index, require_agreement
from jianlu.vault.index import catch_up, read_case_row, read_retentions
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import CaseRow
from jianlu.vault.reindex import Reindexed, reindex
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT
from tests.fakes.vault.memory import MemoryLog
from tests.fakes.vault.sale import destroy, record_sale

BANK, SALE, OTHER_SALE = tenant_id(TENANT), case_ref(CASE), case_ref(OTHER_CASE)


def dump(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every index table."""
    with transaction(engine, writes=False) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in index_schema.sorted_tables
        }


def test_a_recorded_case_is_summarised(vault: VaultPorts) -> None:
    log = record_sale(vault)
    assert read_case_row(vault, BANK, SALE) == CaseRow(
        tenant=TENANT,
        case_ref=CASE,
        state="closed",
        opened_at=log.events[0].at,
        closed_at=log.events[-1].at,
        events=13,
        head_digest=log.events[-1].digest,
        segments=3,
        duration_ms=6400,
        media_bytes=75_000,
        met=4,
        not_met=1,
        not_evidenced=2,
    )
    (retention,) = read_retentions(vault, BANK, SALE)
    assert (retention.part, retention.until, retention.clause) == ("recording", "2036-11-22", "pack:c9")
    assert read_case_row(vault, BANK, OTHER_SALE) is None


def test_every_row_is_rebuilt_from_ledger_and_vault_alone(vault: VaultPorts) -> None:
    record_sale(vault)
    destroy(record_sale(vault, OTHER_CASE), vault)
    before = dump(vault.index)
    assert [len(before[name]) for name in ("events", "objects", "cases", "retentions")] == [27, 17, 3, 2]
    with transaction(vault.index) as connection:
        everything = MetaData()
        everything.reflect(connection)
        everything.drop_all(connection)
    steps: list[tuple[int, int]] = []
    done = reindex(vault, progress=lambda entries, due: steps.append((entries, due)))
    assert done == Reindexed(entries=27, cases=3, objects=17, objects_gone=8)
    assert steps == [(27, 27)]
    assert dump(vault.index) == before


def test_reindexing_repairs_every_edit(vault: VaultPorts) -> None:
    record_sale(vault)
    before = dump(vault.index)
    with transaction(vault.index) as connection:
        connection.execute(update(cases).values(met=7, not_met=0))
        connection.execute(delete(objects).where(objects.c.n == 3))
        connection.execute(update(events).values(at="2020-01-01T00:00:00.000Z"))
    assert dump(vault.index) != before
    reindex(vault)
    assert dump(vault.index) == before


def test_an_untouched_index_agrees(vault: VaultPorts) -> None:
    record_sale(vault)
    record_sale(vault, OTHER_CASE)
    assert compare_index(vault, BANK, SALE) == []
    require_agreement(vault, BANK, SALE)


KEYS = {"events": ("position",), "objects": ("position", "field"), "cases": ("tenant", "case_ref"), "retentions": ("position",)}


@pytest.mark.parametrize("table", KEYS)
def test_an_edit_of_any_column_is_found_and_named(vault: VaultPorts, table: str) -> None:
    record_sale(vault)
    edited = index_schema.tables[table]
    with transaction(vault.index, writes=False) as connection:
        row = dict(connection.execute(select(edited)).mappings().all()[0])
    for column in edited.columns:
        wrong = {**row, column.name: 777 if column.type.python_type is int else "x"}
        _replace_row(vault, table, row, wrong)
        found = compare_index(vault, BANK, SALE)
        assert found, f"an edit of {column} went unseen"
        assert {difference.table for difference in found} == {table}
        with pytest.raises(IntegrityError, match=f"{table} row"):
            require_agreement(vault, BANK, SALE)
        _replace_row(vault, table, wrong, row)
        assert compare_index(vault, BANK, SALE) == []


def _replace_row(vault: VaultPorts, table: str, old: dict[str, object], new: dict[str, object]) -> None:
    edited = index_schema.tables[table]
    with transaction(vault.index) as connection:
        connection.execute(update(edited).where(*(edited.c[key] == old[key] for key in KEYS[table])).values(**new))


@pytest.mark.parametrize("table", KEYS)
def test_a_missing_row_and_a_surplus_row_are_found(vault: VaultPorts, table: str) -> None:
    record_sale(vault)
    edited = index_schema.tables[table]
    with transaction(vault.index) as connection:
        row = dict(connection.execute(select(edited)).mappings().all()[-1])
        chosen = [edited.c[key] == row[key] for key in KEYS[table]]
        connection.execute(delete(edited).where(*chosen))
    assert [difference.fields for difference in compare_index(vault, BANK, SALE)] == [("missing",)]
    with transaction(vault.index) as connection:
        connection.execute(insert(edited).values(**row))
    assert compare_index(vault, BANK, SALE) == []
    if table != "cases":
        with transaction(vault.index) as connection:
            connection.execute(insert(edited).values(**{**row, "position": 5000}))
        assert [difference.fields for difference in compare_index(vault, BANK, SALE)] == [("surplus",)]


def test_a_lost_object_or_key_is_found(vault: VaultPorts) -> None:
    record_sale(vault)
    vault.blobs.delete(f"{TENANT}/{CASE}/seg-000002.v1.sealed")
    vault.key_blobs.delete(f"{TENANT}/{CASE}/plan.v1.key")
    assert [(found.table, found.fields) for found in compare_index(vault, BANK, SALE)] == [("objects", ("state",))] * 2
    assert reindex(vault).objects_gone == 2
    assert compare_index(vault, BANK, SALE) == [], "the index now says that they are missing, which is true"
    with pytest.raises(NotFoundError):
        open_case_log(vault, TENANT, CASE).open_object("seg-000002")


def test_an_index_that_lags_catches_up(vault: VaultPorts) -> None:
    record_sale(vault)
    rows = dump(vault.index)
    with transaction(vault.index) as connection:
        for table in index_schema.sorted_tables:
            connection.execute(delete(table))
    assert compare_index(vault, BANK, SALE)
    assert catch_up(vault) == 13
    assert catch_up(vault) == 13
    assert dump(vault.index) == rows


def test_an_index_that_knows_more_than_the_ledger_is_refused(vault: VaultPorts) -> None:
    record_sale(vault)
    assert isinstance(vault.ledger, MemoryLog)
    del vault.ledger.entries[-2:]
    with pytest.raises(IntegrityError, match="rolled-back"):
        catch_up(vault)
    assert [difference.fields for difference in compare_index(vault, BANK, SALE)][-1] == ("surplus",)


def test_an_entry_that_is_no_event_is_named(vault: VaultPorts) -> None:
    record_sale(vault)
    vault.ledger.append(b"not an event")
    with pytest.raises(IntegrityError, match="entry 13 "):
        catch_up(vault)
    with pytest.raises(IntegrityError, match="entry 13 "):
        reindex(vault)


def test_an_abandoned_case_stays_abandoned(vault: VaultPorts) -> None:
    log = open_case_log(vault, TENANT, CASE)
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
    log.abandon("truncated")
    row = read_case_row(vault, BANK, SALE)
    assert row is not None
    assert row.state == "abandoned"
    assert compare_index(vault, BANK, SALE) == []
    before = dump(vault.index)
    reindex(vault)
    assert dump(vault.index) == before


def test_the_row_classes_and_the_tables_have_the_same_columns() -> None:
    assert [field.name for field in fields(CaseRow)] == [column.name for column in cases.columns]
