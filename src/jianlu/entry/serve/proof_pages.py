"""What the pages of proofs and rules read: the ledger's published keys, the verifier, rule packs, the plan of a case.

The port is `deliver/console/proof_ports.py`. Who may read is asked of the deciding function, here as in the API.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

from jianlu.core.errors import NotFoundError
from jianlu.core.formats.cosignature import parse_witness_key
from jianlu.deliver.api.cases import case_document
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.ledger import ledger_document, trust_content
from jianlu.deliver.api.rights import require_case
from jianlu.deliver.console.ports import Json
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.deliver.plans.pack_changes import pack_changes
from jianlu.deliver.plans.pack_words import pack_document, pack_head
from jianlu.deliver.plans.plan_words import plan_document
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.policy import packs_directory
from jianlu.govern.policy.earlier_packs import pack_versions
from jianlu.govern.policy.model import Pack
from jianlu.judge.judge_case import sealed_plan
from jianlu.ledger.anchors.folder import anchor_sizes
from jianlu.ledger.anchors.rows import anchor_rows, named_authorities

_ANCHORS_SHOWN = 20


class ProofPages:
    """`deliver.console.proof_ports.ProofPorts` over a home."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def ledger(self, request: Request) -> Json:
        """As the port."""
        return ledger_document(self._deps, self._deps.signed_in(request))

    def vouched(self, request: Request) -> Json:
        """As the port."""
        self._deps.access.require(self._deps.signed_in(request), "ledger.read", tenant_wide(self._deps.tenant))
        settings = self._deps.settings
        directory = self._deps.home / settings.ledger.path
        names = [each.name for each in settings.time.authorities]
        trusted = named_authorities(directory, names)
        witnesses = [parse_witness_key(each.key) for each in settings.witnesses.witnesses]
        rows = anchor_rows(directory, trusted, witnesses, anchors_max=_ANCHORS_SHOWN) if anchor_sizes(directory) else ()
        return {
            "authorities": names,
            "witnesses": [key.name for key in witnesses],
            "required": settings.witnesses.required,
            "rows": [row.as_document() for row in rows],
        }

    def trust_file(self) -> bytes:
        """As the port."""
        return trust_content(self._deps)

    def verifier(self) -> bytes:
        """As the port."""
        return _verifier()

    def packs(self, request: Request) -> Json:
        """As the port."""
        self._require_packs(request)
        return {"packs": [pack_head(pack) for pack in self._in_use]}

    def pack(self, request: Request, pack: str, version: str, against: str) -> Json:
        """As the port."""
        self._require_packs(request)
        found = {each.version: each for each in pack_versions(self._folder, pack, self._in_use)}
        shown = _chosen(found, version) if version else next(iter(found.values()))
        on = self._today
        return {
            "pack": pack_document(shown, on=on),
            "versions": list(found),
            "version": shown.version,
            "against": against,
            "changes": pack_changes(_chosen(found, against), shown, on=on) if against else None,
        }

    def plan(self, request: Request, case: str) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        require_case(self._deps, staff, "case.read", case)
        document: dict[str, Any] = plan_document(sealed_plan(self._deps.reader.log(case)))
        in_use = {pack.id: {"version": pack.version, "digest": pack.digest} for pack in self._in_use}
        return {"case": case_document(self._deps, staff, case), "plan": document, "in_use": in_use}

    def _require_packs(self, request: Request) -> None:
        self._deps.access.require(self._deps.signed_in(request), "pack.read", tenant_wide(self._deps.tenant))

    @property
    def _in_use(self) -> tuple[Pack, ...]:
        """The packs that this process makes plans with: read when it started."""
        return self._deps.sessions.rules.packs

    @property
    def _folder(self) -> Path:
        place = self._deps.settings.policy.packs_path
        return Path(place) if place else packs_directory()

    @property
    def _today(self) -> date:
        return self._deps.clock.now().date()


def _chosen(found: dict[str, Pack], version: str) -> Pack:
    if version not in found:
        raise NotFoundError("this rule pack has no such version here: choose one of those that the page lists")
    return found[version]


@lru_cache(maxsize=1)
def _verifier() -> bytes:
    return verifier_bytes()
