"""The API over the session world: real use cases and database, fake rooms and recorders, clients signed in as people.

A client calls the application in this process, as a browser would: with cookies over https and the header that marks own calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from jianlu.capture.cases.model import Scene
from jianlu.capture.cases.scenes import load_scene, scenes_directory
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.app import create_app
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.describe import check_answer
from jianlu.deliver.api.reader import CaseReader
from jianlu.deliver.search.ports import search_ports
from jianlu.entry.reactions import reaction_to
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.settings import Settings
from jianlu.vault.custody.time_reading import ClockWatch, unproved_time
from tests.fakes.identity.worlds import add_account, cheap_passwords
from tests.fakes.review.trees import tree_of
from tests.fakes.sessions.world import SALE_FACTS, World, session_world
from tests.fakes.vault.memory import memory_keys
from tests.fakes.vault.proofs import proved, some_signer

PASSWORD = "correct horse battery"
ACCOUNTS = {"lin": ["agent"], "zhou": ["agent"], "he": ["supervisor"], "xu": ["compliance"]}
DEVICES = {"checks": {"camera": "ok", "microphone": "ok", "speaker": "ok", "network": "ok"}}
OFFER = "v=0 offer"
HERE, PROGRAM = "127.0.0.1", "jianlu-tests"


@dataclass
class ApiWorld:
    """The application, what is behind it, and clients by who is signed in."""

    app: FastAPI
    deps: Deps
    world: World
    stack: ExitStack
    clients: dict[str, TestClient] = field(default_factory=dict)

    def client(self, name: str = "") -> TestClient:
        """A client signed in as the account `name`, or as nobody."""
        if name not in self.clients or not name:
            client = self.browser()
            if not name:
                return client
            answer = client.post("/api/v1/sign-in", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            self.clients[name] = client
        return self.clients[name]

    def browser(self, address: str = HERE, program: str = PROGRAM) -> TestClient:
        """A client of nobody, at that network address and of that name; a sign-in holds where it was made."""
        client = TestClient(
            self.app,
            base_url="https://testserver",
            headers={"X-Jianlu": "1", "User-Agent": program},
            client=(address, 50_000),
            raise_server_exceptions=False,
        )
        client.event_hooks["response"].append(self._hold_to_description)
        return self.stack.enter_context(client)

    def _hold_to_description(self, answer: Any) -> None:
        """Every JSON answer of a success, of every test, is what the description promises."""
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        if not answer.is_success or answer.status_code == 204 or not is_json:
            return
        answer.read()
        for template in self.app.openapi()["paths"]:
            if _fits(template).fullmatch(answer.request.url.path):
                check_answer(answer.request.method, template, answer.json())

    def guest(self, token: str) -> TestClient:
        """A client that joined with an invitation."""
        client = self.client()
        answer = client.post("/api/v1/join", json={"token": token})
        assert answer.status_code == 200, answer.text
        return client

    def make_case(self, number: str = "sale-1", name: str = "lin", **more: Any) -> str:
        """A case made through the API; `more` adds to parts of its body."""
        body = sale_body(number)
        body |= {part: {**body[part], **added} for part, added in more.items()}
        answer = self.client(name).post("/api/v1/cases", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case"])

    def prove(self, name: str) -> None:
        """Have `name` prove anew who they are, as a page asks before a sensitive act."""
        ok(self.client(name).post("/api/v1/me/step-up", json={"password": PASSWORD}))

    def approve_export(self, case: str, name: str = "lin", second: str = "xu") -> None:
        """Have a second person approve that `name` exports the case, both having proved just now who they are."""
        for each in (name, second):
            self.prove(each)
        asked = {"kind": "approval", "action": "package.export", "case": case, "reason": "the customer asked for it"}
        asked |= {"place": "CN", "recipient": "subject"}
        made = ok(self.client(name).post("/api/v1/access/requests", json=asked)).json()
        ok(self.client(second).post(f"/api/v1/access/requests/{made['request']}/approve"))

    def invite(self, case: str, seat: str = "customer", name: str = "lin") -> str:
        """The token of a fresh invitation."""
        answer = self.client(name).post(f"/api/v1/cases/{case}/invitations", json={"seat": seat})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def seated(self, number: str = "sale-1") -> tuple[str, TestClient, TestClient]:
        """A case whose agent and customer are there, tested, publishing and consenting: case, agent's client, customer's client."""
        case = self.make_case(number)
        agent = self.client("lin")
        at = f"/api/v1/cases/{case}"
        ok(agent.post(f"{at}/seat", json={"seat": "agent"}))
        customer = self.guest(self.invite(case))
        for client, seat in ((agent, "agent"), (customer, "customer")):
            ok(client.post(f"{at}/preflight", json=DEVICES))
            answer = client.post(f"{at}/feeds/{seat}", content=OFFER, headers={"Content-Type": "application/sdp"})
            assert answer.status_code == 201, answer.text
        view = customer.get(f"{at}/session").json()
        for asked in view["consents"]:
            if asked["moment"] == "door":
                ok(customer.post(f"{at}/consents", json={"purpose": asked["purpose"], "decision": "given"}))
        return case, agent, customer

    def live(self, number: str = "sale-1") -> tuple[str, TestClient, TestClient]:
        """As `seated`, being recorded."""
        case, agent, customer = self.seated(number)
        ok(agent.post(f"/api/v1/cases/{case}/start"))
        self.world.beat(case, times=3)
        return case, agent, customer

    def do_step(self, case: str, step: str, agent: TestClient, customer: TestClient) -> None:
        """Carry out one step as it should be, each by whom it is for."""
        at = f"/api/v1/cases/{case}"
        view = ok(agent.post(f"{at}/steps/{step}/start")).json()
        found = next(each for each in view["steps"] if each["id"] == step)
        self.world.clock.move(1_000)
        for document in found["documents"]:
            ok(agent.post(f"{at}/steps/{step}/documents", json={"document": document["id"]}))
            self.world.beat(case, 2_000)
        for asked in found["answers"]:
            option = next(each["id"] for each in asked["options"] if each["effect"] == "go_on")
            ok(customer.post(f"{at}/steps/{step}/answers", json={"question": asked["id"], "answer": option}))
        for purpose in found["consents"]:
            ok(agent.post(f"{at}/consents", json={"purpose": purpose, "decision": "given", "how": "spoken"}))
        for wanted in found["attestations"]:
            ok(agent.post(f"{at}/attestations", json={"clause": wanted["clause"], "statement": wanted["what"]["zh"]}))
        self.world.beat(case, found["min_read_ms"])
        ok(agent.post(f"{at}/steps/{step}/complete"))

    def do_all(self, case: str, agent: TestClient, customer: TestClient) -> None:
        """Carry out every step that is left."""
        view = agent.get(f"/api/v1/cases/{case}/session").json()
        for step in [each["id"] for each in view["steps"] if each["state"] != "done"]:
            self.do_step(case, step, agent, customer)


@cache
def _fits(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


@lru_cache(maxsize=1)
def remote_sale() -> Scene:
    """The one template that these tests use."""
    return load_scene(scenes_directory() / "insurance-remote")


def ok(answer: Any) -> Any:
    """`answer`, which must be a success."""
    assert 200 <= answer.status_code < 300, f"{answer.status_code} {answer.text}"
    return answer


def sale_body(number: str = "sale-1") -> dict[str, Any]:
    """The sample's sale as a client states it."""
    return {
        "template": "insurance-remote",
        "number": number,
        "title": "分红型两全保险远程销售",
        "facts": dict(SALE_FACTS),
        "people": {"agent": {"name": "林静"}, "customer": {"name": "王小明", "phone": "+86 21 5555 0101"}},
    }


