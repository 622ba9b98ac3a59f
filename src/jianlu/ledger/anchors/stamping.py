"""Stamping: time-stamp tokens over published checkpoints, each authority at its own pace, nobody waiting (`specs/time.md`).

`Stamper.beat` is called once a second by whoever runs it, and does what is due. What a court may ask for (a token, a gap without one,
a clock that was moved) goes to the `outbox`, which records it in the ledger; what an operator must see goes to `complain`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.note import VerifierKey
from jianlu.core.formats.stamp import Stamp, check_stamp
from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.ledger.anchors.folder import Anchor, anchor_newest, newest_first, put_chain, put_stamp
from jianlu.ledger.anchors.outbox import Complain, Outbox
from jianlu.ledger.ports import TimeAuthority
from jianlu.runtime.clock import Clock

RETRY_FIRST_MS, RETRY_MAX_MS = 5_000, 600_000
STEP_MS = 500
"""The wall clock moved by so much against the monotonic one within a beat: somebody or something set it."""


@dataclass(slots=True)
class _Pace:
    """One authority: when it is due, and what is amiss with it."""

    authority: TimeAuthority
    interval_ms: int
    due_ms: int
    last_at: str = ""
    failures: int = 0
    is_far: bool = False


@dataclass(slots=True)
class Stamper:
    """Stamps the ledger in `directory`, whose checkpoints are signed by `key`. One thread at a time.

    A token is kept only when it is of our checkpoint and its signature leads to a root of its authority's chain. `skew_ms_max` is how far
    a token's time may lie from our clock before the difference is declared.
    """

    directory: Path
    key: VerifierKey
    clock: Clock
    outbox: Outbox
    complain: Complain
    skew_ms_max: int
    _paces: list[_Pace] = field(default_factory=list)
    _seen: tuple[datetime, int] | None = None

    def add(self, authority: TimeAuthority, interval_ms: int) -> None:
        """Stamp by `authority` each `interval_ms`, going on from its newest token; raises InvalidError for a chain that cannot be read."""
        parse_certificates(authority.chain)
        put_chain(self.directory, authority.name, authority.chain)
        last = newest_stamp(self.directory, authority)
        now, now_ms = self.clock.now(), self.clock.monotonic_ms()
        passed_ms = (now - last.gen_at) // timedelta(milliseconds=1) if last else interval_ms
        wait_ms = interval_ms - max(passed_ms, 0) if -self.skew_ms_max <= passed_ms < interval_ms else 0
        self._paces.append(_Pace(authority, interval_ms, now_ms + wait_ms, instant_text(last.gen_at) if last else ""))

    def beat(self) -> int:
        """Look at the clock and stamp where it is due; returns how many tokens were kept."""
        self._look_at_clock()
        kept = 0
        for pace in self._paces:
            if self.clock.monotonic_ms() >= pace.due_ms:
                kept += self._stamp(pace)
        return kept

    def hurry(self) -> None:
        """All authorities are due at the next beat: the clock was moved, or somebody waits for a token."""
        now_ms = self.clock.monotonic_ms()
        for pace in self._paces:
            pace.due_ms = min(pace.due_ms, now_ms)

    def _stamp(self, pace: _Pace) -> bool:
        before = self.clock.now()
        try:
            anchor = anchor_newest(self.directory, self.key)
            token = pace.authority.stamp(anchor.note)
            stamp = check_stamp(token, anchor.note, parse_certificates(pace.authority.chain))
            put_stamp(self.directory, anchor.size, pace.authority.name, token)
        except JianluError as error:
            self._missed(pace, error)
            return False
        middle = before + (self.clock.now() - before) / 2
        self._made(pace, anchor, token, stamp, (stamp.gen_at - middle) // timedelta(milliseconds=1))
        return True

    def _made(self, pace: _Pace, anchor: Anchor, token: bytes, stamp: Stamp, skew_ms: int) -> None:
        at = instant_text(stamp.gen_at)
        body = {"authority": pace.authority.name, "size": anchor.size, "token": digest_of(token), "at": at, "skew_ms": skew_ms}
        self.outbox.note(EventType.CHECKPOINT_STAMPED, body)
        is_far = abs(skew_ms) > self.skew_ms_max
        if is_far and not pace.is_far:
            self.outbox.note(EventType.TIME_STEPPED, {"against": pace.authority.name, "step_ms": -skew_ms})
            self.complain(pace.authority.name, IntegrityError("our clock and the time authority's are far apart: look at both"))
        pace.is_far, pace.failures, pace.last_at = is_far, 0, at
        pace.due_ms = self.clock.monotonic_ms() + pace.interval_ms

    def _missed(self, pace: _Pace, error: JianluError) -> None:
        """The first failure declares that a gap begins; the next token ends it. Tried again ever more slowly."""
        if pace.failures == 0:
            reason = error.code or _REASONS.get(type(error), "failed")
            self.outbox.note(
                EventType.TIME_GAP_DECLARED, {"authority": pace.authority.name, "since": pace.last_at, "reason": reason}
            )
        self.complain(pace.authority.name, error)
        wait_ms = min(RETRY_FIRST_MS << min(pace.failures, 16), RETRY_MAX_MS, pace.interval_ms)
        pace.failures += 1
        pace.due_ms = self.clock.monotonic_ms() + wait_ms

    def _look_at_clock(self) -> None:
        now, now_ms = self.clock.now(), self.clock.monotonic_ms()
        if self._seen is not None:
            moved_ms = (now - self._seen[0]) // timedelta(milliseconds=1) - (now_ms - self._seen[1])
            if abs(moved_ms) >= STEP_MS:
                self.outbox.note(EventType.TIME_STEPPED, {"against": "monotonic", "step_ms": moved_ms})
                self.complain("clock", IntegrityError("the machine's clock was moved: find out by whom"))
                self.hurry()
        self._seen = (now, now_ms)


_REASONS: dict[type[JianluError], str] = {UnavailableError: "away", IntegrityError: "untrusted", InvalidError: "malformed"}


def newest_stamp(directory: Path, authority: TimeAuthority) -> Stamp | None:
    """The newest token of `authority` among the anchors that holds when it is checked in full; damaged ones are passed over."""
    trusted = parse_certificates(authority.chain)
    for anchor in newest_first(directory):
        token = anchor.stamps.get(authority.name)
        if token is None:
            continue
        try:
            return check_stamp(token, anchor.note, trusted)
        except (IntegrityError, InvalidError):
            continue
    return None
