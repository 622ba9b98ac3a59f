"""How long a decision of access takes with five hundred policies, a list's condition, and a list of 100,000 cases with it.

`PYTHONPATH=. python benchmarks/access.py` prints what it measured and the load of the machine. Lists are asked on SQLite and, where its
programs are installed, on a PostgreSQL of its own.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, text

from jianlu.capture.cases._tables import CASE_TOTALS, live_cases
from jianlu.capture.cases.case_access import visible_cases
from jianlu.capture.cases.case_rows import Sought, page_of_cases
from jianlu.core.terms.ids import TenantId, tenant_id
from jianlu.govern.access.decide import Access
from jianlu.govern.access.model import Decision, Resource, Standing
from jianlu.govern.access.policies import SCHEMA_FILE, policies_directory, read_policies
from jianlu.govern.access.ports import Asked
from jianlu.govern.identity.model import Account, Role, Staff
from jianlu.runtime.database import migrate_database, open_database, transaction
from tests.fakes.vault.postgres import create_database, find_postgres, start_postgres

POLICIES, DECISIONS, CASES = 500, 20_000, 100_000
TENANT = tenant_id("bank-a")


class Nothing:
    """Grants nothing and keeps nothing: only deciding is measured."""

    def standing(self, tenant: TenantId, account: str) -> Standing:
        """The usual one."""
        return Standing(level=4 if tenant and account else 1)

    def has_emergency(self, tenant: TenantId, account: str, resource: Resource) -> bool:
        """Never."""
        return not (tenant and account and resource)

    def has_approval(self, tenant: TenantId, account: str, action: str, resource: Resource) -> bool:
        """Never."""
        return not (tenant and account and action and resource)

    def record(self, asked: Asked, decision: Decision, *, is_sensitive: bool) -> None:
        """Not kept."""

    def change(self, kind: str, document: Mapping[str, Any]) -> None:
        """Not kept."""

    def recent(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """Nothing was."""
        return [{}] if not kind else []

    def flush(self) -> None:
        """There is nothing."""


def five_hundred() -> Access:
    """The shipped policies, and as many of a house's own as make five hundred: spread over the actions, as a house would."""
    folder = policies_directory()
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.cedar"))}
    schema = (folder / SCHEMA_FILE).read_text(encoding="utf-8")
    known = read_policies(texts, schema)
    nouns = ("read", "play", "reveal", "disclose", "search", "see_names", "see_number")
    acts = ("read", "lead", "join", "take_part", "supervise", "invite", "send", "watch", "outside")
    actions = [*(f"case.{each}" for each in nouns), *(f"session.{each}" for each in acts), "package.export"]
    own = "\n".join(_own(number, actions[number % len(actions)]) for number in range(POLICIES - len(known.rules)))
    policies = read_policies({**texts, "99-own.cedar": own}, schema)
    assert len(policies.rules) == POLICIES
    return Access(policies, Nothing(), Nothing())


def _own(number: int, action: str) -> str:
    notes = f'@id("own-{number}")\n@clause("own:{number}")\n@next_step_zh("问")\n@next_step_en("ask")\n'
    branch = f'resource.branch == "b-{number}" && principal.branch == "b-{number}"'
    condition = f'principal.roles.contains("agent") && {branch} && resource.level < 3'
    return f'{notes}permit(principal is Staff, action == Action::"{action}", resource is Case) when {{ {condition} }};'


def percentile(sorted_ns: list[int], share: float) -> float:
    """Milliseconds."""
    return sorted_ns[min(len(sorted_ns) - 1, int(len(sorted_ns) * share))] / 1e6


def measured(what: str, act: Callable[[int], object], times: int) -> None:
    """Print p50, p95 and p99 of `act`."""
    took = []
    for number in range(times):
        began = time.perf_counter_ns()
        act(number)
        took.append(time.perf_counter_ns() - began)
    took.sort()
    print(
        f"{what}: p50 {percentile(took, 0.5):.3f} ms, p95 {percentile(took, 0.95):.3f} ms, p99 {percentile(took, 0.99):.3f} ms, n {times}"
    )


