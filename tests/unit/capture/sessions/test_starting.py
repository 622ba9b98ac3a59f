"""The gate: a session starts when everybody is there, everything works and what is needed was agreed to, and says what is lacking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from jianlu.capture.sessions.joining import take_seat
from jianlu.capture.sessions.preparing import record_preflight, start_session
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, UnavailableError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, DEVICES, SUPERVISOR, World, participant, session_world, shipped_scenes


def gates(world: World, case: str) -> set[tuple[str, str]]:
    return {(gate["code"], gate["about"]) for gate in world.view(case)["gates"]}


def test_an_empty_session_says_everything_that_it_waits_for(world: World) -> None:
    case = world.create()
    assert gates(world, case) == {("seat_empty", "agent"), ("seat_empty", "customer"), ("consent_missing", "recording/customer")}
    take_seat(case, using=world.using, by=AGENT)
    assert ("device_untested", "agent") in gates(world, case)
    record_preflight(case, {**DEVICES, "camera": "failed"}, using=world.using, by=AGENT)
    assert ("device_failed", "agent") in gates(world, case)
    record_preflight(case, DEVICES, using=world.using, by=AGENT)
    assert gates(world, case) == {("seat_empty", "customer"), ("consent_missing", "recording/customer")}
    assert "start" not in world.view(case)["allowed"]
    with pytest.raises(ConflictError, match="seat_empty customer"):
        start_session(case, using=world.using, by=AGENT)


def test_when_nothing_is_lacking_the_session_is_ready(world: World) -> None:
    case = world.seated()
    world.beat(case)
    view = world.view(case)
    assert (view["state"], view["gates"]) == ("ready", [])
    assert "start" in view["allowed"]
    assert [seat["state"] for seat in view["seats"]] == ["present", "present"]


def test_device_tests_are_recorded_by_seat_and_repeated_only_when_they_differ(world: World) -> None:
    case = world.seated()
    record_preflight(case, DEVICES, using=world.using, by=AGENT)
    record_preflight(case, {**DEVICES, "speaker": "skipped"}, using=world.using, by=participant(case))
    found = [event.body for event in world.events(case) if event.type is EventType.PREFLIGHT_RECORDED]
    assert [body["seat"] for body in found] == ["agent", "customer", "customer"]
    assert found[-1]["checks"][2] == ["speaker", "skipped"]
    wrong: list[Mapping[str, str]] = [{}, {"camera": "splendid"}, {"Camera!": "ok"}, {f"check{n}": "ok" for n in range(13)}]
    for checks in wrong:
        with pytest.raises(InvalidError):
            record_preflight(case, checks, using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        record_preflight(case, DEVICES, using=world.using, by=SUPERVISOR)


def test_a_key_keeper_that_is_away_keeps_the_session_from_starting(world: World) -> None:
    case = world.seated()

    def away() -> None:
        raise UnavailableError("the key service is away")

    using = replace(world.using, probes={"keys": away, "ledger": lambda: None})
    with pytest.raises(ConflictError, match="probe_failed keys"):
        start_session(case, using=using, by=AGENT)
    assert world.view(case)["state"] == "ready"
    start_session(case, using=replace(using, probes={}), by=AGENT)
    assert EventType.RECORDING_STARTED in world.kinds(case)


def test_a_track_without_media_and_a_full_disk_are_named_and_recorded_once(world: World) -> None:
    case = world.seated()
    world.recorder.lost.add("customer-picture")
    world.recorder.failing["disk"] = "failed"
    for _ in range(3):
        with pytest.raises(ConflictError, match="recorder_failed disk; no_media customer-picture"):
            start_session(case, using=world.using, by=AGENT)
    found = [event.body for event in world.events(case) if event.type is EventType.PREFLIGHT_RECORDED]
    assert [body["seat"] for body in found] == ["agent", "customer", "recorder"]
    assert dict(found[-1]["checks"]) == {"tap": "ok", "desk": "ok", "disk": "failed", "clock": "ok", "media": "failed"}
    assert gates(world, case) == {("no_media", "customer-picture"), ("recorder_failed", "disk")}
    world.recorder.lost.clear()
    world.recorder.failing.clear()
    world.beat(case)
    assert gates(world, case) == set()
    start_session(case, using=world.using, by=AGENT)


def test_starting_twice_starts_once(world: World) -> None:
    case = world.seated()
    for _ in range(2):
        start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    start_session(case, using=world.using, by=AGENT)
    assert world.kinds(case).count(EventType.RECORDING_STARTED) == 1


def test_only_the_agent_starts_a_session(world: World) -> None:
    case = world.seated()
    for by in (participant(case), SUPERVISOR):
        with pytest.raises(DeniedError):
            start_session(case, using=world.using, by=by)
    assert world.view(case)["recording"]["state"] == "idle"


def test_a_recorder_that_is_away_is_said_and_nothing_starts(world: World) -> None:
    case = world.seated()
    world.recorder.is_away = True
    with pytest.raises(UnavailableError):
        start_session(case, using=world.using, by=AGENT)
    assert world.view(case)["state"] == "ready"


def test_a_template_that_wants_two_recorders_does_not_start_with_one() -> None:
    scene = replace(shipped_scenes()["insurance-remote"], two_recorders=True)
    with session_world(scenes={scene.id: scene}) as world:
        case = world.seated()
        using = replace(world.using, recorders={"a": world.recorder})
        with pytest.raises(UnavailableError, match="needs the recorder b"):
            start_session(case, using=using, by=AGENT)
        assert world.view(case)["state"] == "ready"


def test_what_is_recorded_are_the_plans_tracks_and_the_shares(world: World) -> None:
    case = world.live()
    started = next(event.body for event in world.events(case) if event.type is EventType.RECORDING_STARTED)
    assert [track for track, _, _ in started["tracks"]] == [
        "agent-picture",
        "customer-picture",
        "agent",
        "customer",
        "agent-screen",
    ]
