"""The access log: every decision of access and every change of rights, in the ledger, one chain a day for the whole tenant.

Decisions are sealed in batches (`specs/access-log.md`): a plain look waits for no disk, a sensitive one is durable before it is
answered. The same decision again within a minute is counted, not repeated. A day's chain names the end of the one before and is closed
like a case, so that neither an event nor a day can be taken out. `access_decisions` is an index of it.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access.lines import Line, enter_lines, last_entered
from jianlu.govern.access.model import Decision
from jianlu.govern.access.ports import Asked
from jianlu.govern.apikeys.keys import by_key
from jianlu.govern.identity.model import Staff
from jianlu.vault.access_days import newest_day, ref_of_day, require_whole
from jianlu.vault.case_log import CaseLog
from jianlu.vault.desk import CaseDesk
from jianlu.vault.ports import VaultPorts

FORMAT, CHANGE_FORMAT = "jianlu/decisions/v1", "jianlu/access-change/v1"
POLICY = "policy"
"""The kind of the change that names the policies in force, in full; said again at the beginning of each day."""

MERGED_MS = 60_000
"""The same decision again within this long is counted with the first: a player asks for a segment each two seconds."""

LINES_MAX, PENDING_MAX = 1_000, 10_000
"""Lines of one batch; lines that may wait for a ledger that is away until looks are refused."""

_POLICY_BYTES_MAX = 240


@dataclass(slots=True)
class _Seen:
    """A decision of the last minute: which line says so, since when, and how often it came again."""

    ticket: int
    since_ms: int
    line: Line
    again: int = 0


class AccessLog:
    """`govern.access.ports.DecisionLog` in the ledger of the process that has the desk. Safe for threads."""

    def __init__(self, vault: VaultPorts, desk: CaseDesk, tenant: TenantId, tenant_secret: bytes) -> None:
        """Nothing is written before the first decision."""
        self._vault, self._desk, self._tenant, self._secret = vault, desk, tenant, tenant_secret
        self._pending: list[Line] = []
        self._seen: dict[tuple[object, ...], _Seen] = {}
        self._accepted = self._written = 0
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._day = ""
        self._newest_day: str | None = None

    def record(self, asked: Asked, decision: Decision, *, is_sensitive: bool) -> None:
        """As the port."""
        ticket = self._accept(_line(asked, decision, instant_text(self._vault.clock.now())))
        if is_sensitive:
            self.flush(ticket)

    def change(self, kind: str, document: Mapping[str, Any]) -> None:
        """Record a change of rights (`kind`: a code such as `roles`), durable on return; who and why are sealed.

        Raises as `CaseLog.append`.
        """
        with self._writing:
            _seal_change(self._log_of_today(), kind, document)

    def recent(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """As the port; raises as `policy_in_force`."""
        with self._writing:
            newest = self._newest()
            before = self._before(newest) if newest is not None else None
            return [document for log in (before, newest) if log is not None for document in _changes(log, kind)]

    def flush(self, ticket: int | None = None) -> None:
        """Write what waits; with `ticket` only if that line is not written yet.

        UnavailableError when the ledger cannot; then it waits on.
        """
        with self._writing:
            while True:
                with self._lock:
                    if ticket is None:
                        self._let_go()
                    if self._written >= (self._accepted if ticket is None else ticket):
                        return
                    batch = self._pending[:LINES_MAX]
                self._write(batch)
                with self._lock:
                    del self._pending[: len(batch)]
                    self._written += len(batch)

    def policy_in_force(self) -> Mapping[str, Any] | None:
        """The newest sealed document of kind `policy`, None when no policies were ever approved; writes nothing.

        By the ledger: IntegrityError when the index has the log otherwise, or when the document is not what the ledger committed to.
        """
        with self._writing:
            return self._policy_of(self._newest())

    def close_day(self) -> None:
        """Write what waits and end today's chain, for a tool that hands a whole log over; the next line of today raises ConflictError."""
        self.flush()
        with self._writing:
            _close(self._log_of_today())

    def read_day(self, day: str) -> list[Line]:
        """The decisions of a day as they were sealed, each checked against what the ledger committed to."""
        log = self._desk.log(self._tenant, self._ref(day))
        return [line for _, lines in _batches(log) for line in lines]

    def _accept(self, line: Line) -> int:
        """The number of the line that says this."""
        now_ms = self._vault.clock.monotonic_ms()
        with self._lock:
            seen = self._seen.get(line.key)
            if seen is not None and now_ms - seen.since_ms < MERGED_MS:
                seen.again += 1
                return seen.ticket
            if len(self._pending) >= PENDING_MAX:
                raise UnavailableError("looks cannot be recorded, so nothing is shown: the ledger must come back first")
            if seen is not None and seen.again:
                self._append(seen.line.again(seen.again))
            ticket = self._append(line)
            self._seen[line.key] = _Seen(ticket, now_ms, line)
            return ticket

    def _append(self, line: Line) -> int:
        self._pending.append(line)
        self._accepted += 1
        return self._accepted

    def _let_go(self) -> None:
        """Forget decisions that are older than a minute, counting those that came again."""
        now_ms = self._vault.clock.monotonic_ms()
        for key in [key for key, seen in self._seen.items() if now_ms - seen.since_ms >= MERGED_MS]:
            seen = self._seen.pop(key)
            if seen.again:
                self._append(seen.line.again(seen.again))

    def _write(self, batch: Sequence[Line]) -> None:
        log = self._log_of_today()
        n = log.next_n
        content = canonical_bytes({"format": FORMAT, "lines": [line.document for line in batch]})
        allowed = sum(line.is_allowed for line in batch)
        body = {"allowed": allowed, "denied": len(batch) - allowed, "policies": _counted(batch)}
        log.seal_and_append(EventType.ACCESS_DECISIONS_RECORDED, f"decisions-{n}", content, body)
        self._enter(n, batch)

    def _enter(self, n: int, batch: Sequence[Line]) -> None:
        """An index that is away is caught up when the day is opened again."""
        try:
            enter_lines(self._vault.index, self._tenant, self._day, n, batch)
        except JianluError:
            self._day = ""

    def _log_of_today(self) -> CaseLog:
        """The chain of today, begun if need be; of the newest day where the clock went back behind it: days follow each other."""
        day = self._vault.clock.now().date().isoformat()
        if day != self._day:
            newest = self._newest()
            day = max(day, self._newest_day or "")
            log = self._desk.log(self._tenant, self._ref(day))
            if not log.events:
                self._open_day(log, day, newest)
            self._catch_up(log, day)
            self._day = self._newest_day = day
        return self._desk.log(self._tenant, self._ref(day))

    def _open_day(self, log: CaseLog, day: str, newest: CaseLog | None) -> None:
        """Begin the chain of a day: it names the one before, which is closed, and says again which policies are in force."""
        in_force, before = self._policy_of(newest), list[Any]()
        if newest is not None:
            _close(newest)
            before = [self._newest_day, len(newest.events), newest.events[-1].digest]
            self._desk.release(self._tenant, newest.case)
        version = int(in_force["version"]) if in_force is not None else 0
        log.append(EventType.ACCESS_LOG_OPENED, {"day": day, "before": before, "policies": version})
        if in_force is not None:
            _seal_change(log, POLICY, in_force)

    def _catch_up(self, log: CaseLog, day: str) -> None:
        """Enter the lines that the index lacks."""
        done = last_entered(self._vault.index, self._tenant, day)
        for n, lines in _batches(log):
            if n > done:
                enter_lines(self._vault.index, self._tenant, day, n, lines)

    def _newest(self) -> CaseLog | None:
        """The chain of the newest day, None before the first: which one it is was read from the ledger once, and is known since."""
        if self._newest_day is None:
            found = newest_day(self._vault, self._tenant, self._secret)
            if found is not None:
                day, events = found
                require_whole(self._desk.log(self._tenant, self._ref(day)), len(events), events[-1].digest)
            self._newest_day = found[0] if found is not None else ""
        return self._desk.log(self._tenant, self._ref(self._newest_day)) if self._newest_day else None

    def _policy_of(self, log: CaseLog | None) -> Mapping[str, Any] | None:
        """What was last put into force in that chain or in those that it follows; each names its policies, so that one is enough."""
        while log is not None:
            found = _newest_policy(log)
            if found is not None or log.events[0].body.get("policies") == 0:
                return found
            log = self._before(log)
        return None

    def _before(self, log: CaseLog) -> CaseLog | None:
        """The chain that this one follows, as this one names it; None for the first of all."""
        named = log.events[0].body["before"]
        if not named:
            return None
        day, events, digest = named
        found = self._desk.log(self._tenant, self._ref(day))
        self._desk.release(self._tenant, found.case)
        return require_whole(found, events, digest)

    def _ref(self, day: str) -> CaseRef:
        return ref_of_day(self._secret, day)


