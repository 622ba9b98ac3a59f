"""A destruction that is killed, or meets a failing store, at any step is finished by the next run: the same end, said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, JianluError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.entry.destroy_case import destroy_case
from jianlu.runtime.database import open_database
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.custody.burial import Burials
from jianlu.vault.custody.destruction import destruction_documents
from jianlu.vault.custody.holds import HeldError
from jianlu.vault.keys import custody_chain, is_shredded, open_unit_key, tenant_secret
from jianlu.vault.ports import Blobs, Buffer, EventLog, Kept, Store, VaultPorts
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs, MemoryLog, SteppingClock, memory_keys
from tests.fakes.vault.sale import give_up, record_sale

BANK, REF = tenant_id(TENANT), case_ref(CASE)


class KilledError(BaseException):
    """The process is gone; nothing catches it."""


class Steps:
    """Counts what reaches the stores and the ledger, and breaks off at the step `at`: before it is done, or after."""

    def __init__(self, at: int, *, is_after: bool, error: Callable[[], BaseException]) -> None:
        self._at, self._is_after, self._error = at, is_after, error
        self.taken = 0

    @contextmanager
    def step(self) -> Iterator[None]:
        self.taken += 1
        is_mine = self.taken == self._at
        if is_mine and not self._is_after:
            raise self._error()
        yield
        if is_mine and self._is_after:
            raise self._error()


@dataclass
class SteppedBlobs:
    """A store whose changing calls are steps."""

    inner: Blobs
    steps: Steps

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        with self.steps.step():
            self.inner.put(name, parts)

    def delete(self, name: str) -> None:
        with self.steps.step():
            self.inner.delete(name)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        return self.inner.get(name, start, length)

    def size(self, name: str) -> int:
        return self.inner.size(name)

    def exists(self, name: str) -> bool:
        return self.inner.exists(name)

    def names(self, prefix: str = "") -> Iterator[str]:
        return self.inner.names(prefix)


@dataclass
class SteppedLog:
    """A ledger whose appends are steps."""

    inner: EventLog
    steps: Steps

    def append(self, entry: bytes) -> int:
        with self.steps.step():
            return self.inner.append(entry)

    def read(self, start: int, count: int) -> Sequence[bytes]:
        return self.inner.read(start, count)

    @property
    def size(self) -> int:
        return self.inner.size

    def require_open(self) -> None:
        self.inner.require_open()


@dataclass(frozen=True)
class Before:
    """Two sealed cases, one of which two people gave up: what the stores and the ledger hold, and the database's file."""

    blobs: dict[str, bytes]
    keys: dict[str, bytes]
    entries: list[bytes]
    database: bytes


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    file = tmp_path_factory.mktemp("before") / "index.sqlite"
    with memory_vault(f"sqlite:///{file}") as vault:
        record_sale(vault)
        record_sale(vault, OTHER_CASE)
        give_up(vault)
        kept = stores(vault)
        entries = list(vault.ledger.read(0, vault.ledger.size))
    return Before(*kept, entries, file.read_bytes())


def stores(vault: VaultPorts) -> tuple[dict[str, bytes], dict[str, bytes]]:
    assert isinstance(vault.blobs, MemoryBlobs) and isinstance(vault.key_blobs, MemoryBlobs)
    return dict(vault.blobs.contents), dict(vault.key_blobs.contents)


@contextmanager
def given_up(before: Before, home: Path) -> Iterator[VaultPorts]:
    """A fresh home of that kind, with what was derived from the case."""
    for path in (package_path(home, REF), home / "run" / "spool-a" / CASE / "key", home / "run" / f"recording-a-{CASE}.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PLAINTEXT")
    (home / "index.sqlite").write_bytes(before.database)
    engine = open_database(f"sqlite:///{home}/index.sqlite")
    blobs, keys, log = MemoryBlobs(), MemoryBlobs(), MemoryLog()
    blobs.contents, keys.contents, log.entries = dict(before.blobs), dict(before.keys), list(before.entries)
    try:
        yield VaultPorts(blobs=blobs, key_blobs=keys, keys=memory_keys(), ledger=log, clock=SteppingClock(), index=engine)
    finally:
        engine.dispose()


def stepped(vault: VaultPorts, steps: Steps) -> VaultPorts:
    return replace(
        vault,
        blobs=SteppedBlobs(vault.blobs, steps),
        key_blobs=SteppedBlobs(vault.key_blobs, steps),
        ledger=SteppedLog(vault.ledger, steps),
    )


def run(vault: VaultPorts, home: Path, *, steps: Steps | None = None) -> None:
    def say(stage: str, done: int, due: int | None) -> None:
        if steps is not None:
            with steps.step():
                pass

    destroy_case(REF, home=home, tenant=BANK, vault=vault if steps is None else stepped(vault, steps), say=say)


