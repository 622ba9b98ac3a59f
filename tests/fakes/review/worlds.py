"""A world with closed, judged cases to review: real plans, verdicts and ledger; what an hour of talk would record is put in by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jianlu.capture.cases.case_rows import change_case
from jianlu.core.errors import UnavailableError
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.govern.identity.model import Role, Staff
from jianlu.govern.policy import Pack
from jianlu.judge.judge_case import judge_case
from jianlu.judge.review.deciding import decide_task
from jianlu.judge.review.decisions import Said
from jianlu.judge.review.drawing import draw_due
from jianlu.judge.review.model import Review
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.taking import take_task
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.ports import EventLog
from tests.fakes.review.trees import tree_of
from tests.fakes.sessions.world import AGENT, SALE_FACTS, SUPERVISOR, World, session_world, staff
from tests.fakes.vault.home import TENANT

DURATION_MS = 60_000
PLAN = "cn-insurance-dual-recording:closed-sales"
REVIEWER = staff("qin", Role.REVIEWER)
SECOND_REVIEWER = staff("tang", Role.REVIEWER)
COUNTER = "insurance-counter"
"""A sale at a bank's counter to somebody of 35 years counts and is of no group; the remote channel counts only for its risks."""

Changes = Mapping[str, tuple[Verdict, str, int | None, int | None]]
"""What a reviewer sees otherwise: verdict, reason and stretch by the clause's id."""


@dataclass
class ReviewWorld:
    """The world, the review's ports, and cases by the dozen."""

    world: World
    using: ReviewPorts

    def close(
        self, number: str, *, by: Staff = AGENT, reason: str = "completed", scene: str = "insurance-remote", age: int = 62
    ) -> str:
        """A case that is recorded, judged (nothing is evidenced: no engine ran) and closed."""
        case = self.world.create(number, scene=scene, facts={**SALE_FACTS, "customer.age": age})
        with transaction(self.world.using.database) as connection:
            change_case(connection, TENANT, case, agent=by.account.id, agent_display=by.account.display, state="sealed")
        log = self.world.using.desk.log(TENANT, case)
        log.append(EventType.SESSION_ENDED, {"reason": reason, "by": "agent", "at_ms": DURATION_MS})
        log.append(EventType.RECORDING_ENDED, {"segments": 30, "duration_ms": DURATION_MS, "media_bytes": 1})
        judge_case(log)
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
        self.world.using.desk.release(TENANT, case)
        return case

    def supervised(self, number: str, who: Staff = SUPERVISOR) -> str:
        """As `close`, with a supervisor who sat down during the talk."""
        case = self.world.create(number)
        log = self.world.using.desk.log(TENANT, case)
        body = {"seat": "supervisor", "how": "account"}
        log.append(EventType.SEAT_TAKEN, body, commits={"who": digest_of(who.account.id.encode())})
        return self.close(number)

    def log(self, case: str) -> CaseLog:
        """The case's own log, as the ledger has it."""
        return open_case_log(self.world.vault, TENANT, case)

    def chain(self, case: str) -> CaseLog:
        """The log of what people said of the case."""
        return open_case_log(self.world.vault, TENANT, self.using.case_chain(case))

    def said(self, case: str, changes: Changes | None = None) -> list[Said]:
        """Every clause confirmed, but those of `changes`."""
        found = []
        for each in parse_verdicts(self.log(case).open_object("verdicts")):
            verdict, reason, from_ms, to_ms = (changes or {}).get(each.clause, (each.verdict, "", None, None))
            found.append(Said(f"{each.pack}:{each.clause}", verdict, reason, from_ms, to_ms))
        return found

    def drawn(self, *numbers: str) -> list[str]:
        """Cases of a group, closed and therefore all on the work list."""
        cases = [self.close(number) for number in numbers]
        draw_due(self.using, is_asked=True)
        return cases

    def decided(
        self, case: str, changes: Changes | None = None, *, by: Staff = REVIEWER, stage: str = "first", redo: str = ""
    ) -> Review:
        """Taken and decided."""
        take_task(case, stage, using=self.using, by=by)
        return decide_task(case, stage, self.said(case, changes), redo, using=self.using, by=by)


def ports_of(world: World, second_permille: int) -> ReviewPorts:
    """The ports of reviews over a session world with one plan, which wants so many second looks by chance."""
    vault, rules = world.vault, world.using.rules
    packs = tuple(_with_second(pack, second_permille) if pack.id in PLAN else replace(pack, reviews=()) for pack in rules.packs)
    sessions = replace(world.using, rules=replace(rules, packs=packs))
    return ReviewPorts(sessions, vault, lambda size: tree_of(vault, size), lambda case: open_case_log(vault, TENANT, case))


def _with_second(pack: Pack, permille: int) -> Pack:
    """The pack with another share of second looks, so that no test depends on the chance of a draw."""
    wanted = {rule.second_permille for rule in pack.reviews}
    values = {
        name: replace(value, periods=tuple(replace(period, amount=permille) for period in value.periods))
        if name in wanted
        else value
        for name, value in pack.values.items()
    }
    return replace(pack, values=values)


class AwayLedger:
    """`vault.ports.EventLog` that reads but cannot be written: its disk is full."""

    def __init__(self, ledger: EventLog) -> None:
        self._ledger = ledger

    def append(self, entry: bytes) -> int:
        raise UnavailableError("the ledger is away: try again")

    def read(self, start: int, count: int) -> Sequence[bytes]:
        return self._ledger.read(start, count)

    @property
    def size(self) -> int:
        return self._ledger.size

    def require_open(self) -> None:
        raise UnavailableError("the ledger is away: try again")


def without_ledger(using: ReviewPorts) -> ReviewPorts:
    """The same ports, whose desk cannot write."""
    desk = CaseDesk(replace(using.vault, ledger=AwayLedger(using.vault.ledger)))
    return replace(using, sessions=replace(using.sessions, desk=desk))


@contextmanager
def review_world(index_url: str = "sqlite://", *, second_permille: int = 0) -> Iterator[ReviewWorld]:
    """A world without cases, in which chance gives so many second looks."""
    with session_world(index_url) as world:
        yield ReviewWorld(world, ports_of(world, second_permille))
