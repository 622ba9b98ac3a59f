"""The health rule: from what recorder and rooms say now to alarms, and to what the scene does about them. Pure.

A session whose recording is not healthy is visibly stopped by the scene's rule, never quietly continued. Per-track alarms are the
recorder's own; here is what only somebody beside the recorder can notice: that it is away, has stopped, or no longer gets anything sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jianlu.capture.cases.model import HealthRule
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.rooms import RoomStatus

SEALING_LAG_MS_MAX = 8_000
"""How far what is sealed may be behind: four segments of two seconds; a healthy recorder is behind by one and a half."""

RECORDER_AWAY, RECORDER_STOPPED, SEALING_STALLED = "recorder_away", "recorder_stopped", "sealing_stalled"
SECOND_AWAY, ROOM_AWAY = "second_recorder_away", "room_away"
CHECKER_AWAY = "checker_away"
"""Amber: what it would have checked is unknown, and the call goes on."""

PAUSE_UNCONFIRMED = "pause_unconfirmed"
"""Amber: people were told that nothing is recorded, and a recorder has not said so yet. What it sealed meanwhile is declared by this."""

UNWATCHED = "unwatched"
"""Nobody looked at the recording: the process that does was away. What it had seen and not yet recorded may be missing."""

KEYS_AWAY, STORE_LOW = "keys_away", "store_low"
"""The keeper of the root key is gone: what is recorded on is sealed by keys in memory, and soon nobody could open it. / Too little disk."""

PROBE_ALARMS: Mapping[str, str] = {"keys": KEYS_AWAY, "disk": STORE_LOW}
UPLINK_LOST, EDGE_AWAY = "uplink_lost", "edge_away"
EDGE_AWAY_MS_MAX = 1_800_000
"""How long an edge that records by itself may be out of reach before the scene's rule acts: a cut of ten minutes, three times over."""

RED = frozenset(
    {RECORDER_AWAY, RECORDER_STOPPED, SEALING_STALLED, SECOND_AWAY, ROOM_AWAY, EDGE_AWAY, KEYS_AWAY, "tap_lost", "disk_full"}
)
"""Alarms with which nothing may go on; a recorder's own codes (`specs/live-recording.md`) among them."""

WATCHED = frozenset(
    {*(RECORDER_AWAY, RECORDER_STOPPED, SEALING_STALLED, SECOND_AWAY, ROOM_AWAY, CHECKER_AWAY, EDGE_AWAY, PAUSE_UNCONFIRMED)}
    | set(PROBE_ALARMS.values())
)
"""Alarms that are raised and cleared here; of the others the recorder tells."""

LOOKED_MS_MAX = 5_000
"""The watch looks each second; a look that is older says nothing of now."""

WHOLE = ""
"""The track of an alarm that concerns the whole recording."""

RED_STATES = frozenset({"lost", "undecryptable"})
"""States of a track that was promised to the plan and is not recorded."""

