"""Answers of the ledger that are lost after the commit, and writers that come late: no object that an event names is ever taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.backends.events.ledger_socket import LedgerSocket, ledger_server
from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.chain_guard import ChainGuard
from jianlu.vault.compare import compare_index
from jianlu.vault.desk import CaseDesk
from jianlu.vault.model import object_parts
from jianlu.vault.ports import Blobs, VaultPorts
from tests.fakes.loops import serving
from tests.fakes.vault.cut_socket import CutSocket, cut_socket
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home

SEGMENT = "seg-000001"


@dataclass
class Worker:
    """A worker's vault, whose ledger is behind the socket of the process that has it, and the way there."""

    using: VaultPorts
    way: CutSocket
    keeper: VaultPorts

    def log(self) -> CaseLog:
        """The case's log, opened anew."""
        return open_case_log(self.using, TENANT, CASE)

    def blobs(self) -> list[str]:
        """What the store holds of the case, short."""
        return [name.rpartition("/")[2] for name in self.using.blobs.names(f"{TENANT}/{CASE}/")]

    def check(self) -> None:
        """Every object that an event names opens, nothing else is in the store, and the index follows from the ledger."""
        log = open_case_log(self.keeper, TENANT, CASE)
        named = [part for event in log.events for part in object_parts(event)]
        for part in named:
            log.open_object(part.object, part.version)
        assert self.blobs() == sorted(f"{part.object}.v{part.version}.sealed" for part in named)
        assert compare_index(self.keeper, log.tenant, log.case) == []


@contextmanager
def make_worker(folder: Path) -> Iterator[Worker]:
    create_home(folder)
    with open_home(folder) as keeper:
        assert isinstance(keeper.ledger, LedgerFolder)
        server = ledger_server(folder / "ledger.sock", ChainGuard(keeper), lambda: None)
        with serving(server), cut_socket(folder / "cut.sock", folder / "ledger.sock") as way:
            ledger = LedgerSocket(way.path)
            yield Worker(replace(keeper, ledger=ledger), way, keeper)
            ledger.close()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with make_worker(tmp_path / "home") as made:
        yield made


def seal(log: CaseLog, content: bytes) -> None:
    log.seal_and_append(EventType.SEGMENT_SEALED, SEGMENT, content, {"no": 1})


def test_a_retry_after_a_lost_answer_keeps_the_object_that_the_ledger_names(worker: Worker) -> None:
    log = worker.log()
    worker.way.lose = "append"
    with pytest.raises(UnavailableError, match="does not answer"):
        seal(log, b"what was said")
    assert worker.way.lost == [{"fields": {"position": 0}}]
    for write in (
        lambda: seal(log, b"what was said"),
        lambda: log.append(EventType.GAP_DECLARED, {"reason": "lost"}),
        lambda: log.seal_part("plan", b"{}"),
    ):
        with pytest.raises(UnavailableError, match="open the case's log again"):
            write()
    assert log.is_stale
    assert worker.blobs() == [f"{SEGMENT}.v1.sealed"]
    again = worker.log()
    assert (again.next_n, again.open_object(SEGMENT)) == (1, b"what was said")
    worker.check()


def test_an_answer_lost_before_the_commit_is_tried_again_by_a_log_opened_anew(worker: Worker) -> None:
    log = worker.log()
    worker.way.close()
    with pytest.raises(UnavailableError):
        seal(log, b"what was said")
    direct = open_case_log(worker.keeper, TENANT, CASE)
    assert direct.next_n == 0
    seal(direct, b"what was said")
    assert direct.open_object(SEGMENT) == b"what was said"
    worker.check()


def test_a_writer_that_is_refused_never_clears_what_the_one_before_it_recorded(worker: Worker) -> None:
    late, first = worker.log(), worker.log()
    seal(first, b"by the first")
    for match in ("another process", "open the case's log again"):
        with pytest.raises(ConflictError, match=match):
            seal(late, b"by the late one")
    assert worker.log().open_object(SEGMENT) == b"by the first"
    seal(worker.log(), b"by the late one, again")
    assert worker.log().open_object(SEGMENT, 1) == b"by the first"
    worker.check()


