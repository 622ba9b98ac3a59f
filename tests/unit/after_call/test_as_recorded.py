"""Which stream of the recording is whose: by name, never by counting."""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.terms.events import EventType
from jianlu.entry.after_call import as_recorded
from jianlu.govern.policy import tracks_for
from jianlu.vault.case_log import open_case_log
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.unit.inspectors.test_inspect_case import plan_of

CALL = tracks_for(["agent", "customer"])


def streams(recorded: Sequence[str]) -> dict[str, int]:
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        tracks = [[name, "video" if name.endswith(("-picture", "-screen")) else "audio", "h264"] for name in recorded]
        log.append(EventType.RECORDING_STARTED, {"tracks": tracks})
        return {track.id: track.stream for track in as_recorded(plan_of(CALL), log).tracks}


def test_tracks_are_found_by_their_names() -> None:
    assert streams(["agent-picture", "customer-picture", "agent", "customer"]) == {
        "agent-picture": 0,
        "customer-picture": 1,
        "agent": 0,
        "customer": 1,
    }


def test_a_camera_that_never_came_is_not_taken_for_anothers() -> None:
    found = streams(["customer-picture", "agent", "customer", "agent-screen"])
    assert (found["agent-picture"], found["customer-picture"]) == (-1, 0)