_RUNNING = frozenset({"recording", "paused"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen at one moment: a status of None is of somebody who does not answer. `second` is there where the scene wants two.

    `is_edge`: media and recorders are across a line that may be cut, and recorders keep what they cannot deliver. `failing`: probes.
    """

    first: RecordingStatus | None
    room: RoomStatus | None
    wants_second: bool = False
    second: RecordingStatus | None = None
    is_paused: bool = False
    is_starting: bool = False
    is_checker_away: bool = False
    is_edge: bool = False
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vigil:
    """What the watch remembers between two looks: its own alarms, and since when something is red (monotonic ms)."""

    alarms: Mapping[tuple[str, str], int] = field(default_factory=dict)
    red_since_ms: int | None = None
    is_acted: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: alarms to raise and to clear (code, track), how things stand, and what the rule does now."""

    vigil: Vigil
    raised: tuple[tuple[str, str], ...]
    cleared: tuple[tuple[str, str], ...]
    level: str
    action: str


def monitor(seen: Seen, rule: HealthRule, vigil: Vigil, now_ms: int) -> Finding:
    """One look: `action` is "" (nothing), "stop", "pause" or "resume"; `level` green, amber or red. `now_ms` is monotonic.

    Red for longer than the rule's grace acts once; after a pause, green again resumes. A rule of `warn` never acts: it is red, and says so.
    While an edge is out of reach the script stands still, but the rule waits longer: the edge records, and cannot be told to stop.
    """
    present = _alarms(seen, vigil)
    level = _level(seen, present)
    is_back = (EDGE_AWAY, WHOLE) in vigil.alarms and (EDGE_AWAY, WHOLE) not in present
    is_old = vigil.red_since_ms is not None and not is_back
    red_since = (vigil.red_since_ms if is_old else now_ms) if level == "red" else None
    grace_ms = max(rule.grace_ms, EDGE_AWAY_MS_MAX) if (EDGE_AWAY, WHOLE) in present else rule.grace_ms
    action, is_acted = "", vigil.is_acted
    if red_since is not None and now_ms - red_since >= grace_ms and not is_acted and rule.on_unhealthy != "warn":
        action, is_acted = rule.on_unhealthy, True
    elif red_since is None and is_acted:
        action, is_acted = ("resume" if rule.on_unhealthy == "pause" else ""), False
    kept = {key: vigil.alarms.get(key, now_ms) for key in present}
    raised = tuple(key for key in present if key not in vigil.alarms)
    cleared = tuple(key for key in vigil.alarms if key not in present)
    return Finding(Vigil(kept, red_since, is_acted), raised, cleared, level, action)


def pause_of(status: RecordingStatus | None) -> bool | None:
    """Whether a recorder is paused; None when what it says does not tell."""
    return {"paused": True, "recording": False}.get(status.state) if status is not None else None


def _alarms(seen: Seen, vigil: Vigil) -> tuple[tuple[str, str], ...]:
    """What is wrong now. An alarm that only its end may clear is kept until then: `vigil` knows which are raised."""
    found = []
    is_cut = seen.is_edge and (seen.first is None or seen.room is None or (seen.wants_second and seen.second is None))
    if is_cut:
        found.append((EDGE_AWAY, WHOLE))
    if seen.first is None:
        found += [] if is_cut else [(RECORDER_AWAY, WHOLE)]
        found += [key for key in vigil.alarms if key == (SEALING_STALLED, WHOLE)]  # nobody says that it is over
    elif _has_stopped(seen.first, seen):
        found.append((RECORDER_STOPPED, WHOLE))
    elif _is_stalled(seen.first, seen.is_paused) and ((SEALING_STALLED, WHOLE) in vigil.alarms or not _says_stalled(seen.first)):
        found.append((SEALING_STALLED, WHOLE))
    if seen.is_paused and _is_unconfirmed(seen, (PAUSE_UNCONFIRMED, WHOLE) in vigil.alarms):
        found.append((PAUSE_UNCONFIRMED, WHOLE))
    if seen.wants_second and not (is_cut if seen.second is None else seen.second.state in _RUNNING or _is_young(seen.second)):
        found.append((SECOND_AWAY, WHOLE))
    if seen.room is None and not is_cut:
        found.append((ROOM_AWAY, WHOLE))
    if seen.is_checker_away:
        found.append((CHECKER_AWAY, WHOLE))
    found += [(PROBE_ALARMS[name], WHOLE) for name in seen.failing if name in PROBE_ALARMS]
    return tuple(found)


def _has_stopped(status: RecordingStatus, seen: Seen) -> bool:
    """One that is paused while people talk records no more than one that has stopped."""
    if status.state == "paused":
        return not seen.is_paused
    return status.state not in ("recording", "stalled") and not (seen.is_starting and _is_young(status))


def _is_stalled(status: RecordingStatus, is_paused: bool) -> bool:
    """A recorder that says it has lost its uplink keeps what it records: that is late, and not lost."""
    if any(alarm.code == UPLINK_LOST for alarm in status.alarms) and status.state != "stalled":
        return False
    lag = status.now_ms - status.recorded_until_ms
    return status.state == "stalled" or (lag > SEALING_LAG_MS_MAX and not is_paused and status.state != "paused")


def _says_stalled(status: RecordingStatus) -> bool:
    return any(alarm.code == SEALING_STALLED for alarm in status.alarms)


def _is_unconfirmed(seen: Seen, was_raised: bool) -> bool:
    """A recorder that does not tell leaves things as they were."""
    told = [pause_of(seen.first), *([pause_of(seen.second)] if seen.wants_second else [])]
    return False in told or (was_raised and None in told)


def _is_young(status: RecordingStatus) -> bool:
    """A recording that has just been asked for may still be starting."""
    return status.state == "starting" and status.now_ms <= SEALING_LAG_MS_MAX


def _level(seen: Seen, alarms: tuple[tuple[str, str], ...]) -> str:
    if seen.first is None or any(code in RED for code in (*(code for code, _ in alarms), *(a.code for a in seen.first.alarms))):
        return "red"
    tracks = [track.state for track in seen.first.tracks.values()]
    if any(state in RED_STATES for state in tracks) and not seen.is_paused:
        return "red"
    return "amber" if alarms or seen.first.alarms or any(state not in ("ok", "idle", "starting") for state in tracks) else "green"
