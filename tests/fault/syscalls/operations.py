"""The five operations whose every system call is made to fail, and what must be true of the home whatever happened. Not a test.

Each `Operation` makes a home, does its work on it in a child that may die at any moment and tells what it was promised (`tell`), and then
looks at what is left: every promise kept, every object of an event there and whole, `fsck` sound, the copies mended by `scrub`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.core.errors import ConflictError, JianluError, NotFoundError
from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.ledger.fsck import fsck
from jianlu.ledger.read import read_checkpoint
from jianlu.ledger.signer import load_signer
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.index import parse_entry
from jianlu.vault.keys import is_shredded
from jianlu.vault.model import object_parts
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.stores.reports import store_reports
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, create_home, open_home
from tests.fakes.vault.sale import give_up, record_sale, segment
from tests.fakes.vault.stores import said, scrubber, settle
from tests.fault.vault.copying_crashes import make_template, open_stores

Tell = Callable[[str], None]
EVENTS = 2


@dataclass(frozen=True)
class Operation:
    """How its home is made, what is done before and during the faults, and how its promises are checked afterwards."""

    make: Callable[[Path], None]
    opened: Callable[[Path], AbstractContextManager[VaultPorts]]
    work: Callable[[VaultPorts, Tell], None]
    check: Callable[[Path, list[str]], None]


def _recorded_home(home: Path) -> None:
    create_home(home)
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []})


def _append(using: VaultPorts, tell: Tell) -> None:
    log = open_case_log(using, TENANT, CASE)
    for number in range(log.next_n, log.next_n + EVENTS):
        log.append(EventType.CLOCK_STEPPED, {"ms": number})
        tell(f"event {number}")


def _seal(using: VaultPorts, tell: Tell) -> None:
    log = open_case_log(using, TENANT, CASE)
    for number in range(log.next_n, log.next_n + EVENTS):
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", segment(number), {"ms": number})
        tell(f"event {number}")


def _publish(using: VaultPorts, tell: Tell) -> None:
    assert isinstance(using.ledger, LedgerFolder)
    ledger = using.ledger._ledger
    for _ in range(EVENTS):
        number = using.ledger.size
        open_case_log(using, TENANT, CASE).append(EventType.CLOCK_STEPPED, {"ms": number})
        tell(f"event {number}")
        tell(f"published {claimed_checkpoint(ledger.publish()).size}")
    ledger.close()


def _replicate(using: VaultPorts, tell: Tell) -> None:
    walk = scrubber(using)
    walk.begin()
    settle(walk)
    troubles = [each.state.problem for each in store_reports(using) if each.state.problem]
    tell(f"error {troubles[0]}" if troubles else "copied")


def _shred_home(home: Path) -> None:
    create_home(home)
    with open_home(home) as using:
        record_sale(using)
        record_sale(using, OTHER_CASE)
        give_up(using)


def _shred(using: VaultPorts, tell: Tell) -> None:
    open_case_log(using, TENANT, CASE).shred()
    tell("shredded")


@contextmanager
def _checked(home: Path) -> Iterator[VaultPorts]:
    """The home opened again after the fault, its index rebuilt; closed and sound at the end."""
    with open_home(home) as using:
        reindex(using)
        yield using
    report = fsck(home / "ledger", load_signer(home / "secrets" / "ledger.key").key)
    assert report.is_sound, report


def _no_leaf_without_blob(log: CaseLog) -> None:
    for event in log.events:
        for part in object_parts(event):
            log.open_object(part.object, part.version)


def _events_kept(home: Path, told: list[str]) -> None:
    """What was acknowledged is there with its object, what is there is whole, and the work goes on."""
    if any(line.startswith("published") for line in told):
        promised = max(int(line.split()[1]) for line in told if line.startswith("published"))
        assert claimed_checkpoint(read_checkpoint(home / "ledger")).size >= promised
    with _checked(home) as using:
        PosixBlobs(home / "vault").sweep()
        log = open_case_log(using, TENANT, CASE)
        found = [event.body.get("ms") for event in log.events]
        assert list(range(1, len(found))) == found[1:], found
        for line in told:
            if line.startswith("event"):
                assert int(line.split()[1]) in found, (line, found)
        _no_leaf_without_blob(log)
        for event in log.events:
            if event.type is EventType.SEGMENT_SEALED:
                number = event.body["ms"]
                assert log.open_object(f"seg-{number:06d}") == segment(number)
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{log.next_n:06d}", b"after", {"ms": log.next_n})
    assert not [path for path in home.rglob("*") if path.is_file() and b"PLAINTEXT" in path.read_bytes()]


def _copies_kept(home: Path, told: list[str]) -> None:
    """What was said of copies is true, the scrub finds and mends the rest, and both wrong copies are on record."""
    here, near = (_files(home / name) for name in ("vault", "near"))
    if "copied" in told:
        assert near == here
    fsck_before = fsck(home / "ledger", load_signer(home / "secrets" / "ledger.key").key)
    assert not [each for each in fsck_before.problems if "root" in each.what], fsck_before
    with open_stores(home) as using:
        PosixBlobs(home / "near").sweep()
        PosixBlobs(home / "vault").sweep()
        for _ in range(2):
            walk = scrubber(using)
            walk.begin()
            settle(walk)
        alarmed = {event.body["object"] for event in said(using, EventType.STORE_COPY_ALARMED)}
        assert len(alarmed) == 2, alarmed
        _no_leaf_without_blob(open_case_log(using, TENANT, CASE))
        entries = using.ledger.read(0, using.ledger.size)
        chains: dict[str, list[Event]] = {}
        for at, entry in enumerate(entries):
            event = parse_entry(entry, at)
            chains.setdefault(event.case, []).append(event)
        assert all([event.n for event in chain] == list(range(len(chain))) for chain in chains.values())
    assert _files(home / "near") == _files(home / "vault") == here
    report = fsck(home / "ledger", load_signer(home / "secrets" / "ledger.key").key)
    assert report.is_sound, report


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.sealed")}


def _shred_kept(home: Path, told: list[str]) -> None:
    """What was said to be destroyed is; what was begun ends when it is begun again; nobody else's case is touched."""
    with _checked(home) as using:
        PosixBlobs(home / "vault").sweep()
        PosixBlobs(home / "vault-keys").sweep()
        log = open_case_log(using, TENANT, CASE)
        if "shredded" in told:
            _is_gone(home, log, using)
        log.shred()
        _is_gone(home, log, using)
        _no_leaf_without_blob(open_case_log(using, TENANT, OTHER_CASE))
        recorded = len(log.events)
    with open_home(home) as using:
        assert len(open_case_log(using, TENANT, CASE).events) == recorded > 10, "its events stay"


