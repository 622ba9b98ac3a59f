"""A home in which everything that a page can show is there: cases in every state, a film, reviews, samples, keys, webhooks, a queue.

The application, the database, the vault and the ledger are the real ones; rooms and recorders are fakes, so that an hour's work is
recorded in seconds. Served over TLS as `jianlu serve` does it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.entry.after_call import run_after_call
from jianlu.entry.serve.application import application, deps_of
from jianlu.judge.judge_case import sealed_plan
from jianlu.process.record import record_findings
from jianlu.runtime.jobs import Claim, run_next
from jianlu.runtime.tls import server_context
from jianlu.vault.case_log import open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import Home, open_home
from tests.fakes.api.world import ApiWorld, ok
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.conversation import Line, said
from tests.fakes.counter_sale import HEARD, ORDER
from tests.fakes.eventually import eventually
from tests.fakes.identity.worlds import add_account, cheap_passwords
from tests.fakes.playback.live_recording import feeds_of
from tests.fakes.running_home import ACCOUNTS, PASSWORD, make_live_home
from tests.fakes.sessions.clocks import SetClock
from tests.fakes.sessions.filmed import FilmedRecorder
from tests.fakes.sessions.recorders import FakeRecorder
from tests.fakes.sessions.rooms import FakeRooms
from tests.fakes.sessions.world import World

QUIET = {
    'institution = ""': 'institution = "建安银行"',
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
}
MORE_STAFF: Mapping[str, tuple[str, str]] = {
    "qin": ("reviewer", "秦质检"),
    "tang": ("reviewer", "唐质检"),
    "shen": ("auditor", "沈审计"),
    "guan": ("regulator", "监管检查组"),
    "sun": ("administrator", "孙管理"),
    "gao": ("security_administrator", "高安全"),
    "pan": ("audit_administrator", "潘审计"),
}
"""Beside the ACCOUNTS of every running home."""

FILM_S = 110
LAG = timedelta(hours=3)
"""How long ago the work begins, so that all of it is done by now."""

NEARLY = timedelta(minutes=4)
"""How long ago those came who are still there."""


class MovedClock(SetClock):
    """A clock that runs as the machine's does, `LAG` behind it at first, and can be moved on."""

    def __init__(self) -> None:
        super().__init__()
        self._began, self._shift = datetime.now(UTC), -LAG

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def monotonic_ms(self) -> int:
        return 10_000_000 + int((self.now() - self._began) / timedelta(milliseconds=1))

    def move(self, ms: int) -> None:
        self._shift += timedelta(milliseconds=ms)

    def catch_up(self, ago: timedelta = timedelta(0)) -> None:
        """Be that much behind the machine's clock from here on."""
        assert self._shift <= -ago, "more was recorded than fits into the lag"
        self._shift = -ago


@dataclass
class Furnished:
    """Where the pages are, and what a path needs to name: cases by their state, and whatever else has a number."""

    url: str
    api: ApiWorld
    home: Path
    named: dict[str, str]
    left: TestClient
    """The customer of the case `sealed`, who may read their own copy."""


@contextmanager
def furnished_home(folder: Path, *, around: Callable[[ApiWorld], ASGIApp] = lambda api: api.app) -> Iterator[Furnished]:
    """A furnished home served on a free port of this machine until the block ends; `around` is what stands before the application."""
    path = folder / "home"
    make_live_home(path, QUIET)
    clock = MovedClock()
    with open_home(path) as opened, ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://localhost:{listening.getsockname()[1]}"
        home = replace(opened, vault=replace(opened.vault, clock=clock))
        api = _api_of(home, clock, folder, url, stack)
        named, left = _furnish(api, home, clock)
        clock.catch_up()
        with _served(around(api), home, listening):
            yield Furnished(url, api, path, named, left)


