"""What the pages of proofs and rules read, from the shipped packs and a solved plan: `ProofPorts` without a service behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache

from starlette.requests import Request

from jianlu.core.errors import DeniedError, NotFoundError
from jianlu.core.formats.note import verifier_key
from jianlu.deliver.console.ports import Json
from jianlu.deliver.plans.pack_changes import pack_changes
from jianlu.deliver.plans.pack_words import pack_document, pack_head
from jianlu.deliver.plans.plan_words import plan_document
from jianlu.govern.policy import load_packs, packs_directory
from jianlu.govern.policy.earlier_packs import pack_versions
from jianlu.govern.policy.model import Pack
from tests.fakes.console_pages import CASE, ROW
from tests.fakes.reported_case import sale_plan

ON = date(2026, 11, 26)
KEY = verifier_key("test.example/log", bytes(range(32)))


@dataclass
class TableProofs:
    """`ProofPorts` for whoever asks, or for nobody."""

    is_forbidden: bool = False
    rows: list[Json] = field(default_factory=list)

    def ledger(self, request: Request) -> Json:
        self._require()
        return {"keys": [{"origin": KEY.name, "vkey": KEY.text}]}

    def vouched(self, request: Request) -> Json:
        return {
            "authorities": list(dict.fromkeys(row["who"] for row in self.rows)),
            "witnesses": [],
            "required": 0,
            "rows": self.rows,
        }

    def trust_file(self) -> bytes:
        return b'{"format":"jianlu/trust/v1"}'

    def verifier(self) -> bytes:
        return b"PK"

    def packs(self, request: Request) -> Json:
        self._require()
        return {"packs": [pack_head(pack) for pack in _packs()]}

    def pack(self, request: Request, pack: str, version: str, against: str) -> Json:
        self._require()
        found = {each.version: each for each in pack_versions(packs_directory(), pack, _packs())}
        if not {version, against} <= {*found, ""}:
            raise NotFoundError("this rule pack has no such version here: choose one of those that the page lists")
        shown = found[version] if version else next(iter(found.values()))
        changes = pack_changes(found[against], shown, on=ON) if against else None
        document = pack_document(shown, on=ON)
        return {"pack": document, "versions": list(found), "version": shown.version, "against": against, "changes": changes}

    def plan(self, request: Request, case: str) -> Json:
        self._require()
        if case != CASE:
            raise NotFoundError("there is no such case here: check the link, or ask who sent it to you")
        in_use = {pack.id: {"version": pack.version, "digest": pack.digest} for pack in _packs()}
        return {"case": ROW, "plan": plan_document(sale_plan()), "in_use": in_use}

    def _require(self) -> None:
        if self.is_forbidden:
            raise DeniedError("this is for people who may read it: ask one")


@cache
def _packs() -> tuple[Pack, ...]:
    return load_packs(packs_directory())