def _is_gone(home: Path, log: CaseLog, using: VaultPorts) -> None:
    assert is_shredded(using, log.tenant, log.case)
    for event in log.events:
        for part in object_parts(event):
            try:
                log.open_object(part.object, part.version)
            except (ConflictError, NotFoundError):
                continue
            raise AssertionError(f"{part.object} still opens")
    left = [path.name for name in ("vault", "vault-keys") for path in (home / name / TENANT / CASE).rglob("*") if path.is_file()]
    assert left == ["shredded"], left


OPERATIONS = {
    "append": Operation(_recorded_home, open_home, _append, _events_kept),
    "seal": Operation(_recorded_home, open_home, _seal, _events_kept),
    "publish": Operation(_recorded_home, open_home, _publish, _events_kept),
    "replicate": Operation(make_template, open_stores, _replicate, _copies_kept),
    "shred": Operation(_shred_home, open_home, _shred, _shred_kept),
}


def work(operation: Operation, home: Path, ready: Callable[[], None], tell: Tell) -> None:
    """In the child: open the home, say `ready`, work under faults; after our own error once more, as an impatient caller would."""
    try:
        with operation.opened(home) as using:
            ready()
            for _ in range(2):
                try:
                    operation.work(using, tell)
                    return
                except JianluError as error:
                    tell(f"error {type(error).__name__}")
    except JianluError as error:
        tell(f"error {type(error).__name__} at the end")
