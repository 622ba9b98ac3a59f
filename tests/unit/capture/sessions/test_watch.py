"""The watch: forwarding only while all is recorded, halts that everybody sees, and winding up that is done at last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from jianlu.capture.cases._tables import live_cases
from jianlu.capture.cases.find_cases import read_case
from jianlu.capture.sessions.conducting import end_session
from jianlu.capture.sessions.preparing import start_session
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.recording import STOP_PATIENCE_MS
from jianlu.capture.sessions.steps import start_step
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.capture.sessions.view import view_session
from jianlu.capture.sessions.watch import FORGOTTEN_MS, Complain, cut_sessions, reopen_sessions, watch_session, watch_sessions
from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.terms.events import EventType
from tests.fakes.eventually import eventually
from tests.fakes.sessions.world import AGENT, World, participant, session_world, shipped_scenes

GRACE_S = 20


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Its database is a file: sessions are looked at by several threads."""
    with session_world(f"sqlite:///{tmp_path}/index.sqlite") as made:
        yield made


def unexpected(case: str, error: BaseException) -> None:
    raise AssertionError(case) from error


def beat_all(world: World, complain: Complain = unexpected) -> None:
    """One beat over every session, as the process makes them."""
    with ThreadPoolExecutor(2) as threads:
        watch_sessions(using=world.using, complain=complain, threads=threads, patience_s=60)


def reopen(world: World, complain: Complain = unexpected) -> None:
    """What a process does first."""
    with ThreadPoolExecutor(2) as threads:
        reopen_sessions(using=world.using, complain=complain, threads=threads)
    beat_all(world, complain)


def ending(world: World, case: str) -> tuple[str, str]:
    body = next(event.body for event in world.events(case) if event.type is EventType.SESSION_ENDED)
    return body["reason"], body["by"]


@pytest.mark.parametrize("trouble", ["is_away", "is_stalled"])
def test_a_session_that_is_not_recorded_is_visibly_halted(world: World, trouble: str) -> None:
    case = world.live()
    setattr(world.recorder, trouble, True)
    world.beat(case, times=GRACE_S - 1)
    assert world.view(case)["state"] == "live"
    world.beat(case, 1_000, 12)
    view = world.view(case, participant(case))
    assert (view["state"], view["reason"]) == ("halted", "halted")
    assert ending(world, case) == ("halted", "watchdog")
    alarms = [event.body["code"] for event in world.events(case) if event.type is EventType.HEALTH_ALARMED]
    assert alarms in (["recorder_away"], ["sealing_stalled"])


def test_while_the_recording_is_not_healthy_no_step_is_carried_out(world: World) -> None:
    case = world.live()
    world.recorder.lost.add("customer-picture")
    world.beat(case)
    view = world.view(case)
    assert (view["state"], view["health"]["level"]) == ("live", "red")
    assert view["health"]["messages"][0]["text"]["zh"] == "没有收到：客户的画面"
    with pytest.raises(ConflictError, match="unhealthy"):
        start_step(case, "greeting", using=world.using, by=AGENT)
    world.recorder.lost.clear()
    world.beat(case)
    start_step(case, "greeting", using=world.using, by=AGENT)
    assert world.view(case)["health"]["level"] == "green"


def test_short_trouble_is_recorded_and_survived(world: World) -> None:
    case = world.live()
    world.recorder.is_away = True
    world.beat(case, times=5)
    world.recorder.is_away = False
    world.beat(case, times=2)
    kinds = world.kinds(case)
    assert (kinds.count(EventType.HEALTH_ALARMED), kinds.count(EventType.HEALTH_CLEARED)) == (1, 1)
    assert world.view(case)["state"] == "live"


def test_a_recorder_that_comes_back_after_the_halt_delivers_what_it_has(world: World) -> None:
    case = world.live()
    world.recorder.is_away = True
    world.beat(case, times=GRACE_S + 2)
    assert world.view(case)["state"] == "halted"
    assert world.handed_over == []
    world.recorder.is_away = False
    world.beat(case)
    assert world.handed_over == [case]
    assert EventType.RECORDING_ENDED in world.kinds(case)


def test_a_recorder_that_forgot_everything_leaves_a_recording_with_an_end(world: World) -> None:
    case = world.live()
    world.beat(case, times=10)
    world.recorder.die()
    world.beat(case, times=GRACE_S + 2)
    assert world.view(case)["state"] == "halted"
    ended = next(event.body for event in world.events(case) if event.type is EventType.RECORDING_ENDED)
    segments = [event.body for event in world.events(case) if event.type is EventType.SEGMENT_SEALED]
    assert ended == {
        "segments": len(segments),
        "duration_ms": segments[-1]["to_ms"],
        "media_bytes": 4 + sum(body["plain_bytes"] for body in segments),
    }
    assert world.handed_over == [case]


