"""A world for session tests: a real vault in memory, a real database, rooms and recorders that are fakes, and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.model import CaseRequest, Person, Scene
from jianlu.capture.cases.rules import Rules, load_rules
from jianlu.capture.cases.scenes import load_scenes, scenes_directory
from jianlu.capture.cases.scripts import adopt_shipped_scripts
from jianlu.capture.sessions.checks import Watching
from jianlu.capture.sessions.consents import consent
from jianlu.capture.sessions.joining import accept, invite, take_seat
from jianlu.capture.sessions.media import publish
from jianlu.capture.sessions.owing import OwedBook
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.preparing import record_preflight, start_session
from jianlu.capture.sessions.steps import answer, attest, complete_step, show_document, start_step
from jianlu.capture.sessions.view import view_session
from jianlu.capture.sessions.watch import watch_session
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.identity.model import Account, Participant, Role, Staff
from jianlu.govern.policy.load_packs import packs_directory
from jianlu.runtime.reserve import Reserve
from jianlu.vault.case_log import open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.vault.ports import Store, VaultPorts
from tests.fakes.access.worlds import access_world
from tests.fakes.sessions.clocks import SetClock
from tests.fakes.sessions.recorders import FakeRecorder
from tests.fakes.sessions.rooms import FakeRooms
from tests.fakes.vault.home import TENANT, memory_vault

SALE_FACTS: Mapping[str, Any] = {
    "case.place": "CN-31",
    "case.institution": "建安银行",
    "product.kind": "life_insurance",
    "product.design": "participating",
    "product.insurer": "和安人寿保险公司",
    "product.benefits": ["满期保险金", "身故保险金"],
    "product.payment": "annual",
    "product.premium_yuan": 10_000,
    "product.pay_years": 5,
    "product.term_years": 10,
    "product.cooling_off_days": 15,
    "product.death_benefit": True,
    "customer.age": 62,
    "customer.insured": "self",
    "session.biometrics": ["face"],
}
DEVICES = {"camera": "ok", "microphone": "ok", "speaker": "ok", "network": "ok"}


@lru_cache(maxsize=1)
def shipped_rules() -> Rules:
    return load_rules(packs_directory())


@lru_cache(maxsize=1)
def shipped_scenes() -> dict[str, Scene]:
    return load_scenes(scenes_directory())


def staff(
    name: str,
    *roles: Role,
    languages: tuple[str, ...] = (),
    licences: tuple[str, ...] = (),
    skills: tuple[str, ...] = (),
) -> Staff:
    """A member of staff who is signed in."""
    shown, codes = f"{name} (staff)", (languages, licences, skills)
    account = Account(f"account-{name}", tenant_id(TENANT), name, shown, frozenset(roles), *codes)
    return Staff(account, f"sign-in-{name}", by_totp=False)


AGENT = staff("lin", Role.AGENT)
OTHER_AGENT = staff("zhou", Role.AGENT)
SUPERVISOR = staff("he", Role.SUPERVISOR)
COMPLIANCE = staff("xu", Role.COMPLIANCE)


def participant(case: str, seat: str = "customer", tenant: str = TENANT) -> Participant:
    """Somebody who was admitted to a seat."""
    return Participant(tenant_id(tenant), case_ref(case), seat, f"admission-{seat}")


def sale_request(number: str = "sale-1", **changes: Any) -> CaseRequest:
    """The sample's sale, over remote video."""
    request = CaseRequest(
        scene="insurance-remote",
        number=number,
        title="分红型两全保险远程销售",
        language="zh",
        profile="standard",
        facts=SALE_FACTS,
        people={"agent": Person("林静"), "customer": Person("王小明", "+86 21 5555 0101")},
    )
    return replace(request, **changes)


