"""The responsibility matrix: every clause of every pack, who answers for it, and what each side does.

A document in both languages, and a table file in one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from jianlu.govern.policy.model import Clause, Pack
from jianlu.govern.policy.responsibility import OWNERS, Responsibilities


def responsibility_matrix(packs: Sequence[Pack], responsibilities: Responsibilities) -> dict[str, Any]:
    """{packs: [{id, version, title, clauses: [...]}], counts: {owner: n}}; texts in both languages."""
    rows = [(pack, _pack(pack, responsibilities)) for pack in packs]
    clauses = [clause for _, row in rows for clause in row["clauses"]]
    return {
        "packs": [row for _, row in rows],
        "counts": {owner: sum(clause["owner"] == owner for clause in clauses) for owner in OWNERS},
    }


def matrix_csv(matrix: dict[str, Any], lang: str) -> str:
    """The matrix as CSV (RFC 4180) in one language, for a spreadsheet; cells that a spreadsheet would run are quoted as text."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(("pack", "version", "clause", "citation", "title", "status", "owner", "provider", "tenant", "reason"))
    for pack in matrix["packs"]:
        for clause in pack["clauses"]:
            sides = [" / ".join(share[side][lang] for share in clause["shares"]) for side in ("provider", "tenant")]
            texts = (
                clause["citation"],
                clause["title"][lang],
                clause["status"],
                clause["owner"],
                *sides,
                clause["reason"].get(lang, ""),
            )
            rows.writerow((pack["id"], pack["version"], clause["clause"], *(_safe(text) for text in texts)))
    return written.getvalue()


def _pack(pack: Pack, responsibilities: Responsibilities) -> dict[str, Any]:
    clauses = [_clause(pack, clause, responsibilities) for clause in pack.clauses]
    return {"id": pack.id, "version": pack.version, "title": dict(pack.title), "clauses": clauses}


def _clause(pack: Pack, clause: Clause, responsibilities: Responsibilities) -> dict[str, Any]:
    kinds = dict.fromkeys(demand.kind for demand in clause.demands)
    special = responsibilities.clauses.get(f"{pack.id}:{clause.id}")
    shares = [responsibilities.demands[kind] for kind in kinds]
    return {
        "clause": clause.id,
        "citation": clause.citation,
        "title": dict(clause.title),
        "status": clause.status,
        "owner": responsibilities.owner_of(pack, clause),
        "shares": [
            {"kind": kind, "provider": dict(share.provider), "tenant": dict(share.tenant)}
            for kind, share in zip(kinds, shares, strict=True)
        ],
        "reason": dict(special.reason) if special is not None else dict(clause.note),
    }


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