def expect_gone(vault: VaultPorts, home: Path) -> None:
    assert list(vault.blobs.names(f"{TENANT}/{CASE}/")) == []
    assert list(vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
    assert [path for path in home.rglob("*") if path.is_file() and b"PLAINTEXT" in path.read_bytes()] == []
    chain = open_case_log(vault, TENANT, custody_chain(tenant_secret(vault, BANK), CASE))
    assert [event.type for event in chain.events] == [EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED]
    last = chain.events[-1].body
    assert (last["objects"], last["started"]) == (8, chain.events[0].digest)
    _, document = destruction_documents(chain, CASE)
    assert document is not None and {each["left"] for each in document["places"]} == {0}
    assert compare_index(vault, BANK, REF) == []
    assert open_case_log(vault, TENANT, OTHER_CASE).open_object("plan")


@pytest.mark.parametrize("kind", ["killed before", "killed after", "store fails"])
def test_every_step_may_be_the_last_of_a_run(before: Before, tmp_path: Path, kind: str) -> None:
    def error() -> BaseException:
        return OSError(5, "device") if kind == "store fails" else KilledError()

    broke_off = 0
    for at in range(1, 200):
        home = tmp_path / f"home-{at}"
        with given_up(before, home) as vault:
            steps = Steps(at, is_after=kind == "killed after", error=error)
            try:
                run(vault, home, steps=steps)
            except (KilledError, UnavailableError, OSError):
                broke_off += 1
                assert not any(map(_completed, vault.ledger.read(0, vault.ledger.size))) or kind == "killed after"
            run(vault, home)
            run(vault, home)
            expect_gone(vault, home)
            if steps.taken < at:
                break
    assert broke_off == at - 1 == 42, f"{broke_off} of {at - 1} steps"


def _completed(entry: bytes) -> bool:
    return b"custody:destruction:completed" in entry


def test_without_two_people_nothing_is_destroyed(tmp_path: Path) -> None:
    with memory_vault() as vault:
        log = record_sale(vault)
        with pytest.raises(ConflictError, match="nobody started"):
            run(vault, tmp_path)
        with pytest.raises(ConflictError, match="kept until"):
            log.shred()
        assert log.open_object("plan") and not is_shredded(vault, BANK, CASE)


def test_a_hold_that_came_past_every_door_while_it_runs_stops_it(before: Before, tmp_path: Path) -> None:
    """Whoever has the ledger writes one in: as long as the key is there, the case stays."""
    with given_up(before, tmp_path / "home") as vault:
        chain = open_case_log(vault, TENANT, custody_chain(tenant_secret(vault, BANK), CASE))
        chain.seal_and_append(EventType.HOLD_PLACED, "hold-1", b"{}", {"of": CASE, "hold": "h" + "0" * 26})
        with pytest.raises(HeldError):
            run(vault, tmp_path / "home")
        assert not is_shredded(vault, BANK, CASE) and list(vault.blobs.names(f"{TENANT}/{CASE}/"))


def test_a_backup_of_the_keys_revives_nothing(before: Before, tmp_path: Path) -> None:
    """The whole key store of before is put back, and the objects too: they do not open, and the next look buries them."""
    with given_up(before, tmp_path / "home") as vault:
        objects, keys = stores(vault)
        burials = Burials(vault, BANK)
        assert burials.turn() == [] and list(burials.going_on) == [CASE]
        run(vault, tmp_path / "home")
        assert burials.turn() == [] and not burials.going_on
        assert isinstance(vault.key_blobs, MemoryBlobs) and isinstance(vault.blobs, MemoryBlobs)
        vault.key_blobs.contents = keys
        vault.blobs.contents |= {name: content for name, content in objects.items() if CASE in name}
        assert not is_shredded(vault, BANK, CASE)
        with pytest.raises(ConflictError, match="destroyed"):
            open_case_log(vault, TENANT, CASE).open_object("plan")
        with pytest.raises(ConflictError, match="destroyed"):
            open_unit_key(vault, BANK, CASE)
        assert burials.turn() == [CASE] == Burials(replace(vault, key_blobs=MemoryBlobs()), BANK).turn()
        assert list(vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
        assert list(vault.blobs.names(f"{TENANT}/{CASE}/")) == []
        assert open_case_log(vault, TENANT, OTHER_CASE).open_object("plan")


def test_a_backup_revives_no_recording_that_was_abandoned(tmp_path: Path) -> None:
    with memory_vault() as vault:
        log = open_case_log(vault, TENANT, CASE)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"{}", {})
        assert isinstance(vault.key_blobs, MemoryBlobs) and isinstance(vault.blobs, MemoryBlobs)
        kept = stores(vault)
        log.abandon("left")
        vault.blobs.contents, vault.key_blobs.contents = kept
        with pytest.raises(JianluError, match="destroyed"):
            open_case_log(vault, TENANT, CASE).open_object("plan")
        assert Burials(vault, BANK).turn() == [CASE]


@dataclass
class KeepingLocks:
    """A store that keeps a copy behind a lock, or behind a delete marker."""

    until: datetime | None

    def lock(self, name: str, until: datetime, *, is_new: bool = False) -> datetime:
        return until

    def locked_until(self, name: str) -> datetime | None:
        return self.until

    def kept(self, prefix: str) -> Iterator[Kept]:
        yield Kept(f"{prefix}plan.v1.sealed", 2, self.until)


def test_a_copy_behind_a_lock_is_counted_and_one_that_is_only_hidden_is_not_gone(before: Before, tmp_path: Path) -> None:
    with given_up(before, tmp_path / "home") as vault:
        hidden = replace(vault, stores=(Store("far", "", vault.blobs, locks=KeepingLocks(None)),))
        with pytest.raises(UnavailableError, match="objects, 2"):
            run(hidden, tmp_path / "home")
        locked = replace(vault, stores=(Store("far", "", vault.blobs, locks=KeepingLocks(datetime(2040, 1, 1, tzinfo=UTC))),))
        run(locked, tmp_path / "home")
        expect_gone(vault, tmp_path / "home")
        chain = open_case_log(vault, TENANT, custody_chain(tenant_secret(vault, BANK), CASE))
        _, document = destruction_documents(chain, CASE)
        assert document is not None and {"place": "locked", "named": 2, "left": 0} in document["places"]
