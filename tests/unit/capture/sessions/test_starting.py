"""The gate: a session starts when everybody is there, everything works and what is needed was agreed to, and says what is lacking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from jianlu.capture.sessions.joining import take_seat
from jianlu.capture.sessions.media import publish
from jianlu.capture.sessions.preparing import PATIENCE_MS, record_preflight, start_session
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


def checks(world: World, case: str) -> dict[tuple[str, str], str]:
    return {(each["check"], each["about"]): each["state"] for each in world.view(case)["gate_checks"]}


def test_every_check_of_the_gate_is_told_apart_with_what_to_do_next(world: World) -> None:
    passing = dict.fromkeys(("disk", "keys", "ledger"), lambda: None)
    world.using = replace(world.using, probes=passing)
    world.recorder.lost |= {"customer", "customer-picture"}
    case = world.create()
    assert set(checks(world, case).values()) == {"not_evidenced"}, "nobody sits there, nobody has looked"
    take_seat(case, using=world.using, by=AGENT)
    world.beat(case)
    found = checks(world, case)
    assert found[("recorder", "a")] == "met", "it looks as soon as somebody sits down"
    assert {found[(name, "")] for name in passing} == {"met"}
    assert {found[(name, "customer")] for name in ("camera", "microphone", "bandwidth")} == {"not_evidenced"}
    world.recorder.lost |= {"agent"}
    record_preflight(case, {**DEVICES, "network": "skipped"}, using=world.using, by=AGENT)
    world.beat(case)
    found = checks(world, case)
    assert (found[("camera", "agent")], found[("microphone", "agent")]) == ("met", "not_met"), "a browser's ok proves nothing"
    assert found[("bandwidth", "agent")] == "not_evidenced"
    publish(case, "agent", "v=0 offer", using=world.using, by=AGENT)
    world.beat(case)
    assert checks(world, case)[("bandwidth", "agent")] == "met", "900 kbit/s arrive"
    for each in world.view(case)["gate_checks"]:
        assert each["text"]["zh"] and each["text"]["en"]
        assert bool(each["next"]["zh"]) == bool(each["next"]["en"]) == (each["state"] != "met")


@pytest.mark.parametrize("name", ["disk", "keys", "ledger"])
def test_a_probe_that_fails_is_its_own_check_and_gate(world: World, name: str) -> None:
    def away() -> None:
        raise UnavailableError("away")

    world.using = replace(world.using, probes={"disk": lambda: None, "keys": lambda: None, "ledger": lambda: None, name: away})
    case = world.seated()
    world.beat(case)
    assert [about for (_, about), state in checks(world, case).items() if state != "met"] == [""]
    assert checks(world, case)[(name, "")] == "not_met"
    assert gates(world, case) == {("probe_failed", name)}


def test_a_start_waits_for_first_packets_and_no_longer(world: World) -> None:
    case = world.seated()
    world.recorder.lost.add("customer-picture")
    looks = iter(range(100))

    def wait(seconds: float) -> None:
        world.clock.move(int(seconds * 1000))
        if next(looks) == 3:
            world.recorder.lost.clear()

    start_session(case, using=replace(world.using, wait=wait), by=AGENT)
    assert EventType.RECORDING_STARTED in world.kinds(case)
    other = world.seated("sale-2")
    world.recorder.lost.add("customer")
    began = world.clock.ms
    with pytest.raises(ConflictError, match=r"no_media customer$"):
        start_session(other, using=world.using, by=AGENT)
    assert PATIENCE_MS <= world.clock.ms - began <= PATIENCE_MS + 1_000
    world.recorder.failing["disk"] = "failed"
    began = world.clock.ms
    with pytest.raises(ConflictError, match="recorder_failed disk"):
        start_session(other, using=world.using, by=AGENT)
    assert world.clock.ms == began, "waiting makes no room on a disk"


def test_both_recorders_are_asked_where_the_template_wants_two() -> None:
    scene = replace(shipped_scenes()["insurance-remote"], two_recorders=True)
    with session_world(scenes={scene.id: scene}) as world:
        case = world.seated()
        world.second.lost.add("customer")
        world.second.failing["disk"] = "failed"
        world.beat(case)
        found = checks(world, case)
        assert (found[("microphone", "customer")], found[("microphone", "agent")], found[("disk", "")]) == (
            "not_met",
            "met",
            "not_met",
        )
        assert gates(world, case) == {("no_media", "customer"), ("recorder_failed", "b/disk")}
        with pytest.raises(ConflictError, match="recorder_failed b/disk; no_media customer"):
            start_session(case, using=world.using, by=AGENT)
        recorded = [event.body for event in world.events(case) if event.type is EventType.PREFLIGHT_RECORDED][-1]
        assert (
            recorded["seat"] == "recorder"
            and {"b_disk": "failed", "disk": "ok", "media": "failed"}.items() <= dict(recorded["checks"]).items()
        )
        world.second.lost.clear()
        world.second.failing.clear()
        world.second.is_away = True
        with pytest.raises(UnavailableError, match="recorder_away b"):
            start_session(case, using=world.using, by=AGENT)
        world.beat(case, ms=6_000)
        assert checks(world, case)[("recorder", "b")] == "not_met"
        world.second.is_away = False
        start_session(case, using=world.using, by=AGENT)
        assert world.second.status(case).zero_us == world.recorder.status(case).zero_us


def test_a_second_recorder_that_could_not_start_is_asked_again_on_the_same_zero() -> None:
    scene = replace(shipped_scenes()["insurance-remote"], two_recorders=True)
    with session_world(scenes={scene.id: scene}) as world:
        case = world.seated()
        start_session(case, using=world.using, by=AGENT)
        world.second.die()
        start_session(case, using=world.using, by=AGENT)
        assert world.second.status(case).zero_us == world.recorder.status(case).zero_us
        assert world.kinds(case).count(EventType.RECORDING_STARTED) == 1


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


def test_a_line_that_a_browser_found_too_slow_is_good_once_enough_arrives_over_it(world: World) -> None:
    case = world.create()
    take_seat(case, using=world.using, by=AGENT)
    record_preflight(case, {**DEVICES, "network": "failed"}, using=world.using, by=AGENT)
    world.beat(case)
    assert ("device_failed", "agent") in gates(world, case) and checks(world, case)[("bandwidth", "agent")] == "not_met"
    publish(case, "agent", "v=0 offer", using=world.using, by=AGENT)
    world.beat(case)
    assert ("device_failed", "agent") not in gates(world, case) and checks(world, case)[("bandwidth", "agent")] == "met"
    world.rooms.rooms[case].feeds["agent"] = "interrupted"
    world.beat(case)
    assert ("device_failed", "agent") in gates(world, case)
    world.rooms.rooms[case].feeds["agent"] = "connected"
    record_preflight(case, {**DEVICES, "network": "failed", "camera": "failed"}, using=world.using, by=AGENT)
    world.beat(case)
    assert ("device_failed", "agent") in gates(world, case), "what arrives says nothing for a camera that its browser cannot open"