def _seal_change(log: CaseLog, kind: str, document: Mapping[str, Any]) -> None:
    content = canonical_bytes({"format": CHANGE_FORMAT, "kind": kind, **document})
    log.seal_and_append(EventType.ACCESS_CHANGE_RECORDED, f"change-{log.next_n}", content, {"kind": kind})


def _newest_policy(log: CaseLog) -> Mapping[str, Any] | None:
    return next(_changes(log, POLICY, newest_first=True), None)


def _changes(log: CaseLog, kind: str, *, newest_first: bool = False) -> Iterator[Mapping[str, Any]]:
    for event in reversed(log.events) if newest_first else log.events:
        if event.type is EventType.ACCESS_CHANGE_RECORDED and event.body["kind"] == kind:
            yield json.loads(log.open_object(event.body["object"], event.body["version"]))


def _close(log: CaseLog) -> None:
    if log.events[-1].type is not EventType.CASE_CLOSED:
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})


def _batches(log: CaseLog) -> list[tuple[int, list[Line]]]:
    kinds = [event for event in log.events if event.type is EventType.ACCESS_DECISIONS_RECORDED]
    contents = [(event.n, json.loads(log.open_object(event.body["object"], event.body["version"]))) for event in kinds]
    return [(n, [Line.of(fields) for fields in content["lines"]]) for n, content in contents]


def _counted(batch: Sequence[Line]) -> list[list[Any]]:
    """How often which policy decided, the most frequent first, as many as fit into the event."""
    counts = Counter(policy for line in batch for policy in line.policies)
    kept: list[list[Any]] = []
    for policy, times in counts.most_common():
        if len(canonical_bytes([*kept, [policy, times]])) > _POLICY_BYTES_MAX:
            break
        kept.append([policy, times])
    return kept


def _line(asked: Asked, decision: Decision, at: str) -> Line:
    who = asked.who
    kind, name = ("staff", who.account.id) if isinstance(who, Staff) else ("seat", who.seat)
    if key := by_key(who):
        kind, name = "key", key
    return Line(
        at=at,
        who_kind=kind,
        who=name,
        action=asked.action,
        resource_kind=asked.on.kind,
        resource=asked.on.id,
        purpose=asked.purpose,
        is_allowed=decision.is_allowed,
        policies=decision.policies,
        clauses=decision.clauses,
    )
