"""How long the first byte of every main page takes with 100,000 cases in the database, on SQLite and PostgreSQL.

`PYTHONPATH=. python benchmarks/pages.py [--cases 100000] [--rounds 30]`: `jianlu serve` in its own processes, asked over TLS by one
signed-in person of each role at an address of their own. `--cases 0` shows what the cases cost.
"""

from __future__ import annotations

import argparse
import os
import random
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, insert, text

from jianlu.capture.cases._tables import CASE_TOTALS, live_cases
from jianlu.core.terms.ids import tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.accounts import list_accounts
from jianlu.judge.review._tables import REVIEW_TOTALS, review_tasks
from jianlu.runtime.database import migrate_database, open_database, transaction
from jianlu.vault import _kept
from jianlu.vault._tables import cases as judged_cases
from jianlu.vault._tables import retentions
from jianlu.wiring import open_identity
from tests.fakes.identity.worlds import add_account
from tests.fakes.running_home import ACCOUNTS, PASSWORD, RunningHome, make_live_home, start_home
from tests.fakes.vault.postgres import create_database, find_postgres, start_postgres

GOAL_MS = 100.0
MORE = {"qin": "reviewer", "shen": "auditor", "sun": "administrator"}
SQLITE = 'url = "sqlite:///index.sqlite"'
PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lin", ("/cases", "/cases?state=sealed", "/cases/new", "/queue", "/search", "/reviews", "/scripts")),
    ("he", ("/cases", "/cases?q=n-999", "/wall", "/search", "/reviews")),
    ("xu", ("/cases", "/packs", "/retention", "/responsibility", "/reviews", "/scripts")),
    ("qin", ("/reviews", "/reviews/statistics", "/cases")),
    ("shen", ("/ledger", "/cases", "/samples")),
    ("sun", ("/administration", "/integrations", "/account")),
)
PLAN = "cn-insurance-dual-recording:closed-sales"


@dataclass
class Asker:
    """Somebody signed in, with a connection that is kept."""

    name: str
    client: httpx.Client

    def first_byte_s(self, path: str) -> tuple[float, int]:
        """Seconds until the answer's head is there, and its status; the body is read afterwards."""
        began = time.perf_counter()
        with self.client.stream("GET", path, headers={"accept": "text/html"}) as answer:
            took = time.perf_counter() - began
            answer.read()
        return took, answer.status_code


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    for kind in ("sqlite", "postgresql"):
        with database(kind) as url:
            if url is not None:
                measure(kind, url, asked.cases, asked.rounds)
    print(f"load {os.getloadavg()[0]:.1f}")


@contextmanager
def database(kind: str) -> Iterator[str | None]:
    """The setting of a database to be; None where PostgreSQL is not installed."""
    if kind == "sqlite":
        yield SQLITE
        return
    programs = find_postgres()
    if programs is None:
        yield None
        return
    with start_postgres(programs) as server:
        yield f'url = "{create_database(server, "pages")}"'


