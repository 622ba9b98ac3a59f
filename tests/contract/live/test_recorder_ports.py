"""The contracts of the live recorder's ports: log, spool and states, held to the real ones and to the fakes of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jianlu.backends.desk.client import DeskLog
from jianlu.backends.spools.files import FileSpool, FileStates
from jianlu.capture.recording.live import tap_frames
from jianlu.capture.recording.live.ports import LiveLog, Spool, StateStore
from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.entry.serve.desk import desk_server
from jianlu.vault.desk import CaseDesk
from tests.cli.disks import files_of_at_most
from tests.fakes.live.memory import CASE, TENANT, MemoryLiveLog, MemorySpool, MemoryStates
from tests.fakes.live.publisher import Publisher, frame_bytes
from tests.fakes.loops import Loop
from tests.fakes.vault.home import memory_vault
from tests.fakes.vault.memory import memory_keys

STARTED, SEALED, GAP = EventType.RECORDING_STARTED, EventType.SEGMENT_SEALED, EventType.GAP_DECLARED
Run = Callable[[Any], Any]


# --- log ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["desk", "memory"])
def log_and_run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LiveLog, Run]]:
    with ExitStack() as stack:
        loop = Loop()
        stack.callback(loop.close)
        if request.param == "memory":
            yield MemoryLiveLog(), loop.run
            return
        vault = stack.enter_context(memory_vault())
        server = desk_server(tmp_path / "desk.sock", CaseDesk(vault), TENANT)
        loop.run(server.start())
        log = DeskLog(tmp_path / "desk.sock", CASE)
        yield log, loop.run
        loop.run(log.close())
        loop.run(server.stop())


def test_events_come_back_in_order_and_by_kind(log_and_run: tuple[LiveLog, Run]) -> None:
    log, run = log_and_run
    assert run(log.events([STARTED])) == []
    run(log.seal_and_append(STARTED, "init", b"INIT", {"recorder": "live/1"}, part="init", commits={"source": "ab" * 32}))
    run(log.seal_and_append(SEALED, "seg-000001", b"ONE", {"no": 1, "from_ms": 0, "to_ms": 2000}))
    run(log.append(GAP, {"from_ms": 2000, "to_ms": 4000, "reason": "paused", "side": "source"}))
    found = run(log.events([STARTED, SEALED, GAP]))
    assert [(event.n, event.type) for event in found] == [(0, STARTED), (1, SEALED), (2, GAP)]
    assert found[0].body["init"]["plain_bytes"] == 4
    assert set(found[0].body) == {"recorder", "init", "source"}
    assert [event.body["object"] for event in run(log.events([SEALED]))] == ["seg-000001"]


def test_a_call_made_again_is_answered_and_written_once(log_and_run: tuple[LiveLog, Run]) -> None:
    log, run = log_and_run
    body = {"no": 1, "from_ms": 0, "to_ms": 2000}
    first = run(log.seal_and_append(SEALED, "seg-000001", b"ONE", body))
    assert run(log.seal_and_append(SEALED, "seg-000001", b"ONE", body, is_again=True)) == first
    gap = {"from_ms": 0, "to_ms": 9, "reason": "paused", "side": "agent"}
    second = run(log.append(GAP, gap, is_again=True))
    assert run(log.append(GAP, gap, is_again=True)) == second == first + 1
    assert run(log.append(GAP, {**gap, "side": "customer"}, is_again=True)) == second + 1
    assert len(run(log.events([SEALED, GAP]))) == 3


def test_an_init_sent_again_is_known_by_its_part(log_and_run: tuple[LiveLog, Run]) -> None:
    log, run = log_and_run
    call = (STARTED, "init", b"INIT", {"recorder": "live/1"})
    first = run(log.seal_and_append(*call, part="init", commits={"source": "ab" * 32}))
    assert run(log.seal_and_append(*call, part="init", commits={"source": "ab" * 32}, is_again=True)) == first


def test_a_desk_with_thousands_of_events_gives_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.entry.serve.desk.EVENTS_AT_ONCE", 7)
    loop = Loop()
    with memory_vault() as vault:
        desk = CaseDesk(vault)
        server = desk_server(tmp_path / "desk.sock", desk, TENANT)
        loop.run(server.start())
        for number in range(40):
            kind = GAP if number % 3 else EventType.CLOCK_STEPPED
            desk.log(TENANT, CASE).append(kind, {"from_ms": number})
        log = DeskLog(tmp_path / "desk.sock", CASE)
        found = loop.run(log.events([GAP]))
        assert [event.body["from_ms"] for event in found] == [number for number in range(40) if number % 3]
        loop.run(log.close())
        loop.run(server.stop())
    loop.close()


def test_a_desk_that_is_away_is_unavailable(tmp_path: Path) -> None:
    loop = Loop()
    log = DeskLog(tmp_path / "desk.sock", CASE)
    with pytest.raises(UnavailableError):
        loop.run(log.events([GAP]))
    loop.run(log.close())
    loop.close()


# --- spool ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["files", "memory"])
def make_spool(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Spool]:
    if request.param == "memory":
        kept = MemorySpool()
        return lambda: kept
    keys = memory_keys()
    return lambda: FileSpool(tmp_path / "spool" / CASE, CASE, keys)


def test_entries_come_out_in_order_and_survive_the_process(make_spool: Callable[[], Spool]) -> None:
    spool = make_spool()
    assert (spool.count, spool.first()) == (0, None)
    for number in range(12):
        spool.append(b"entry %d" % number)
    assert spool.count == 12
    spool.drop_first()
    again = make_spool()
    assert (again.count, again.first()) == (11, b"entry 1")
    again.append(b"entry 12")
    found = []
    while (content := again.first()) is not None:
        found.append(content)
        again.drop_first()
    assert found == [b"entry %d" % number for number in range(1, 13)]
    assert again.count == 0
    again.append(b"and on")
    assert make_spool().first() == b"and on"


def test_nothing_readable_is_on_the_disk_and_the_key_goes_with_the_last_entry(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / CASE, CASE, memory_keys())
    spool.append(b"FACE AND VOICE " * 100)
    files = list((tmp_path / CASE).iterdir())
    assert {file.name for file in files} == {"key", "00000001.spool"}
    assert not any(b"VOICE" in file.read_bytes() for file in files)
    spool.drop_first()
    assert not (tmp_path / CASE).exists()


def test_an_entry_that_was_altered_or_moved_is_refused(tmp_path: Path) -> None:
    keys = memory_keys()
    spool = FileSpool(tmp_path / CASE, CASE, keys)
    spool.append(b"one")
    spool.append(b"two")
    first, second = sorted((tmp_path / CASE).glob("*.spool"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(IntegrityError, match="altered"):
        FileSpool(tmp_path / CASE, CASE, keys).first()
    with pytest.raises(IntegrityError):
        FileSpool(tmp_path / CASE, "c" + "b3" * 13, keys).first()


def test_a_full_disk_refuses_an_entry_and_keeps_the_others(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / CASE, CASE, memory_keys())
    spool.append(b"small")
    with files_of_at_most(4_096), pytest.raises(UnavailableError, match="disk"):
        spool.append(bytes(10_000))
    assert spool.count == 1
    spool.append(b"after")
    assert [file.name for file in sorted((tmp_path / CASE).glob("*.spool"))] == ["00000001.spool", "00000002.spool"]
    assert not list((tmp_path / CASE).glob(".*.new"))


# --- states ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["files", "memory"])
def states(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    return FileStates(tmp_path / "run", "a") if request.param == "files" else MemoryStates()


def test_states_are_kept_by_case_until_they_are_removed(states: StateStore) -> None:
    assert states.load_all() == {}
    states.save("c1", "one")
    states.save("c2", "two")
    states.save("c1", "one again")
    assert states.load_all() == {"c1": "one again", "c2": "two"}
    states.remove("c1")
    states.remove("c1")
    assert states.load_all() == {"c2": "two"}
    assert states.free_bytes() > 0


def test_a_full_disk_leaves_the_old_state(tmp_path: Path) -> None:
    states = FileStates(tmp_path, "a")
    states.save("c1", "old")
    with files_of_at_most(100), pytest.raises(UnavailableError, match="disk"):
        states.save("c1", "new" * 100)
    assert states.load_all() == {"c1": "old"}
    assert FileStates(tmp_path, "b").load_all() == {}


# --- tap ------------------------------------------------------------------------------------------------------------


def test_what_a_media_process_sends_is_what_a_recorder_reads() -> None:
    publisher = Publisher("agent")
    publisher.begin(0)
    publisher.change("connected", 0)
    frames = list(publisher.frames_until(1_500))
    assert {type(frame).__name__ for frame in frames} == {"FeedChange", "Packet", "Report"}
    reader = tap_frames.FrameReader()
    content = b"".join(frame_bytes(frame) for frame in frames)
    found = [frame for at in range(0, len(content), 777) for frame in reader.push(content[at : at + 777])]
    assert found == frames


@pytest.mark.parametrize(
    "body",
    [
        b"\x09",
        b"\x01",
        b"\x01\x05agent\x00\x01\xff",
        b"\x01\x05agent\x07\x01\xff" + bytes(8) + b"\x80" + bytes(11),
        b"\x01\x05agent\x00\x01\xff" + bytes(8) + b"\x00" + bytes(11),
        b"\x01\x05agent\x00\x09\xff" + bytes(8) + b"\x80" + bytes(11),
        b"\x02\x05agent\x00",
        b"\x03{",
        b"\x03[]",
        b'\x03{"feed":"a","state":"dead","at_us":1}',
        b'\x03{"feed":"a","state":"connected","at_us":"x"}',
    ],
)
def test_a_malformed_frame_of_a_tap_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidError):
        tap_frames.parse_frame(body)


def test_a_frame_of_impossible_length_is_no_tap() -> None:
    for length in (0, 1 << 24):
        with pytest.raises(InvalidError, match="length"):
            tap_frames.FrameReader().push(length.to_bytes(4))


def test_header_extensions_and_padding_are_no_payload() -> None:
    rtp = b"\xb1\x6f" + bytes(10) + bytes(4) + b"\xbe\xde\x00\x01abcd" + b"payload" + b"\0\0\3"
    sent = tap_frames.packet_frame("agent", 0, "opus", 9, 5, rtp)
    frame = tap_frames.parse_frame(sent[4:])
    assert isinstance(frame, tap_frames.Packet)
    assert frame.payload == b"payload"


def test_lines_of_a_recorder_are_json() -> None:
    assert tap_frames.greeting("c1", "a") == b'{"room":"c1","recorder":"a"}\n'
    assert tap_frames.key_frame_request("agent") == b'{"key_frame":"agent"}\n'
