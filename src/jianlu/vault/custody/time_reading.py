"""What time it is, for those who destroy: the clock alone frees nothing, the ledger's own time has to agree (`specs/custody.md`).

A clock that jumped forward is seen three ways: by a clock in the process that cannot be set, by the newest entry of the ledger, and by a
leap in the times of its entries, after which the ledger must have gone on for a while. A clock that is moved a little each day for
years is not seen in this house: where authorities stamp the ledger (`ledger/anchors/trusted_time.py`), the earliest of their times
counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.ledger.anchors.trusted_time import LEDGER, MACHINE, ExpiryReading
from jianlu.runtime.clock import Clock

Expiry = Callable[[datetime], ExpiryReading]
"""`ledger.trusted_time.expiry_now` over this home, given the instant of the newest entry."""

APART_MAX = timedelta(hours=48)
"""How much older than the clock the newest entry may be: a service that is used writes each hour."""

AHEAD_MAX = timedelta(minutes=5)
"""How much newer than the clock the newest entry may be: two machines of one house."""

LEAP_MAX = timedelta(days=10)
"""The longest time without an entry that is no leap: the longest holiday and a weekend."""

SETTLED_AFTER = timedelta(days=30)
"""How long the ledger goes on after a leap until its time counts again."""

MOVED_MAX_MS = 120_000
"""How far the wall clock may part from the one that cannot be set: a hundred times what time servers correct at once."""


@dataclass(frozen=True, slots=True)
class LedgerTime:
    """The ledger's own time: the newest entry's position and instant, and the instant after its last leap (empty: none)."""

    position: int
    at: str
    leapt_at: str


@dataclass(frozen=True, slots=True)
class TimeReading:
    """What the clock and the ledger say; `why` is empty when they agree, else `moved`, `behind`, `ahead`, `leapt`, `empty` or `unstamped`.

    `counts` is the instant up to which terms count as over: the clock's, or an earlier one by an authority; `by` says whose it is.
    """

    clock: str
    ledger: LedgerTime
    why: str
    counts: datetime
    by: str

    @property
    def is_trusted(self) -> bool:
        """Whether something may be destroyed by this time."""
        return not self.why


class LeapFinder:
    """Takes the instants of entries in ledger order and finds the last leap among them; one that was taken back does not count."""

    def __init__(self) -> None:
        self.newest = ""
        self.leapt_at = ""
        self._day = ""
        self._before = ""

    def take(self, at: str) -> None:
        """The next entry's instant, in the form of an event's `at`."""
        day = at[:10]
        if day != self._day:
            if self._day and _days(self._day, day) > LEAP_MAX:
                self.leapt_at, self._before = at, self._before if self.leapt_at else self._day
            elif self.leapt_at and _days(self._before, day) <= LEAP_MAX:
                self.leapt_at = ""
            self._day = day
        self.newest = at


class ClockWatch:
    """Whether the wall clock was moved since this was made, by a clock that cannot be set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began, self._began_ms = clock.now(), clock.monotonic_ms()

    @property
    def is_moved(self) -> bool:
        """Whether the two clocks parted by more than `MOVED_MAX_MS`."""
        went = (self._clock.now() - self._began) / timedelta(milliseconds=1)
        return abs(went - (self._clock.monotonic_ms() - self._began_ms)) > MOVED_MAX_MS


def unproved_time(clock: Clock) -> Expiry:
    """Expiry where no authority is configured: the earlier of clock and ledger, which is as good as this house's clock."""

    def expiry(ledger_at: datetime) -> ExpiryReading:
        times = {MACHINE: clock.now(), LEDGER: ledger_at}
        by = min(times, key=lambda name: times[name])
        return ExpiryReading(times[by], by, times, is_evidenced=False)

    return expiry


def read_time(now: datetime, ledger: LedgerTime, *, is_moved: bool, expiry: Expiry) -> TimeReading:
    """The reading at `now`; never raises, what does not agree is in `why`."""
    why = _why(now.astimezone(UTC), ledger, is_moved)
    try:
        found = expiry(parse_instant(ledger.at) if ledger.at else now)
    except UnavailableError:
        return TimeReading(instant_text(now), ledger, why or "unstamped", now, MACHINE)
    return TimeReading(instant_text(now), ledger, why, found.now, found.by)


def _why(now: datetime, ledger: LedgerTime, is_moved: bool) -> str:
    if is_moved:
        return "moved"
    if not ledger.at:
        return "empty"
    newest = parse_instant(ledger.at)
    if newest - now > AHEAD_MAX:
        return "ahead"
    if now - newest > APART_MAX:
        return "behind"
    if ledger.leapt_at and newest - parse_instant(ledger.leapt_at) < SETTLED_AFTER:
        return "leapt"
    return ""


def _days(earlier: str, later: str) -> timedelta:
    return date.fromisoformat(later) - date.fromisoformat(earlier)