def staff(name: str, role: Role) -> Staff:
    """Somebody who is signed in."""
    return Staff(Account(f"account-{name}", TENANT, name, name, frozenset({role})), "s", by_totp=False)


def main() -> None:
    """Measure and print."""
    print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors")
    access, chance = five_hundred(), random.Random(1)
    people = [
        staff("lin", Role.AGENT),
        staff("he", Role.SUPERVISOR),
        staff("xu", Role.COMPLIANCE),
        staff("ad", Role.ADMINISTRATOR),
    ]
    on = [
        Resource(
            "case",
            f"c{number}",
            TENANT,
            {"ref": f"c{number}", "owner": chance.choice(["account-lin", "account-x", ""]), "maker": "m"}
            | {"branch": "", "place": "CN-31", "level": chance.randint(2, 5), "state": "sealed"},
        )
        for number in range(500)
    ]
    asked = [(people[n % 4], ("case.read", "case.play", "session.lead")[n % 3], on[n % 500]) for n in range(DECISIONS)]
    measured(f"a decision with {POLICIES} policies", lambda n: access.decide(*asked[n]), DECISIONS)
    measured("the condition of a list", lambda n: visible_cases(access, people[n % 4]), 500)
    with tempfile.TemporaryDirectory() as folder:
        lists(f"sqlite:///{folder}/index.sqlite", access, people[:3], chance)
    if (programs := find_postgres()) is not None:
        with start_postgres(programs) as server:
            lists(create_database(server, "lists"), access, people[:3], chance)
    print(f"load {os.getloadavg()[0]:.2f}")


def lists(url: str, access: Access, people: list[Staff], chance: random.Random) -> None:
    """Pages of 100,000 cases with their totals and the counts by state: the first page, one of a state, what a word finds, a late page."""
    engine = open_database(url)
    migrate_database(engine)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    rows = [_row(number, "".join(chance.choices(letters, k=26)), chance) for number in range(CASES)]
    with transaction(engine) as connection:
        connection.execute(insert(live_cases), rows)
        CASE_TOTALS.recount(connection)
    if engine.dialect.name == "postgresql":  # as autovacuum does after so many rows
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE live_cases"))
    asked: dict[str, dict[str, Any]] = {
        "the first page": {},
        "of a state": {"state": "sealed"},
        "what a number finds": {"q": "n-999"},
        "page 500": {"page": 500},
    }
    for what, arguments in asked.items():

        def look(number: int, arguments: dict[str, Any] = arguments) -> None:
            who = people[number % len(people)]
            visible, q = visible_cases(access, who), arguments.get("q")
            more = {"q": Sought(q, visible_cases(access, who, action="case.see_number"))} if q else {}
            with transaction(engine, writes=False) as connection:
                page_of_cases(connection, TENANT, visible, **{**arguments, **more})

        measured(f"{engine.dialect.name}, {CASES} cases, {what}", look, 60)
    engine.dispose()


def _row(number: int, letters: str, chance: random.Random) -> dict[str, object]:
    texts = dict.fromkeys(
        ("title", "scene", "scene_version", "script", "script_version", "script_digest", "profile", "customer", "agent_display"),
        "x",
    )
    texts |= {
        "language": "zh",
        "check_code": "1234",
        "showing": "",
        "request_digest": "x",
        "created_by": "m",
        "branch": "",
        "place": "CN-31",
    }
    at = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00.000Z"
    agent = chance.choice(["account-lin", "", *(f"account-a{chance.randrange(500)}" for _ in range(8))])
    state = chance.choice(["sealed", "sealed", "sealed", "ended", "draft", "live"])
    return {**texts, "tenant": TENANT, "case_ref": f"c{letters}", "number": f"n-{number}", "state": state, "agent": agent} | {
        "created_at": at,
        "level": chance.randint(2, 5),
        "zero_us": None,
        "started_at": None,
        "ended_at": None,
    }


if __name__ == "__main__":
    main()
