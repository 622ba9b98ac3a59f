"""The gate check by check: what was found of cameras, microphones, bandwidth, recorders, disk, keys and ledger before a session starts.

Each check is met, not met, or not evidenced: nobody has looked yet, or could. What a browser says of its own camera or microphone counts
against it and never for it: it is met when every recorder that the session needs has media of it. Pure; who looks is `preparing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jianlu.capture.sessions.lifecycle import Gate
from jianlu.capture.sessions.recorders import RecordedTrack, RecorderChecks
from jianlu.capture.sessions.rooms import FeedStatus

CheckState = Literal["met", "not_met", "not_evidenced"]

ENOUGH_KBPS, LOSS_PERMILLE_MAX = 300, 100
"""What arrives of a camera and a microphone at the least when a line carries them; more loss than this is no line for evidence."""

LINE_CHECKS = ("network", "bandwidth")
"""Names under which a device test tells of the line."""

DISK = "disk"
NO_MEDIA, RECORDER_FAILED, RECORDER_AWAY, PROBE_FAILED = "no_media", "recorder_failed", "recorder_away", "probe_failed"
_MAY_COME = frozenset({(RECORDER_FAILED, "tap"), (RECORDER_FAILED, "key")})


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look around found: by recorder (None: it does not answer), and by probe whether it passed."""

    recorders: Mapping[str, RecorderChecks | None] = field(default_factory=dict)
    probes: Mapping[str, bool] = field(default_factory=dict)

    def has_media(self, track: str) -> bool:
        """Whether every recorder could record the track from now on."""
        seen = list(self.recorders.values())
        return bool(seen) and all(each is not None and track in each.tracks and each.tracks[track].is_ready for each in seen)


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One check: `about` is a seat, a recorder's name, or empty."""

    check: str
    about: str
    state: CheckState


@dataclass(frozen=True, slots=True)
class SeatSeen:
    """A seat before the start: who sits there has tested devices (None: not yet), and a feed in the room (None: not yet)."""

    seat: str
    devices: Mapping[str, str] | None
    feed: FeedStatus | None


def system_gates(sight: Sight, tracks: Iterable[RecordedTrack], seats: Iterable[str]) -> tuple[Gate, ...]:
    """What keeps the session from starting beyond its people: probes, recorders, and media of `seats`, whose devices were tested."""
    tested = set(seats)
    found = [Gate(PROBE_FAILED, name) for name, is_ok in sight.probes.items() if not is_ok]
    for number, (name, seen) in enumerate(sight.recorders.items()):
        if seen is None:
            found.append(Gate(RECORDER_AWAY, name))
            continue
        mark = f"{name}/" if number else ""
        found += [Gate(RECORDER_FAILED, f"{mark}{check}") for check, result in seen.checks if result != "ok"]
    promised = sorted(track.track for track in tracks if not track.is_share and track.feed in tested)
    return (*found, *(Gate(NO_MEDIA, track) for track in promised if not sight.has_media(track)))


def may_come(gate: Gate) -> bool:
    """Whether waiting a little can help: first packets are on their way, a recorder has just begun to look, or is being started."""
    return gate.code in (NO_MEDIA, RECORDER_AWAY) or (gate.code, gate.about.rpartition("/")[2]) in _MAY_COME


def checks_of(
    sight: Sight, tracks: Sequence[RecordedTrack], seats: Iterable[SeatSeen], probes: Iterable[str]
) -> tuple[GateCheck, ...]:
    """Every check of the gate, in the order in which people can do something about it."""
    found: list[GateCheck] = []
    for seat in seats:
        found += [
            GateCheck("camera", seat.seat, _device(sight, tracks, seat, "camera", "video")),
            GateCheck("microphone", seat.seat, _device(sight, tracks, seat, "microphone", "audio")),
            GateCheck("bandwidth", seat.seat, _bandwidth(seat)),
        ]
    found += [GateCheck("recorder", name, _recorder(seen)) for name, seen in sight.recorders.items()]
    names = list(dict.fromkeys((DISK, *probes)))
    return (*found, *(GateCheck(name, "", _probe(sight, name)) for name in names))


def recorded_checks(sight: Sight, *, has_media: bool) -> list[tuple[str, str]]:
    """The checks as the preflight event of the recorders has them; those of a second recorder begin with its name."""
    found = {name: "ok" if is_ok else "failed" for name, is_ok in sight.probes.items()}
    for number, (name, seen) in enumerate(sight.recorders.items()):
        mark = f"{name}_" if number else ""
        rows = (("recorder", "failed"),) if seen is None else seen.checks
        for check, result in rows:
            found[mark + check] = "failed" if found.get(mark + check) == "failed" else result
    return [*found.items(), ("media", "ok" if has_media else "failed")]


def _device(sight: Sight, tracks: Iterable[RecordedTrack], seat: SeatSeen, check: str, kind: str) -> CheckState:
    """By every track of the seat of that kind; a device test that failed is believed, one that passed proves nothing."""
    if seat.devices is not None and seat.devices.get(check) == "failed":
        return "not_met"
    own = [track.track for track in tracks if track.feed == seat.seat and track.kind == kind]
    if not own:
        return "not_evidenced"
    if all(sight.has_media(track) for track in own):
        return "met"
    return "not_met" if seat.devices is not None and sight.recorders else "not_evidenced"


def carries(feed: FeedStatus | None) -> bool:
    """Whether what arrives of a feed shows that its line is good enough."""
    return (
        feed is not None and feed.state == "connected" and feed.kbps_in >= ENOUGH_KBPS and feed.loss_permille <= LOSS_PERMILLE_MAX
    )


def _bandwidth(seat: SeatSeen) -> CheckState:
    """What arrives is believed before a browser's one guess at its line, which on a busy machine times the machine."""
    if carries(seat.feed):
        return "met"
    devices = seat.devices or {}
    tested = next((devices[name] for name in LINE_CHECKS if name in devices), "skipped")
    if tested == "failed" or (seat.feed is not None and seat.feed.loss_permille > LOSS_PERMILLE_MAX):
        return "not_met"
    return "met" if tested == "ok" else "not_evidenced"


def _recorder(seen: RecorderChecks | None) -> CheckState:
    if seen is None:
        return "not_met"
    return "met" if all(result == "ok" for name, result in seen.checks if name != DISK) else "not_met"


def _probe(sight: Sight, name: str) -> CheckState:
    said = [sight.probes[name]] if name in sight.probes else []
    if name == DISK:
        said += [
            result == "ok"
            for seen in sight.recorders.values()
            if seen is not None
            for check, result in seen.checks
            if check == DISK
        ]
    return "not_evidenced" if not said else "met" if all(said) else "not_met"