def test_a_writer_that_comes_late_with_its_event_finds_its_object_or_is_refused(worker: Worker) -> None:
    """It sealed and was given up before its event was recorded; its successor seals the same object, and either event may come first."""
    late = worker.log()
    part = late.seal_part(SEGMENT, b"by the late one")
    successor = worker.log()
    others = successor.seal_part(SEGMENT, b"by its successor")
    late.append(EventType.SEGMENT_SEALED, {"no": 1, **part})
    with pytest.raises(ConflictError):
        successor.append(EventType.SEGMENT_SEALED, {"no": 1, **others})
    assert worker.log().open_object(SEGMENT) == b"by the late one"

    late = worker.log()
    part = late.seal_part(SEGMENT, b"late again")
    seal(worker.log(), b"its successor again")
    with pytest.raises(ConflictError):
        late.append(EventType.SEGMENT_SEALED, {"no": 1, **part})
    assert worker.log().open_object(SEGMENT) == b"its successor again"
    assert worker.log().open_object(SEGMENT, 1) == b"by the late one"
    worker.check()


def test_an_orphan_whose_successor_died_before_clearing_it_goes_with_the_next_event(worker: Worker) -> None:
    worker.log().seal_part(SEGMENT, b"left by a crash")
    successor = worker.log()
    part = successor.seal_part(SEGMENT, b"recorded")
    worker.using.ledger.append(_event_of(successor, part))
    assert worker.blobs() == [f"{SEGMENT}.v1.sealed", f"{SEGMENT}.v2.sealed"]
    worker.log().append(EventType.GAP_DECLARED, {"reason": "lost"})
    worker.check()


def test_the_desk_opens_a_log_anew_whose_append_was_lost(worker: Worker) -> None:
    desk = CaseDesk(worker.using)
    worker.way.lose = "append"
    with pytest.raises(UnavailableError):
        seal(desk.log(TENANT, CASE), b"what was said")
    log = desk.log(TENANT, CASE)
    assert (log.next_n, log.open_object(SEGMENT)) == (1, b"what was said")
    assert desk.log(TENANT, CASE) is log
    log.append(EventType.GAP_DECLARED, {"reason": "lost"})
    worker.check()


def _event_of(log: CaseLog, part: dict[str, object]) -> bytes:
    """The bytes of the event that names `part`, as the log would record it: a process killed right behind the ledger's commit."""
    recorded: list[bytes] = []

    class Killed:
        """An event log that keeps what it is given."""

        def append(self, entry: bytes) -> int:
            recorded.append(entry)
            raise UnavailableError("killed")

    killed = CaseLog(replace(log._using, ledger=Killed()), log.tenant, log.case, [])  # type: ignore[arg-type]
    with pytest.raises(UnavailableError):
        killed.append(EventType.SEGMENT_SEALED, {"no": 1, **part})
    return recorded[0]


class Died(BaseException):
    """The process ends here: nothing of ours catches it."""


class DiesOnce:
    """Blobs whose first `delete` is never carried out."""

    def __init__(self, real: Blobs) -> None:
        self._real = real
        self._is_alive = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def delete(self, name: str) -> None:
        if self._is_alive:
            self._is_alive = False
            raise Died
        self._real.delete(name)


@pytest.mark.parametrize("dying", ["blobs", "key_blobs"])
def test_a_process_that_dies_while_an_orphan_is_cleared_leaves_nothing_of_it_once_the_case_goes_on(
    tmp_path: Path, dying: str
) -> None:
    """Before either of the two deletes: the object's, or its key's when the object is gone already."""
    create_home(tmp_path / "home")
    with open_home(tmp_path / "home") as using:
        open_case_log(using, TENANT, CASE).seal_part(SEGMENT, b"never recorded")
        once: Any = DiesOnce(getattr(using, dying))
        dies = replace(using, blobs=once) if dying == "blobs" else replace(using, key_blobs=once)
        with pytest.raises(Died):
            seal(open_case_log(dies, TENANT, CASE), b"recorded")
    with open_home(tmp_path / "home") as using:
        log = open_case_log(using, TENANT, CASE)
        assert log.open_object(SEGMENT) == b"recorded"
        assert any(".v1." in name for name in using.key_blobs.names(f"{TENANT}/{CASE}/")), "the orphan's key is there still"
        seal(log, b"recorded next")
        for blobs in (using.blobs, using.key_blobs):
            kept = [name for name in blobs.names(f"{TENANT}/{CASE}/") if SEGMENT in name]
            assert len(kept) == 2 and not [name for name in kept if ".v1." in name], kept
        assert compare_index(using, log.tenant, log.case) == []
