"""The time that governs expiry: what destroys evidence must not believe a clock that somebody set ahead (`specs/time.md`, section 5).

An authority's token proves that its time had come; the machine's clock proves nothing. Of all the times that there are, the earliest
counts: waiting longer than needed loses nothing, destroying too early loses evidence for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.ledger.anchors.stamping import newest_stamp
from jianlu.ledger.ports import TimeAuthority
from jianlu.runtime.clock import Clock

MACHINE, LEDGER = "machine", "ledger"


@dataclass(frozen=True, slots=True)
class ExpiryReading:
    """`now` is the earliest of `times` (name to instant: each authority's newest token, `ledger`, `machine`), and `by` whose it is.

    `is_evidenced` is false where no authority is configured: then the reading is only as good as the machine's clock, and whoever shows
    it says "not evidenced".
    """

    now: datetime
    by: str
    times: dict[str, datetime]
    is_evidenced: bool


def expiry_now(directory: Path, authorities: Sequence[TimeAuthority], clock: Clock, ledger_at: datetime) -> ExpiryReading:
    """The instant up to which terms may count as over: call it right before anything is destroyed because its time has come.

    `ledger_at` is the time of the newest event in the ledger (its `at`). Guaranteed: never later than the newest token of *each* of
    `authorities`, checked in full, of a checkpoint of the ledger in `directory`; so neither the machine's clock set ahead, nor a forged
    token file, nor a single lying authority of two frees anything early. It lags behind true time by at most an interval of stamping.
    UnavailableError when an authority has no token that holds: then nothing may be destroyed because of its age.
    """
    times = {MACHINE: clock.now(), LEDGER: ledger_at}
    for authority in authorities:
        stamp = newest_stamp(directory, authority)
        if stamp is None:
            raise UnavailableError(
                f"no time stamp by {authority.name} holds, so no term counts as over: see the ledger's page, or [[time.authorities]]"
            )
        times[authority.name] = stamp.gen_at
    by = min(times, key=lambda name: times[name])
    return ExpiryReading(times[by], by, times, is_evidenced=bool(authorities))
