"""Who of the staff is in a recorded call now: such a person is busy with a customer, though they touch no page.

Read from what this process holds of its sessions; nothing is opened for the question, nothing changed.
"""

from __future__ import annotations

from jianlu.capture.sessions.supervising import supervisor_of
from jianlu.capture.sessions.switchboard import Switchboard

AGENT = "agent"


def is_in_call(switchboard: Switchboard, case: str, account: str) -> bool:
    """Whether that account holds the agent's or the supervisor's seat of the case's call, which is recorded and not over."""
    live = switchboard.found(case)
    if live is None or not live.talk.is_recording or live.talk.end_reason:
        return False
    if live.row.agent == account and AGENT in live.talk.seats:
        return True
    with live.lock:
        beside = supervisor_of(live)
    return beside is not None and beside.account == account
