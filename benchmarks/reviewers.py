"""A hundred reviewers at once on one web process: do all their calls succeed, and how long does each kind take?

`PYTHONPATH=. python benchmarks/reviewers.py [--reviewers 100] [--seconds 60]`: `jianlu serve` in its own processes, each reviewer
signed in at an address of their own. Everybody looks at the list, opens a case, takes its review and confirms it clause by clause, then
goes on with the next, a second or two between two calls. That somebody else was quicker (409) is an answer, and so is that too many
passwords are being checked at once (503 at the sign-in, which comes back); everything else that is no success is an error.
"""

from __future__ import annotations

import argparse
import os
import random
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.scripts import adopt_shipped_scripts
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.entry.serve.access import access_of
from jianlu.entry.serve.live import session_ports
from jianlu.govern.identity.accounts import list_accounts
from jianlu.govern.identity.model import Staff
from jianlu.judge.judge_case import judge_case
from jianlu.runtime.database import transaction
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import open_home, open_identity
from tests.fakes.identity.worlds import add_account
from tests.fakes.running_home import PASSWORD, RunningHome, make_live_home, start_home
from tests.fakes.sessions.rooms import FakeRooms
from tests.fakes.sessions.world import SALE_FACTS, sale_request

CASES_EACH = 2
OLD = 62
"""Years; sales to people of that age are all reviewed."""

PAUSE_S = (0.5, 2.0)
DURATION_MS = 60_000
EXPECTED = {("take", 409), ("sign in", 503)}
"""Answers that are no errors."""


@dataclass
class Course:
    """What came of it: seconds by kind of call, answers by kind and status; safe for threads."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, took: float, status: int) -> None:
        """One call; status 0 where there was no answer."""
        with self.lock:
            self.times[kind].append(took)
            self.answers[kind, status] += 1


class Reviewer:
    """Somebody who works through the list."""

    def __init__(self, running: RunningHome, number: int, course: Course) -> None:
        context = ssl.create_default_context(cafile=str(running.authority))
        transport = httpx.HTTPTransport(verify=context, local_address=f"127.0.{1 + number // 200}.{1 + number % 200}")
        url = running.url.replace("localhost", "127.0.0.1")
        self._client = httpx.Client(base_url=url, transport=transport, headers={"X-Jianlu": "1"}, timeout=120)
        self._was_busy = False
        self._chance, self._course, self._name = random.Random(number), course, name_of(number)

    def sign_in(self) -> None:
        """As a person does: who is asked to come back in a moment, because too many passwords are being checked, does."""
        while self._call("sign in", "POST", "/api/v1/sign-in", {"name": self._name, "password": PASSWORD}) is None:
            if not self._was_busy:
                return
            time.sleep(self._chance.uniform(1, 5))

    def work(self, until: float) -> None:
        """Look, take, decide, until the time is over."""
        while time.monotonic() < until:
            self._call("list as a page", "GET", "/reviews")
            listed = self._call("list", "GET", "/api/v1/reviews?which=open") or {}
            cases = [row["case"] for row in listed.get("reviews", ()) if row["state"] == "open"]
            if cases:
                self._review(self._chance.choice(cases))
        self._client.close()

    def _review(self, case: str) -> None:
        self._call("case as a page", "GET", f"/reviews/{case}")
        found = self._call("take", "POST", f"/api/v1/cases/{case}/review/first/take")
        if found is None:
            return
        clauses = [{"clause": each["clause"], "verdict": each["machine"]} for each in found["clauses"]]
        self._call("decide", "POST", f"/api/v1/cases/{case}/review/first/decision", {"clauses": clauses})

    def _call(self, kind: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer of a call that succeeded, None of any other; a pause follows."""
        began = time.monotonic()
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError:
            self._course.note(kind, time.monotonic() - began, 0)
            return None
        self._course.note(kind, time.monotonic() - began, answer.status_code)
        self._was_busy = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        time.sleep(self._chance.uniform(*PAUSE_S))
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if answer.is_success and is_json else None


def main() -> int:
    """Make the home, let everybody work, print; 1 when a call failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reviewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_home(home, asked.reviewers, CASES_EACH * asked.reviewers)
        running = start_home(home)
        try:
            drawn = running.as_staff("xu").call("POST", "/api/v1/reviews/draws")
            print(
                f"drawn: {[each['drawn'] + each['grouped'] for each in drawn['draws']]} of {CASES_EACH * asked.reviewers} cases"
            )
            course = worked(running, asked.reviewers, asked.seconds)
        finally:
            running.stop()
    return report(course, asked.reviewers)


def worked(running: RunningHome, reviewers: int, seconds: float) -> Course:
    """Everybody signs in, then works at once."""
    course = Course()
    everybody = [Reviewer(running, number, course) for number in range(reviewers)]
    with ThreadPoolExecutor(reviewers) as pool:
        list(pool.map(Reviewer.sign_in, everybody))
        until = time.monotonic() + seconds
        list(pool.map(lambda each: each.work(until), everybody))
    return course


def report(course: Course, reviewers: int) -> int:
    """Print; how many calls failed decides the exit code."""
    failed = {key: count for key, count in course.answers.items() if not 200 <= key[1] < 300 and key not in EXPECTED}
    print(
        f"{reviewers} reviewers, {sum(course.answers.values())} calls, failed: {failed or 'none'}; load {os.getloadavg()[0]:.1f}"
    )
    for kind, times in course.times.items():
        taken = sorted(times)
        p50, p95 = taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 95 // 100)]
        print(f"   {kind}: {len(taken)}, p50 {p50 * 1000:.0f}, p95 {p95 * 1000:.0f}, worst {taken[-1] * 1000:.0f} ms")
    print(f"   somebody else was quicker: {course.answers['take', 409]}; decided: {course.answers['decide', 200]}")
    return 1 if failed or not course.answers["decide", 200] else 0


def name_of(number: int) -> str:
    """The account of a reviewer."""
    return f"reviewer-{number}"


def make_home(home: Path, reviewers: int, cases: int) -> None:
    """Accounts, approved scripts, and so many judged and closed sales to elderly people."""
    make_live_home(home, {})
    with open_identity(home) as (read, identity):
        tenant = tenant_id(read.tenant.id)
        for number in range(reviewers):
            add_account(
                identity, tenant, name_of(number), PASSWORD, roles=["reviewer"], display=f"质检{number}", languages=["zh"]
            )
        people = {each.name: each for each in list_accounts(identity, tenant)}
    with open_home(home) as opened:
        desk = CaseDesk(opened.vault)
        using = replace(session_ports(opened, desk, access_of(opened, desk, tenant)), rooms=FakeRooms())
        adopt_shipped_scripts(using=using, proposed_by=people["xu"].id, approved_by=people["he"].id)
        for number in range(cases):
            wanted = replace(sale_request(f"sale-{number:05d}"), facts={**SALE_FACTS, "customer.age": OLD})
            case = create_case(wanted, using=using, by=Staff(people["lin"], "sign-in-lin", by_totp=False))
            log = desk.log(tenant, case)
            log.append(EventType.SESSION_ENDED, {"reason": "completed", "by": "agent", "at_ms": DURATION_MS})
            log.append(EventType.RECORDING_ENDED, {"segments": 30, "duration_ms": DURATION_MS, "media_bytes": 1})
            judge_case(log)
            log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
            now = instant_text(using.clock.now())
            with transaction(using.database) as connection:
                change_case(connection, tenant, case, state="sealed", started_at=now, ended_at=now)
            desk.release(tenant, case)


if __name__ == "__main__":
    sys.exit(main())