@dataclass
class World:
    """Ports and the fakes behind them."""

    using: SessionPorts
    vault: VaultPorts
    clock: SetClock
    rooms: FakeRooms
    recorder: FakeRecorder
    second: FakeRecorder
    handed_over: list[str] = field(default_factory=list)
    reserve: Path | None = None

    def create(self, number: str = "sale-1", **changes: Any) -> str:
        return create_case(sale_request(number, **changes), using=self.using, by=AGENT)

    def events(self, case: str) -> list[Event]:
        """The case's events as the ledger has them."""
        return list(open_case_log(self.vault, TENANT, case).events)

    def kinds(self, case: str) -> list[EventType]:
        return [event.type for event in self.events(case)]

    def view(self, case: str, by: Any = AGENT) -> dict[str, Any]:
        return view_session(case, using=self.using, by=by)

    def restarted(self) -> World:
        """The same world after its web process was started anew: database, vault, rooms and recorders go on."""
        desk = CaseDesk(self.vault)
        recorders = {"a": self.recorder, "b": self.second}
        for each in recorders.values():
            each._desk = desk
        using = _ports(self.vault, desk, self.clock, self.rooms, recorders, self.using.scenes, self.handed_over)
        if self.reserve is not None:
            using = replace(using, owed=OwedBook(Reserve(self.reserve)))
        return World(using, self.vault, self.clock, self.rooms, self.recorder, self.second, self.handed_over, self.reserve)

    def beat(self, case: str, ms: int = 1_000, times: int = 1) -> None:
        """Let time pass and the watch look."""
        for _ in range(times):
            self.clock.move(ms)
            watch_session(case, using=self.using)

    def seated(self, number: str = "sale-1", **changes: Any) -> str:
        """A case whose people are all there, tested and consenting."""
        case = self.create(number, **changes)
        take_seat(case, using=self.using, by=AGENT)
        seats = [seat["seat"] for seat in self.view(case)["seats"]]
        for seat in seats:
            who = AGENT if seat == "agent" else participant(case, seat)
            if seat != "agent":
                accept(invite(case, seat, using=self.using, by=AGENT).token, using=self.using)
            record_preflight(case, DEVICES, using=self.using, by=who)
            publish(case, seat, "v=0 offer", using=self.using, by=who)
        for asked in self.view(case)["consents"]:
            if asked["moment"] == "door":
                consent(case, asked["purpose"], "given", "click", using=self.using, by=participant(case, asked["by"]))
        return case

    def live(self, number: str = "sale-1", **changes: Any) -> str:
        """A case that is being recorded, with everybody talking."""
        case = self.seated(number, **changes)
        start_session(case, using=self.using, by=AGENT)
        self.beat(case, times=3)
        return case

    def do_step(self, case: str, step: str) -> None:
        """Carry out one step as it should be."""
        start_step(case, step, using=self.using, by=AGENT)
        found = next(each for each in self.view(case)["steps"] if each["id"] == step)
        self.clock.move(1_000)
        for document in found["documents"]:
            show_document(case, step, document["id"], using=self.using, by=AGENT)
            self.beat(case, 2_000)
        for asked in found["answers"]:
            option = next(each["id"] for each in asked["options"] if each["effect"] == "go_on")
            answer(case, step, asked["id"], option, "click", using=self.using, by=participant(case, asked["by"]))
        for purpose in found["consents"]:
            consent(case, purpose, "given", "spoken", using=self.using, by=AGENT)
        for wanted in found["attestations"]:
            attest(case, wanted["clause"], wanted["what"]["zh"], using=self.using, by=AGENT)
        self.beat(case, found["min_read_ms"])
        complete_step(case, step, using=self.using, by=AGENT)

    def do_all(self, case: str) -> None:
        """Carry out every step that is left."""
        for step in [each["id"] for each in self.view(case)["steps"] if each["state"] != "done"]:
            self.do_step(case, step)


@contextmanager
def session_world(
    index_url: str = "sqlite://",
    scenes: Mapping[str, Scene] | None = None,
    *,
    is_checked: bool = False,
    on_not_met: str = "warn",
    place: str = "",
) -> Iterator[World]:
    """A world whose scripts are in force; with a checker where `is_checked`, and scenes that do `on_not_met`; its store is in `place`."""
    clock = SetClock()
    with memory_vault(index_url) as opened:
        stores = (Store("memory", "memory:", opened.blobs, place=place),) if place else ()
        vault = replace(opened, clock=clock, stores=stores)
        rooms, desk = FakeRooms(), CaseDesk(vault)
        recorder = FakeRecorder(desk, TENANT, clock)
        second = FakeRecorder(desk, TENANT, clock, "b")
        handed_over: list[str] = []
        found = {name: replace(s, on_not_met=on_not_met) for name, s in (shipped_scenes() if scenes is None else scenes).items()}
        using = _ports(vault, desk, clock, rooms, {"a": recorder, "b": second}, found, handed_over)
        if is_checked:
            using = replace(using, watching=Watching(clock.monotonic_ms()))
        adopt_shipped_scripts(using=using, proposed_by="account-he", approved_by="account-xu")
        yield World(using, vault, clock, rooms, recorder, second, handed_over)


def _ports(
    vault: VaultPorts,
    desk: CaseDesk,
    clock: SetClock,
    rooms: FakeRooms,
    recorders: Mapping[str, FakeRecorder],
    scenes: Mapping[str, Scene],
    handed_over: list[str],
) -> SessionPorts:
    tenant = tenant_id(TENANT)
    return SessionPorts(
        tenant=tenant,
        database=vault.index,
        clock=clock,
        desk=desk,
        rooms=rooms,
        recorders=recorders,
        rules=shipped_rules(),
        scenes=scenes,
        tenant_secret=tenant_secret(vault, tenant),
        backends=[["keys", "file", "1"]],
        after_call=handed_over.append,
        access=access_world(vault, desk, clock, tenant),
        wait=lambda seconds: clock.move(int(seconds * 1000)),
    )
