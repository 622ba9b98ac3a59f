"""A home moves from one suite to the other and back (`docs/suites.md`): its packages verify by the record of it, and no forged one does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.package import EVENTS, RESEALED_EVENTS, RESEALED_POSITIONS
from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import derive_case_ref, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.entry.resealing import open_for_resealing, reseal_home
from jianlu.ledger.signer import load_signer
from jianlu.vault.case_log import open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.verify.check import check_package
from jianlu.verify.model import Result
from jianlu.verify.render import render
from jianlu.wiring import open_home
from tests.e2e.sabotage.forge import Entries, read_entries, rebuild
from tests.fakes.jobs.recorded_home import serve_home
from tests.fakes.quiet_home import TENANT, Sealed, jianlu, make_sealed
from tests.fakes.vault.postgres import create_database, drop_database
from tests.property.verify.forged_history import events_in, rechained, with_history

NAMES = {Suite.INTERNATIONAL: "international", Suite.SM: "sm"}
MEDIA = "media/session.mp4"


def suites_in(home: Path) -> set[Suite]:
    return {read_suite(path.read_bytes()[:HEAD_BYTES]) for path in (home / "vault").rglob("*.sealed")}


def sealed_in(entries: Entries) -> set[Suite]:
    return {read_suite(content[:HEAD_BYTES]) for name, content in entries.items() if name.startswith("sealed/")}


def set_suite(home: Path, suite: Suite) -> None:
    settings = home / "jianlu.toml"
    head, table, rest = settings.read_text(encoding="utf-8").partition("[vault]")
    settings.write_text(head + table + re.sub(r'suite = "\w+"', f'suite = "{NAMES[suite]}"', rest, count=1), encoding="utf-8")


def packed_again(old: Sealed, name: str) -> Path:
    package = old.package.with_name(name)
    answer = jianlu("seal", old.media, "--case", old.case, "-o", package, "--home", old.home)
    assert answer.code == 0, answer.err
    return package


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def moved(old: Sealed) -> tuple[Path, ...]:
    """Packages of the one case: as it was sealed, after the move to SM4, after the move back."""
    packages = [old.package]
    asked_early = jianlu("vault", "reseal", "--suite", "sm", "--home", old.home)
    assert asked_early.code == 2 and "[vault] suite" in asked_early.err
    for suite in (Suite.SM, Suite.INTERNATIONAL):
        set_suite(old.home, suite)
        answer = jianlu("vault", "reseal", "--suite", NAMES[suite], "--home", old.home, "--json")
        assert answer.code == 0, answer.err
        done = answer.document
        assert done["whole"] and done["objects"] == done["removed"] > 5 and done["kept"] == {"hold": 0, "lock": 0}
        assert suites_in(old.home) == {suite}
        packages.append(shutil.copyfile(packed_again(old, "again.jlp"), old.package.with_name(f"{NAMES[suite]}.jlp")))
    return tuple(packages)


def test_a_package_made_after_each_move_verifies_by_the_record(moved: tuple[Path, ...]) -> None:
    first = read_entries(moved[0])
    for package, suite, forms in zip(moved, (Suite.INTERNATIONAL, Suite.SM, Suite.INTERNATIONAL), (0, 1, 2), strict=True):
        result, entries = check_package(package), read_entries(package)
        assert result.is_intact and result.exit_code == 10
        assert sealed_in(entries) == {suite}
        objects = sum(name.startswith("sealed/") for name in entries)
        assert result.resealed == forms * objects == result.as_document()["resealed"]
        assert (f"重新密封 {forms * objects} 次" in render(result, "zh")) == bool(forms)
        assert [entries[name] for name in (EVENTS, MEDIA, "openings.json")] == [
            first[name] for name in (EVENTS, MEDIA, "openings.json")
        ]


def test_the_home_agrees_with_itself_afterwards(old: Sealed, moved: tuple[Path, ...]) -> None:
    assert jianlu("ledger", "fsck", old.home / "ledger").code == 0
    rebuilt = jianlu("vault", "reindex", "--home", old.home, "--json")
    assert rebuilt.code == 0 and rebuilt.document["objects_gone"] == 0
    again = jianlu("vault", "reseal", "--suite", "international", "--home", old.home, "--json")
    assert again.code == 0 and (again.document["objects"], again.document["removed"]) == (0, 0)
    with closing(connect(old.home / "index.sqlite")) as index:
        assert index.execute("SELECT DISTINCT state FROM objects").fetchall() == [("sealed",)]


def with_record(entries: Entries, change: Callable[[list[dict[str, object]]], None], old: Sealed, folder: Path) -> Entries:
    """The package with a reseal chain whose bodies were changed, in a ledger that the forger, who has its key, wrote anew."""
    record = events_in({EVENTS: entries[RESEALED_EVENTS]})
    bodies = [parse_canonical(canonical_bytes(event.body)) for event in record]
    change(bodies)
    signer = load_signer(old.home / "secrets" / "ledger.key")
    return with_history(entries, tuple(events_in(entries)), folder, signer, rechained(record, bodies))


def checked(entries: Entries, old: Sealed, path: Path) -> Result:
    return check_package(rebuild(path, entries, signer=old.package_signer))


def test_the_forger_who_changes_nothing_is_believed(old: Sealed, moved: tuple[Path, ...], tmp_path: Path) -> None:
    """Else the refusals below would say nothing."""
    forged = with_record(read_entries(moved[1]), lambda bodies: None, old, tmp_path / "ledger")
    assert checked(forged, old, tmp_path / "forged.jlp").is_intact


def _other(name: str, value: object) -> Callable[[list[dict[str, object]]], None]:
    def change(bodies: list[dict[str, object]]) -> None:
        bodies[0][name] = value

    return change


FORGERIES: dict[str, Callable[[list[dict[str, object]]], None]] = {
    "another digest than the case's event names": _other("was", "0" * 64),
    "another new digest": _other("sealed", "0" * 64),
    "another commitment": _other("commit", "0" * 64),
    "another event of the case": _other("event", "0" * 64),
    "another length": _other("bytes", 81),
    "another case": _other("of", "c" + "a2" * 13),
    "an object that the case has not": _other("object", "plan-b"),
    "a suite that the object is not in": lambda bodies: bodies[0].update(
        {"from": Suite.SM.value, "to": Suite.INTERNATIONAL.value}
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_record_in_a_whole_ledger_is_refused(old: Sealed, moved: tuple[Path, ...], tmp_path: Path, forgery: str) -> None:
    forged = with_record(read_entries(moved[1]), FORGERIES[forgery], old, tmp_path / "ledger")
    result = checked(forged, old, tmp_path / "forged.jlp")
    assert result.exit_code == 90 and not result.is_intact


def _without(*names: str) -> Callable[[Entries], None]:
    def change(entries: Entries) -> None:
        for name in names:
            del entries[name]

    return change


def _flipped(entries: Entries) -> None:
    content = entries[RESEALED_EVENTS]
    entries[RESEALED_EVENTS] = content[:200] + bytes([content[200] ^ 1]) + content[201:]


def _cut(entries: Entries) -> None:
    """The last event of the record and its position taken away: an older state, with objects of a newer one."""
    record, positions = events_in({EVENTS: entries[RESEALED_EVENTS]}), parse_canonical(entries[RESEALED_POSITIONS])
    entries[RESEALED_EVENTS] = b"".join(len(each.content).to_bytes(2, "big") + each.content for each in record[:1])
    entries[RESEALED_POSITIONS] = canonical_bytes(positions[:1])


@pytest.mark.parametrize(
    "change",
    [_without(RESEALED_EVENTS, RESEALED_POSITIONS), _without(RESEALED_EVENTS), _without(RESEALED_POSITIONS), _flipped, _cut],
    ids=["no record", "no events", "no positions", "a bit", "cut"],
)
def test_a_record_that_was_taken_away_or_altered_is_refused(
    old: Sealed, moved: tuple[Path, ...], tmp_path: Path, change: Callable[[Entries], None]
) -> None:
    entries = read_entries(moved[1])
    change(entries)
    assert checked(entries, old, tmp_path / "forged.jlp").exit_code == 90


def test_objects_of_an_older_form_under_a_newer_record_are_refused(old: Sealed, moved: tuple[Path, ...], tmp_path: Path) -> None:
    older, entries = read_entries(moved[1]), read_entries(moved[2])
    name = next(name for name in entries if name.startswith("sealed/"))
    assert checked({**entries, name: older[name]}, old, tmp_path / "forged.jlp").exit_code == 90


def test_it_runs_beside_the_process_that_has_the_ledger_and_once_at_a_time(old: Sealed, moved: tuple[Path, ...]) -> None:
    set_suite(old.home, Suite.SM)
    try:
        with serve_home(old.home):
            with open_for_resealing(old.home, "sm") as (vault, tenant):
                busy = jianlu("vault", "reseal", "--suite", "sm", "--home", old.home)
                assert busy.code == 5 and tenant == tenant_id(TENANT)
                done = reseal_home(vault, tenant, lambda done, due: None)
            assert done.is_whole and done.objects == done.removed > 5
        assert suites_in(old.home) == {Suite.SM}
    finally:
        set_suite(old.home, Suite.INTERNATIONAL)
        assert jianlu("vault", "reseal", "--suite", "international", "--home", old.home).code == 0


def test_what_is_altered_is_named_and_open_cases_wait(old: Sealed, moved: tuple[Path, ...]) -> None:
    before = suites_in(old.home)
    set_suite(old.home, next(suite for suite in Suite if {suite} != before))
    command = ("vault", "reseal", "--suite", "international" if before == {Suite.SM} else "sm", "--home", old.home, "--json")
    with open_home(old.home) as opened:
        log = open_case_log(opened.vault, TENANT, derive_case_ref(tenant_secret(opened.vault, tenant_id(TENANT)), "open-0001"))
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"{}", {"packs": []})
    victim = next(path for path in (old.home / "vault").rglob("seg-*.sealed"))
    content = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused = jianlu(*command)
    assert refused.code == 90 and set(refused.document["failed"]) == {victim.parent.name}
    victim.write_bytes(content)
    waits = jianlu(*command)
    assert waits.code == 75 and (waits.document["open"], waits.document["failed"]) == (1, {})
    with open_home(old.home) as opened:
        log = open_case_log(opened.vault, TENANT, log.case)
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    assert jianlu(*command).code == 0 and len(suites_in(old.home)) == 1


@pytest.mark.thorough
def test_a_home_with_its_index_in_postgresql_moves_there_and_back(postgres: str, tmp_path: Path) -> None:
    """Beside the process that has the ledger and without it; the rows follow from the ledger before, after, and when they are made anew."""
    old = make_sealed(tmp_path)
    settings, url = old.home / "jianlu.toml", create_database(postgres, "resealed")
    text = settings.read_text(encoding="utf-8")
    assert "sqlite:///index.sqlite" in text
    settings.write_text(
        text.replace("sqlite:///index.sqlite", url.replace("postgresql://", "postgresql+psycopg://")), encoding="utf-8"
    )
    (old.home / "index.sqlite").unlink()
    try:
        assert jianlu("vault", "reindex", "--home", old.home).code == 0
        set_suite(old.home, Suite.SM)
        with serve_home(old.home), open_for_resealing(old.home, "sm") as (vault, tenant):
            assert vault.index.dialect.name == "postgresql"
            done = reseal_home(vault, tenant, lambda done, due: None)
        assert done.is_whole and done.objects == done.removed > 5 and suites_in(old.home) == {Suite.SM}
        assert check_package(packed_again(old, "sm.jlp")).is_intact  # which refuses where a row disagrees with the ledger
        set_suite(old.home, Suite.INTERNATIONAL)
        answer = jianlu("vault", "reseal", "--suite", "international", "--home", old.home, "--json")
        assert answer.code == 0 and answer.document["whole"] and answer.document["removed"] >= done.removed
        assert suites_in(old.home) == {Suite.INTERNATIONAL}
        assert check_package(packed_again(old, "back.jlp")).is_intact
        rebuilt = jianlu("vault", "reindex", "--home", old.home, "--json")
        assert rebuilt.code == 0 and rebuilt.document["objects_gone"] == 0
        assert not (old.home / "index.sqlite").exists()
    finally:
        drop_database(postgres, "resealed")