def test_a_halt_that_cannot_be_recorded_still_cuts_the_talk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.live()

    def fail(entry: bytes) -> int:
        raise UnavailableError("the ledger is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.vault.ledger, "append", fail)
        world.recorder.is_away = True
        with pytest.raises(UnavailableError):
            watch_session(case, using=world.using)
        assert not world.rooms.rooms[case].is_forwarding
        assert [each["code"] for each in world.view(case)["health"]["messages"]] == ["recorder_away"], "shown, if not recorded"
        heard: list[tuple[str, str]] = []
        for _ in range(GRACE_S + 2):
            world.clock.move(1_000)
            beat_all(world, lambda about, error: heard.append((about, str(error))))
        assert heard and set(heard) == {(case, "the ledger is away")}
    world.beat(case, times=2)
    assert world.view(case)["state"] == "halted", "done as soon as it can be recorded"
    assert [event.body["code"] for event in world.events(case) if event.type is EventType.HEALTH_ALARMED] == ["recorder_away"]


@pytest.mark.parametrize(("probe", "code", "level"), [("keys", "keys_away", "red"), ("disk", "store_low", "amber")])
def test_keys_and_disk_are_probed_during_the_talk_too(probe: str, code: str, level: str) -> None:
    failing: set[str] = set()

    def pass_or_fail() -> None:
        if failing:
            raise UnavailableError("it is away")

    with session_world() as world:
        world.using = replace(world.using, probes={probe: pass_or_fail})
        case = world.live()
        failing.add(probe)
        world.beat(case, times=6)
        view = world.view(case)
        assert (view["health"]["level"], [each["code"] for each in view["health"]["messages"]]) == (level, [code])
        failing.clear()
        world.beat(case, times=6)
        assert world.view(case)["health"]["level"] == "green"
        failing.add(probe)
        world.beat(case, times=GRACE_S + 8)
        assert world.view(case)["state"] == ("halted" if level == "red" else "live")
        codes = [event.body["code"] for event in world.events(case) if event.type is EventType.HEALTH_ALARMED]
        assert codes == [code, code]


def test_an_end_keeps_nobody_waiting_for_a_recorder_that_still_delivers(world: World) -> None:
    case = world.live()
    world.do_all(case)
    world.recorder.is_delivering = True
    end_session(case, using=world.using, by=AGENT)
    assert world.view(case)["state"] == "ended" and world.handed_over == []
    world.beat(case, times=2)
    assert world.recorder.patience_ms == [STOP_PATIENCE_MS, 0, 0], "a moment with the session's lock held, then only asked"
    world.recorder.is_delivering = False
    world.beat(case)
    assert world.handed_over == [case]


def two_recorders(world: World) -> str:
    """A talk of a template that demands two recorders."""
    scenes = {name: replace(scene, two_recorders=True) for name, scene in world.using.scenes.items()}
    world.using = replace(world.using, scenes=scenes)
    case = world.live()
    world.do_all(case)
    return case


def test_two_recorders_end_at_the_instant_at_which_the_talk_ended(world: World) -> None:
    case = two_recorders(world)
    world.clock.move(700)
    world.second.is_delivering = True
    end_session(case, using=world.using, by=AGENT)
    world.beat(case, times=4)
    world.second.is_delivering = False
    world.beat(case)
    at_ms = next(event.body["at_ms"] for event in world.events(case) if event.type is EventType.SESSION_ENDED)
    ended = next(event.body for event in world.events(case) if event.type is EventType.RECORDING_ENDED)
    assert ended["duration_ms"] == at_ms == world.second.status(case).recorded_until_ms


@pytest.mark.parametrize("trouble", ["is_away", "is_delivering"])
def test_nothing_says_that_a_recording_has_ended_before_the_second_recorder_has_delivered(world: World, trouble: str) -> None:
    case = two_recorders(world)
    setattr(world.second, trouble, True)
    end_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    world = world.restarted()
    reopen(world)
    world.beat(case, times=3)
    assert EventType.RECORDING_ENDED not in world.kinds(case) and world.handed_over == []
    setattr(world.second, trouble, False)
    world.beat(case)
    assert EventType.RECORDING_ENDED in world.kinds(case) and world.handed_over == [case]


def test_a_media_process_that_starts_anew_is_told_to_forward_again(world: World) -> None:
    case = world.live()
    world.rooms.rooms[case].is_forwarding = False
    world.beat(case)
    assert world.rooms.rooms[case].is_forwarding


def test_a_media_process_that_lost_the_room_gets_it_back(world: World) -> None:
    case = world.live()
    del world.rooms.rooms[case]
    world.beat(case)
    assert world.rooms.rooms[case].is_forwarding
    assert {each["state"] for each in world.view(case)["seats"]} == {"waiting"}


def test_two_recorders_begin_at_one_zero_and_one_that_fails_halts() -> None:
    scene = replace(shipped_scenes()["insurance-remote"], two_recorders=True)
    with session_world(scenes={scene.id: scene}) as world:
        case = world.live()
        assert world.second.status(case).zero_us == world.recorder.status(case).zero_us
        world.second.is_away = True
        world.beat(case, times=GRACE_S + 2)
        assert world.view(case)["state"] == "halted"
        world.second.is_away = False
        world.beat(case)
        assert world.handed_over == [case]


def test_after_a_restart_running_sessions_are_watched_and_ended_ones_handed_over(world: World) -> None:
    running, ended = world.live("running"), world.live("ended")
    world.do_all(ended)
    world.recorder.is_away = True
    end_session(ended, using=world.using, by=AGENT)
    assert world.handed_over == []
    world.recorder.is_away = False
    again = world.restarted()
    reopen(again)
    assert world.handed_over == [ended]
    again.recorder.is_away = True
    for _ in range(GRACE_S + 2):
        again.clock.move(1_000)
        beat_all(again)
    assert again.view(running)["state"] == "halted"
    third = world.restarted()
    reopen(third)
    assert world.handed_over.count(ended) == 2, "asking for the stages after the call again is allowed, losing them is not"


def test_a_start_that_was_cut_short_learns_its_zero(world: World) -> None:
    case = world.seated()
    start_session(case, using=world.using, by=AGENT)
    with world.using.database.begin() as connection:
        connection.execute(update(live_cases).values(zero_us=None))
    again = world.restarted()
    again.beat(case, times=3)
    assert again.view(case)["state"] == "live"
    assert again.view(case)["now_ms"] == 3_000


def test_sessions_that_nobody_looks_at_are_let_go(world: World) -> None:
    case = world.create()
    world.view(case)
    world.clock.move(FORGOTTEN_MS + 1)
    beat_all(world)
    assert world.using.switchboard.sessions == ()
    assert world.view(case)["state"] == "draft"


def test_a_case_whose_stages_are_done_is_sealed(world: World) -> None:
    case = world.live()
    world.do_all(case)
    end_session(case, using=world.using, by=AGENT)
    done = {"jobs": {"stage": "done", "done": 3, "due": 3, "error": ""}, "result": {"met": 9}}
    using = replace(world.using, jobs=lambda cases: dict.fromkeys(cases, done))
    watch_session(case, using=using)
    assert read_case(case, using=using, by=AGENT).state == "sealed"
    view = view_session(case, using=using, by=AGENT)
    assert (view["state"], view["result"]) == ("sealed", {"met": 9})


@pytest.mark.parametrize("ahead_ms", [-3_600_000, 7_200_000])
def test_the_time_of_a_session_at_an_edge_is_that_of_its_recorder(world: World, ahead_ms: int) -> None:
    world.using = replace(world.using, is_edge=True)
    world.recorder.clock_ahead_ms = ahead_ms
    case = world.live()
    world.beat(case)
    assert abs(world.view(case)["now_ms"] - world.recorder.status(case).now_ms) <= 1
    world.recorder.is_away = True
    world.beat(case, times=3)
    view = world.view(case)
    assert view["health"]["level"] == "red" and view["state"] == "live"
    started = world.kinds(case).count(EventType.STEP_STARTED)
    with pytest.raises(ConflictError, match="unhealthy"):
        start_step(case, view["current_step"], using=world.using, by=AGENT)
    assert world.kinds(case).count(EventType.STEP_STARTED) == started
    world.recorder.is_away = False
    world.beat(case, times=2)
    start_step(case, view["current_step"], using=world.using, by=AGENT)
    begun = [event.body["at_ms"] for event in world.events(case) if event.type is EventType.STEP_STARTED][-1]
    assert abs(begun - world.recorder.status(case).now_ms) <= 1


def test_people_who_wait_are_not_forgotten_by_a_process_that_has_just_begun(world: World) -> None:
    case = world.seated()
    world.rooms.rooms[case].feeds.clear()  # their connections are just coming back
    again = world.restarted()
    reopen(again)
    assert [each.row.case for each in again.using.switchboard.sessions] == [case] and case in world.rooms.rooms
    again.clock.move(FORGOTTEN_MS + 1)
    watch_session(case, using=again.using)
    assert case not in world.rooms.rooms


@contextmanager
def held(lock: threading.RLock) -> Iterator[None]:
    """Somebody else has the lock: a request that waits for something."""
    has_it, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            has_it.set()
            may_go.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_it.wait(60)
    try:
        yield
    finally:
        may_go.set()
        holder.join()


def test_a_cut_of_everything_waits_for_nobody_and_nothing_is_forwarded_after_it(world: World) -> None:
    busy, other = world.live("busy"), world.live("other")
    live = next(each for each in world.using.switchboard.sessions if each.row.case == busy)
    with held(live.lock):
        cut_sessions(using=world.using)
        assert not any(room.is_forwarding for room in world.rooms.rooms.values())
    beat_all(world)
    assert {world.view(case)["state"] for case in (busy, other)} == {"live"}
    assert not any(room.is_forwarding for room in world.rooms.rooms.values()), "a healthy beat does not turn it on again"


def test_a_cut_that_comes_while_forwarding_is_turned_on_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.live()
    turn = world.rooms.set_forwarding

    def cut_meanwhile(room: str, is_on: bool) -> None:
        turn(room, is_on)
        if is_on:
            world.using.switchboard.cut()

    world.rooms.rooms[case].is_forwarding = False
    monkeypatch.setattr(world.rooms, "set_forwarding", cut_meanwhile)
    world.beat(case)
    assert not world.rooms.rooms[case].is_forwarding


@pytest.mark.parametrize("error", [KeyError("a defect"), OSError("a socket")])
def test_a_defect_in_one_session_cuts_it_and_keeps_no_other_from_being_watched(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = world.live("broken"), world.live("other")
    look = world.recorder.status

    def status(case: str) -> RecordingStatus:
        if case == broken:
            raise error
        return look(case)

    monkeypatch.setattr(world.recorder, "status", status)
    world.recorder.lost.add("customer-picture")
    world.clock.move(1_000)
    heard: list[tuple[str, BaseException]] = []
    beat_all(world, lambda case, each: heard.append((case, each)))
    assert heard == [(broken, error)]
    assert "track_lost" in {each["code"] for each in world.view(other)["health"]["messages"]}, "it was looked at"
    assert world.view(broken)["health"]["level"] == "red" and not world.rooms.rooms[broken].is_forwarding
    monkeypatch.undo()
    world.recorder.lost.clear()
    world.clock.move(1_000)
    beat_all(world)
    assert world.view(broken)["health"]["level"] == "green" and world.rooms.rooms[broken].is_forwarding


def test_a_recorder_that_hangs_keeps_no_other_session_waiting(tmp_path: Path) -> None:
    scene = replace(shipped_scenes()["insurance-remote"], id="twice", two_recorders=True)
    url, scenes = f"sqlite:///{tmp_path}/index.sqlite", {**shipped_scenes(), scene.id: scene}
    with session_world(url, scenes) as world, ThreadPoolExecutor(2) as threads:
        hanging, other = world.live("hanging", scene="twice"), world.live("other")
        may_answer, asked, look = threading.Event(), [], world.second.status
        said: set[tuple[str, str]] = set()

        def hang(case: str) -> RecordingStatus:
            asked.append(case)
            may_answer.wait(60)
            return look(case)

        world.second.status = hang  # type: ignore[method-assign]
        world.recorder.lost.add("customer-picture")
        try:
            for _ in range(3):
                world.clock.move(1_000)
                watch_sessions(
                    using=world.using, complain=lambda case, e: said.add((case, str(e))), threads=threads, patience_s=1.5
                )
                eventually(
                    lambda: world.view(other)["health"]["looked_ms"] == world.view(other)["now_ms"], "the other is looked at"
                )
            assert asked == [hanging], "a look that is under way is not begun anew"
            assert any(case == hanging and "is not over" in why for case, why in said), "operators are told"
        finally:
            may_answer.set()


def test_a_probe_that_cannot_even_look_has_failed_and_one_never_asked_is_asked_at_once() -> None:
    asked: list[str] = []

    def keys() -> None:
        asked.append("keys")
        raise PermissionError("the key file")

    with session_world() as world:
        case = world.live()
        again = world.restarted()
        again.using = replace(again.using, probes={"keys": keys})
        live = opened_now(again, case)
        live.probed_ms = again.clock.ms
        again.beat(case)
        assert asked == ["keys"]
        assert [each["code"] for each in again.view(case)["health"]["messages"]] == ["keys_away"]


def opened_now(world: World, case: str) -> LiveSession:
    world.view(case)
    return next(each for each in world.using.switchboard.sessions if each.row.case == case)