@contextmanager
def api_world(
    index_url: str,
    home: Path,
    *,
    also: Mapping[str, Sequence[str]] | None = None,
    scene: Scene | None = None,
    place: str = "",
    needs_second_factor: bool = False,
) -> Iterator[ApiWorld]:
    """An application over a fresh world; `home` is where packages and secrets would be, `also` are accounts with their roles.

    `scene` is the template where it is not the usual one, `place` the one of the store; whether everybody needs a second factor.
    """
    template = scene or remote_sale()
    with session_world(index_url, {template.id: template}, place=place) as world, ExitStack() as stack:
        using = world.using
        passwords = cheap_passwords()
        identity = IdentityPorts(using.database, using.clock, memory_keys(), passwords, needs_second_factor=needs_second_factor)
        for name, roles in {**ACCOUNTS, **(also or {})}.items():
            add_account(identity, using.tenant, name, PASSWORD, roles=roles, languages=["zh"], licences=["life"])
        signer = some_signer()
        reader = CaseReader(world.vault, using.desk, using.tenant)
        deps = Deps(
            settings=Settings(),
            tenant=using.tenant,
            version="0.0.0",
            public_url="https://testserver",
            database=using.database,
            clock=using.clock,
            identity=identity,
            status_of=lambda error: reaction_to(error).http_status,
            home=home,
            sessions=using,
            reader=reader,
            access=using.access,
            search=search_ports(world.vault, using.tenant, using.rules.languages),
            prove=lambda positions: proved(world.vault, positions, signer),
            clock_watch=ClockWatch(using.clock),
            expiry=unproved_time(using.clock),
            reviews=ReviewPorts(using, world.vault, lambda size: tree_of(world.vault, size), reader.log),
        )
        yield ApiWorld(create_app(deps), deps, world, stack)


NOBODYS_CASE = case_ref("c" + "z7" * 13)