def measure(kind: str, url: str, cases: int, rounds: int) -> None:
    """A home with so many cases, and the pages of everybody."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_home(home, url, cases)
        running = start_home(home)
        try:
            times = ask(running, rounds)
        finally:
            running.stop()
    worst = {page: percentile(taken, 95) * 1000 for page, taken in times.items()}
    missed = [page for page, ms in worst.items() if ms >= GOAL_MS]
    every = [each for taken in times.values() for each in taken]
    print(
        f"{kind}, {cases} cases: first byte p50 {percentile(every, 50) * 1000:.0f}, p95 {percentile(every, 95) * 1000:.0f} ms",
        flush=True,
    )
    for page, ms in sorted(worst.items(), key=lambda each: -each[1])[:8]:
        print(f"   {page}: p50 {percentile(times[page], 50) * 1000:.0f}, p95 {ms:.0f} ms")
    print(f"   missed: {', '.join(missed) or 'none'} of {len(worst)}", flush=True)


def make_home(home: Path, url: str, cases: int) -> None:
    """Accounts of every role and `cases` cases in work lists, index, retention calendar and review lists."""
    if url != SQLITE:
        migrate(url)
    make_live_home(home, {} if url == SQLITE else {SQLITE: url})
    with open_identity(home) as (read, identity):
        tenant = tenant_id(read.tenant.id)
        for name, role in MORE.items():
            add_account(identity, tenant, name, PASSWORD, roles=[role], display=name, languages=["zh"])
        agent = next(each.id for each in list_accounts(identity, tenant) if each.name == "lin")
        if cases:
            fill(identity.database, str(tenant), agent, cases)


def migrate(url: str) -> None:
    """The schema of a PostgreSQL that `jianlu init` did not make."""
    engine = open_database(url.split('"')[1])
    migrate_database(engine)
    engine.dispose()


def fill(engine: Engine, tenant: str, agent: str, cases: int) -> None:
    """Rows as a busy year leaves them."""
    chance = random.Random(1)
    rows = [case_row(tenant, number, agent, chance) for number in range(cases)]
    refs = [row["case_ref"] for row in rows if row["state"] == "sealed"]
    with transaction(engine) as connection:
        connection.execute(insert(live_cases), rows)
        connection.execute(insert(judged_cases), [judged_row(tenant, ref) for ref in refs])
        connection.execute(insert(retentions), [retention_row(tenant, ref, n) for n, ref in enumerate(refs)])
        connection.execute(
            insert(review_tasks), [task_row(tenant, ref, n, agent) for n, ref in enumerate(refs[: cases * 3 // 10])]
        )
        _kept.recount(connection)  # as the rows' own writers keep them
        for totals in (CASE_TOTALS, REVIEW_TOTALS):
            totals.recount(connection)
    if engine.dialect.name == "postgresql":  # as autovacuum does after so many rows
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def case_row(tenant: str, number: int, agent: str, chance: random.Random) -> dict[str, Any]:
    """One case, the last ones newest."""
    made = datetime.now(UTC) - timedelta(minutes=5 * (200_000 - number) % 525_600)
    who = chance.choice([agent, "", *(f"account-a{chance.randrange(500)}" for _ in range(8))])
    texts = ("scene_version", "script", "script_version", "script_digest", "profile", "request_digest")
    return {
        **dict.fromkeys(texts, "x"),
        "tenant": tenant,
        "case_ref": "c" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=26)),
        "number": f"n-{number}",
        "title": "投保双录",
        "scene": "insurance-remote",
        "language": "zh",
        "customer": "王**",
        "state": state_of(number),
        "agent": who,
        "agent_display": "林经理",
        "check_code": "1234",
        "zero_us": None,
        "showing": "",
        "created_by": who or agent,
        "created_at": instant_text(made),
        "started_at": None,
        "ended_at": None,
        "branch": "",
        "place": "CN-31",
        "level": chance.randint(2, 4),
    }


def state_of(number: int) -> str:
    """Of a thousand cases two are refused, two halted, five drafts; one waits."""
    return {0: "waiting", 1: "refused", 2: "refused", 3: "halted", 4: "halted"}.get(
        number % 1000, "draft" if number % 1000 < 10 else "sealed"
    )


def judged_row(tenant: str, ref: str) -> dict[str, Any]:
    """What the vault's index says of it."""
    at = instant_text(datetime.now(UTC))
    counts = {
        "events": 60,
        "segments": 50,
        "duration_ms": 100_000,
        "media_bytes": 10_000_000,
        "met": 20,
        "not_met": 1,
        "not_evidenced": 2,
    }
    return {
        "tenant": tenant,
        "case_ref": ref,
        "state": "closed",
        "opened_at": at,
        "closed_at": at,
        "head_digest": "0" * 64,
        **counts,
    }


def retention_row(tenant: str, ref: str, number: int) -> dict[str, Any]:
    """Until when it is kept; positions behind every real entry."""
    until = (datetime.now(UTC) + timedelta(days=number % 3_650)).date().isoformat()
    place = {"position": 1_000_000_000 + number, "tenant": tenant, "case_ref": ref, "part": "recording"}
    return {**place, "until": until, "clause": "cn-insurance-dual-recording:CN-IN-12"}


def task_row(tenant: str, ref: str, number: int, agent: str) -> dict[str, Any]:
    """A review of it, most of them decided."""
    today = datetime.now(UTC)
    state = "done" if number % 10 else "open"
    at = {"opened_at": instant_text(today - timedelta(days=9)), "decided_at": instant_text(today) if state == "done" else None}
    fixed = {"tenant": tenant, "case_ref": ref, "stage": "first", "plan": PLAN, "roll": 1, "cause": "drawn", "stratum": "all"}
    return {
        **fixed,
        **at,
        "due_on": (today + timedelta(days=number % 15)).date().isoformat(),
        "state": state,
        "agent": agent,
        "barred": "[]",
        "reviewer": "",
        "outcome": "confirmed" if state == "done" else "",
        "asks_redo": False,
        "taken_at": None,
        "appealed_at": None,
        "alarmed_at": None,
    }


def ask(running: RunningHome, rounds: int) -> dict[str, list[float]]:
    """Seconds by person and page, in mixed order; anything but a page ends the run."""
    askers = {name: sign_in(running, name, n) for n, name in enumerate((*ACCOUNTS, *MORE), 1) if name != "zhou"}
    asked = [(name, page) for name, pages in PAGES for page in pages]
    for name, page in asked:
        askers[name].first_byte_s(page)
    times: dict[str, list[float]] = {f"{name} {page}": [] for name, page in asked}
    for number in range(rounds):
        for name, page in random.Random(number).sample(asked, len(asked)):
            took, status = askers[name].first_byte_s(page)
            if status != httpx.codes.OK:
                raise SystemExit(f"{name} {page} answered {status}")
            times[f"{name} {page}"].append(took)
    for each in askers.values():
        each.client.close()
    return times


def sign_in(running: RunningHome, name: str, number: int) -> Asker:
    """Somebody at an address of their own."""
    transport = httpx.HTTPTransport(
        verify=ssl.create_default_context(cafile=str(running.authority)), local_address=f"127.0.0.{number}"
    )
    client = httpx.Client(
        base_url=running.url.replace("localhost", "127.0.0.1"), transport=transport, headers={"X-Jianlu": "1"}, timeout=60
    )
    client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD}).raise_for_status()
    return Asker(name, client)


def percentile(times: list[float], percent: int) -> float:
    """Of at least one."""
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


if __name__ == "__main__":
    main()
