"""A sandbox: a home of its own whose tenant is called sandbox, with accounts, scripts in force, cases of made-up people, and an API key.

A third party tries everything against it without anybody's evidence being near. Pages say on every screen whose it is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.model import CaseRequest, Person
from jianlu.capture.cases.scripts import adopt_shipped_scripts
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.live_demo import SALE
from jianlu.entry.main_job import Job, run_job
from jianlu.entry.sample.write import write_sample
from jianlu.entry.serve.access import access_of
from jianlu.entry.serve.live import session_ports
from jianlu.govern.apikeys.keys import make_key
from jianlu.govern.identity.accounts import make_account
from jianlu.govern.identity.first_people import let_all_in, random_password
from jianlu.govern.identity.model import Account, Staff
from jianlu.govern.policy.case_file import read_case_file
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import Home, embedded_rooms, identity_ports, media_server, open_home

TENANT, ORIGIN = "sandbox", "jianlu.example/sandbox"
LABELS = {'institution = ""': 'institution = "沙箱 Sandbox"', "sample_devices = false": "sample_devices = true"}
PEOPLE = (
    ("agent", "agent", "林经理"),
    ("supervisor", "supervisor", "何主管"),
    ("compliance", "compliance", "许合规"),
    ("administrator", "administrator", "孙管理"),
    ("security", "security_administrator", "高安全"),
)
PROGRAM, PROGRAM_DISPLAY = "program-sandbox", "第三方程序"
SCOPES = ("case.*", "session.*", "template.read", "queue.*", "ice.read", "package.export", "request.*", "review.list")
KEY_LIFE = timedelta(days=90)
TRANSFER: dict[str, Any] = {
    "template": "transfer-confirmation",
    "title": "大额转账确认",
    "facts": {
        "case.place": "CN",
        "case.channel": "remote_video",
        "case.institution": "建安银行",
        "product.amount_yuan": 500_000,
        "product.purpose": "购房款",
        "customer.age": 45,
        "session.biometrics": [],
    },
    "people": {"customer": {"name": "王小明", "phone": "13800000001"}},
}
CASES = (("sandbox-sale-1", SALE), ("sandbox-transfer-1", TRANSFER), ("sandbox-transfer-2", TRANSFER))


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a third party is handed: the key and, for people who want to look, the password of every account."""

    key: str
    password: str
    cases: tuple[str, ...]


def settings_of(text: str) -> str:
    """The settings of a sandbox, from those of any home."""
    for known, wanted in LABELS.items():
        text = text.replace(known, wanted)
    return text


def fill_sandbox(path: Path, *, is_recorded: bool, progress: Callable[..., Any]) -> Sandbox:
    """Fill a fresh home: accounts, scripts, cases, a key and, with `is_recorded`, a sealed recording (a minute or two of work)."""
    with open_home(path) as home:
        tenant, identity = tenant_id(home.settings.tenant.id), identity_ports(home.vault.index, home.vault.keys, home.settings)
        password = random_password()
        people = {
            name: make_account(identity, tenant, name, roles=[role], display=display, languages=("zh",))
            for name, role, display in PEOPLE
        }
        let_all_in(identity, tenant, people, password)
        program = make_account(
            identity,
            tenant,
            PROGRAM,
            roles=["agent"],
            display=PROGRAM_DISPLAY,
            languages=("zh",),
            licences=("insurance",),
            skills=("life",),
        )
        by = people["administrator"].id
        key, _ = make_key(identity, tenant, program.id, "sandbox", scopes=SCOPES, life=KEY_LIFE, by=by)
        cases = _make_cases(home, program, proposed_by=people["compliance"].id, approved_by=people["supervisor"].id)
        if is_recorded:
            _seal_sample(home, progress)
    return Sandbox(key, password, cases)


def _make_cases(home: Home, program: Account, *, proposed_by: str, approved_by: str) -> tuple[str, ...]:
    desk, tenant = CaseDesk(home.vault), tenant_id(home.settings.tenant.id)
    access = access_of(home, desk, tenant)
    rooms, by = embedded_rooms(home.path, home.settings), Staff(program, "sandbox", by_totp=False)
    using = replace(session_ports(home, desk, access), rooms=rooms)
    adopt_shipped_scripts(using=using, proposed_by=proposed_by, approved_by=approved_by)
    with _rooms_answer(home), closing(rooms):
        return tuple(create_case(_request(number, sale), using=using, by=by) for number, sale in CASES)


@contextmanager
def _rooms_answer(home: Home) -> Iterator[None]:
    """The media process, in a thread of this one: what forwards is named in a case's first events."""
    (home.path / "run").mkdir(exist_ok=True, mode=0o700)
    loop, server = asyncio.new_event_loop(), media_server(home.path, home.settings, 0)
    thread = threading.Thread(target=loop.run_forever, name="media", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        yield
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _request(number: str, sale: dict[str, Any]) -> CaseRequest:
    people = {seat: Person(each["name"], each["phone"]) for seat, each in sale["people"].items()}
    return CaseRequest(
        scene=sale["template"],
        number=number,
        title=sale["title"],
        language="zh",
        profile="standard",
        facts=dict(sale["facts"]),
        people=people,
        seats=(),
        end_to_end=False,
    )


def _seal_sample(home: Home, progress: Callable[..., Any]) -> None:
    sample, package = home.path / "sample", home.path / "packages"
    package.mkdir(exist_ok=True, mode=0o700)
    write_sample(sample)
    run_job(Job(sample / "sale.mp4", read_case_file(sample / "case.toml"), package / "sandbox-sample.jlp"), home, progress)