def _api_of(home: Home, clock: MovedClock, folder: Path, url: str, stack: ExitStack) -> ApiWorld:
    desk, tenant = CaseDesk(home.vault), tenant_id(home.settings.tenant.id)
    made = deps_of(home, desk, url)
    film = make_media(folder / "film.mkv", Clip("libvpx", "libopus", seconds=FILM_S, audio_tracks=1, size=(160, 90)))
    recorder = FilmedRecorder(desk, tenant, clock, feeds_of({"agent": film, "customer": film}))
    second, rooms, handed_over = FakeRecorder(desk, tenant, clock, "b"), FakeRooms(), list[str]()

    def after_call(case: str) -> None:
        handed_over.append(case)
        made.sessions.after_call(case)

    using = replace(
        made.sessions,
        rooms=rooms,
        recorders={"a": recorder, "b": second},
        probes={},
        watching=None,
        after_call=after_call,
        wait=lambda seconds: clock.move(int(seconds * 1000)),
    )
    identity = replace(made.identity, passwords=cheap_passwords())
    deps = replace(made, sessions=using, reviews=replace(made.reviews, sessions=using), identity=identity)
    for name, (role, display) in MORE_STAFF.items():
        add_account(identity, tenant, name, PASSWORD, roles=[role], display=display, languages=["zh"])
    world = World(using, home.vault, clock, rooms, recorder, second, handed_over)
    api = ApiWorld(application(home, deps), deps, world, stack)
    for name in (*ACCOUNTS, *MORE_STAFF):
        client = api.browser()
        ok(client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD}))
        api.clients[name] = client
    return api


def _furnish(api: ApiWorld, home: Home, clock: MovedClock) -> tuple[dict[str, str], TestClient]:
    """A day's work; what it made, by what it is, and the customer of the first sale."""
    _approve_scripts(api)
    sealed, left = _whole_sale(api, "sale-2026-0101")
    named = {"sealed": sealed, "reviewed": _whole_sale(api, "sale-2026-0102")[0]}
    named |= {"halted": _broken_off(api, "sale-2026-0103"), "refused": _refused(api, "sale-2026-0104")}
    _do_jobs(home)
    for case in named.values():
        api.world.beat(case)
    clock.catch_up(NEARLY)
    named |= {
        "live": _live(api, "sale-2026-0105"),
        "ready": api.seated("sale-2026-0106")[0],
        "draft": api.make_case("sale-2026-0107"),
    }
    _review(api, named["reviewed"])
    named |= _programs(api)
    _propose_policies(api)
    _wait(api)
    ok(api.client("lin").post("/api/v1/access/requests", json=_asked(named["sealed"])))
    today = datetime.now(UTC).date()
    drawn = {
        "from_on": str(today - timedelta(days=2)),
        "until_on": str(today),
        "size": 2,
        "seed": "2026-11-26-check",
    }
    sample = ok(api.client("guan").post("/api/v1/samples", json=drawn)).json()
    named |= {"sample": str(sample["sample"]), "drawn": str(sample["cases"][0]["case"])}
    return named, left


def _approve_scripts(api: ApiWorld) -> None:
    for script in ok(api.client("xu").post("/api/v1/scripts/shipped")).json()["scripts"]:
        ok(api.client("he").post(f"/api/v1/scripts/{script['script']}/versions/{script['version']}/approve"))


def _whole_sale(api: ApiWorld, number: str) -> tuple[str, TestClient]:
    case, agent, customer = api.live(number)
    ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": "请再说一遍每年要交多少保费"}))
    api.do_all(case, agent, customer)
    ok(agent.post(f"/api/v1/cases/{case}/end"))
    return case, customer


def _broken_off(api: ApiWorld, number: str) -> str:
    case, agent, _ = api.live(number)
    api.world.beat(case, 4_000)
    ok(agent.post(f"/api/v1/cases/{case}/abandon", json={"reason": "customer_left"}))
    return case


def _refused(api: ApiWorld, number: str) -> str:
    case, agent, _ = api.live(number)
    api.world.beat(case, 2_000)
    ok(agent.post(f"/api/v1/cases/{case}/refuse"))
    return case


def _live(api: ApiWorld, number: str) -> str:
    case, agent, customer = api.live(number)
    view = ok(agent.get(f"/api/v1/cases/{case}/session")).json()
    for step in [each["id"] for each in view["steps"]][:2]:
        api.do_step(case, step, agent, customer)
    return case


