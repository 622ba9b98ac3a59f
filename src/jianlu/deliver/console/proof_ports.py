"""What the pages of proofs and rules read: ledger, published keys and verifier, rule packs, the plan of a case.

As `ports.py`: errors are the six families, and rights are decided where a document is made.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class ProofPorts(Protocol):
    """Reads for pages."""

    def ledger(self, request: Request) -> Json:
        """{keys: [{origin, vkey}]} as published; for those who may read the ledger."""

    def vouched(self, request: Request) -> Json:
        """{authorities, witnesses, required, rows}: who the settings name, and the newest tokens and cosignatures, as `ledger.anchor_rows`.

        A row has kind, who, size, at, checked, problem; checked by this server, which the page says.
        """

    def trust_file(self) -> bytes:
        """The trust file that the institution publishes; for anybody. NotFoundError when there is none."""

    def verifier(self) -> bytes:
        """The program `verifier.pyz` of this version; for anybody."""

    def packs(self, request: Request) -> Json:
        """{packs: [...]}: the rule packs in use, as `deliver/plans/pack_words.pack_head`."""

    def pack(self, request: Request, pack: str, version: str, against: str) -> Json:
        """{pack, versions, version, against, changes}: one version in words ("" for the one in use), and how it differs from `against`."""

    def plan(self, request: Request, case: str) -> Json:
        """{case, plan}: the frozen plan of a case in words, as `deliver/plans/plan_words.plan_document`."""
