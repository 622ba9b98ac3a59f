"""The contract of `vault.ports.EventLog`, held by the transparency log, its socket and the in-memory fake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.backends.events.ledger_socket import LedgerSocket, ledger_server
from jianlu.core.errors import UnavailableError
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.vault.ports import EventLog
from tests.fakes.loops import serving
from tests.fakes.vault.memory import MemoryLog


@pytest.fixture(params=["ledger", "ledger that publishes", "memory", "socket"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    if request.param == "memory":
        yield MemoryLog()
        return
    create_signer_key(tmp_path / "ledger.key", "test.example/log")
    signer = load_signer(tmp_path / "ledger.key")
    create_ledger(tmp_path / "ledger", origin="test.example/log", signer=signer)
    every_ms = 1 if request.param == "ledger that publishes" else None
    with open_ledger(tmp_path / "ledger", signer=signer, publish_every_ms=every_ms) as ledger:
        folder = LedgerFolder(ledger, tmp_path / "ledger")
        if request.param == "socket":
            with serving(ledger_server(tmp_path / "ledger.sock", folder, ledger.publish)):
                socket = LedgerSocket(tmp_path / "ledger.sock")
                yield socket
                socket.close()
        else:
            yield folder


def test_entries_are_numbered_and_read_back_at_once(log: EventLog) -> None:
    assert log.size == 0
    assert list(log.read(0, 10)) == []
    for number in range(600):
        assert log.append(b"entry %d" % number) == number
        if number % 97 == 0:
            assert list(log.read(number, 1)) == [b"entry %d" % number]
    assert log.size == 600
    assert list(log.read(0, 1000)) == [b"entry %d" % number for number in range(600)]
    assert list(log.read(250, 12)) == [b"entry %d" % number for number in range(250, 262)]
    assert list(log.read(599, 5)) == [b"entry 599"]
    assert list(log.read(600, 5)) == []
    assert list(log.read(1000, 5)) == []


def test_many_threads_each_get_their_own_place(log: EventLog) -> None:
    places: dict[bytes, int] = {}

    def write(writer: int) -> None:
        for number in range(25):
            entry = b"%d of %d" % (number, writer)
            places[entry] = log.append(entry)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places.values()) == list(range(100))
    entries = log.read(0, 100)
    assert all(entries[place] == entry for entry, place in places.items())


def test_what_an_earlier_process_appended_is_read(tmp_path: Path) -> None:
    create_signer_key(tmp_path / "ledger.key", "test.example/log")
    signer = load_signer(tmp_path / "ledger.key")
    create_ledger(tmp_path / "ledger", origin="test.example/log", signer=signer)
    with open_ledger(tmp_path / "ledger", signer=signer, publish_every_ms=None) as ledger:
        ledger.append(b"before")
        around = LedgerFolder(ledger, tmp_path / "ledger")
        assert list(around.read(0, 5)) == [b"before"], "an entry that did not come through this log is published, then read"
    with open_ledger(tmp_path / "ledger", signer=signer, publish_every_ms=None) as ledger:
        log = LedgerFolder(ledger, tmp_path / "ledger")
        log.append(b"after")
        assert list(log.read(0, 5)) == [b"before", b"after"]


def test_a_keeper_that_is_away_is_said_and_nothing_is_made_up(tmp_path: Path) -> None:
    log = LedgerSocket(tmp_path / "ledger.sock")
    with pytest.raises(UnavailableError, match="does not answer"):
        log.append(b"entry")
    with pytest.raises(UnavailableError):
        log.read(0, 1)