def _do_jobs(home: Home) -> None:
    """As a worker does them, with what was said put in where a recogniser would have heard it."""

    lines = [Line("agent" if name[0] == "a" else "customer", HEARD[name]) for name in ORDER]
    spoken_ms = said(*lines, tail_ms=0).duration_ms

    def task(claim: Claim) -> None:
        case = case_ref(claim.subject)
        log = open_case_log(home.vault, tenant_id(home.settings.tenant.id), case)
        ended = next(event for event in log.events if event.type is EventType.RECORDING_ENDED)
        if (silent_ms := ended.body["duration_ms"] - spoken_ms) > 0:
            record_findings(log, said(*lines, tail_ms=silent_ms).inspections(sealed_plan(log)))
        place = package_path(home.path, case)
        place.parent.mkdir(parents=True, exist_ok=True)
        run_after_call(log, place, home.workbench, lambda *_: None)

    while run_next(home.vault.index, task, worker="tests/1", clock=home.vault.clock):
        pass


def _review(api: ApiWorld, case: str) -> None:
    """Drawn, and one of them decided: one clause otherwise than the machine."""
    ok(api.client("xu").post("/api/v1/reviews/draws"))
    reviewer, at = api.client("qin"), f"/api/v1/cases/{case}/review"
    bench = ok(reviewer.post(f"{at}/first/take")).json()
    clauses = [{"clause": each["clause"], "verdict": each["machine"], "reason": ""} for each in bench["clauses"]]
    clauses[0] |= {"verdict": "met", "reason": "录像第三秒可见坐席出示工作证", "from_ms": 0, "to_ms": 3_000}
    ok(reviewer.post(f"{at}/first/decision", json={"clauses": clauses, "redo": ""}))


def _programs(api: ApiWorld) -> dict[str, str]:
    program = {"name": "program-core", "display": "核心系统", "roles": ["agent"], "licences": ["life"]}
    ok(api.client("gao").post("/api/v1/programs", json=program))
    key = {"name": "核心系统", "account": "program-core", "scopes": ["case.*", "session.*", "package.export"], "days": 90}
    ok(api.client("sun").post("/api/v1/keys", json=key))
    hook = {"url": "https://core.bank.example/jianlu/webhook", "name": "核心系统", "topics": ["case.packaged", "case.*"]}
    return {"hook": str(ok(api.client("sun").post("/api/v1/webhooks", json=hook)).json()["endpoint"]["id"])}


OWN_RULE = """
@id("number-for-reviewers")
@clause("cn-pipl:54")
@next_step_zh("业务编号对您脱敏显示")
@next_step_en("the business number is masked for your role")
permit(principal is Staff, action == Action::"case.see_number", resource is Case) when { principal.roles.contains("reviewer") };
"""


def _propose_policies(api: ApiWorld) -> None:
    """One version that waits for a second person."""
    body = {"files": {"50-own.cedar": OWN_RULE}, "reason": "质检需要看到业务编号才能对账"}
    ok(api.client("gao").post("/api/v1/access/policies/versions", json=body))


def _wait(api: ApiWorld) -> None:
    for name, scene in (("王女士", "insurance-remote"), ("欧阳慧敏女士", "account-opening")):
        ok(api.browser().post("/api/v1/queue", json={"template": scene, "name": name, "profile": "elderly"}))


def _asked(case: str) -> dict[str, str]:
    asked = {"kind": "approval", "action": "package.export", "case": case, "reason": "客户要求取走本次会话的证据包"}
    return {**asked, "place": "CN", "recipient": "subject"}


@contextmanager
def _served(app: ASGIApp, home: Home, listening: socket.socket) -> Iterator[None]:
    context = server_context(home.path / home.settings.serve.certificate, home.path / home.settings.serve.private_key)
    config = uvicorn.Config(app, log_config=None, access_log=False, ssl_context_factory=lambda *_: context)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="pages")
    thread.start()
    try:
        eventually(lambda: server.started, "the pages are served")
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)
