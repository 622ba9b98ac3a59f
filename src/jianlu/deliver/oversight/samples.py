"""Random samples of concluded cases for whoever inspects: drawn by a seed that everybody can repeat, each draw and each look on the record.

Of the cases that ended in a period, in the order of SHA-256(seed, case reference), the first so many are the sample: whoever knows the
seed and the references of the period's cases draws the same. A seed may be given by whoever draws; else it is fresh chance. Draws
cannot be undone.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from jianlu.capture.cases.case_rows import cases_ended
from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.oversight._tables import sample_cases, samples
from jianlu.govern.access.ports import DecisionLog
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

SIZE_MAX = 200
CONCLUDED = ("ended", "sealed", "refused", "halted")
FORMAT = "jianlu/sample/v1"
_SEED = re.compile(r"^[\x21-\x7e]{8,128}$")
_LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class SamplePorts:
    """What samples rest on."""

    database: Engine
    clock: Clock
    tenant: TenantId
    log: DecisionLog


def draw_sample(from_on: date, until_on: date, size: int, seed: str, *, using: SamplePorts, by: str) -> str:
    """Draw of the cases that ended from `from_on` to `until_on`, both included (UTC days); returns the sample's id.

    In the ledger before it is answered: who drew, when, of how many, by which seed, and which cases. InvalidError for a size, period or
    seed that is none, and where no case ended in the period.
    """
    if not 1 <= size <= SIZE_MAX or until_on < from_on:
        raise InvalidError(f"a sample has 1 to {SIZE_MAX} cases of a period whose end is not before its beginning")
    if seed and not _SEED.fullmatch(seed):
        raise InvalidError("a seed is 8 to 128 printable characters without spaces, or left empty for fresh chance")
    chosen_seed, name, now = seed or secrets.token_hex(16), secrets.token_hex(12), using.clock.now()
    population = _ended_within(using, from_on, until_on)
    if not population:
        raise InvalidError("no case ended in this period: choose another")
    drawn = drawn_of(population, chosen_seed, size)
    document = {
        "format": FORMAT,
        "sample": name,
        "from_on": from_on.isoformat(),
        "until_on": until_on.isoformat(),
        "size": size,
        "seed": chosen_seed,
        "is_own_seed": bool(seed),
        "population": len(population),
        "population_digest": digest_of("\n".join(sorted(population)).encode()),
        "cases": list(drawn),
    }
    using.log.change("sample", {"by": by, **{key: value for key, value in document.items() if key != "format"}})
    with transaction(using.database) as connection:
        mine = {"sample": name, "tenant": using.tenant, "account": by}
        connection.execute(insert(samples).values(**mine, drawn_at=instant_text(now), document=json.dumps(document)))
        connection.execute(insert(sample_cases), [{**mine, "case_ref": case, "no": no} for no, case in enumerate(drawn, 1)])
    return name


def drawn_of(population: Sequence[str], seed: str, size: int) -> tuple[str, ...]:
    """The first `size` of the population in the order of SHA-256 over seed, a line feed and the case's reference. Pure."""
    return tuple(sorted(population, key=lambda case: hashlib.sha256(f"{seed}\n{case}".encode()).digest())[:size])


def samples_of(account: str, *, using: SamplePorts) -> list[dict[str, Any]]:
    """The draws of an account, newest first, without their cases."""
    columns = samples.c
    mine = select(samples).where(columns.tenant == using.tenant, columns.account == account)
    with transaction(using.database, writes=False) as connection:
        rows = connection.execute(mine.order_by(columns.drawn_at.desc()).limit(_LISTED_MAX)).all()
    return [{**_head(json.loads(row.document)), "drawn_at": row.drawn_at} for row in rows]


def read_sample(name: str, *, using: SamplePorts, by: str) -> dict[str, Any]:
    """A draw with its cases; NotFoundError for a draw of somebody else's."""
    columns = samples.c
    query = select(samples).where(columns.sample == name, columns.tenant == using.tenant, columns.account == by)
    with transaction(using.database, writes=False) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("there is no such sample of yours: see your samples")
    document = json.loads(row.document)
    return {**_head(document), "drawn_at": row.drawn_at, "cases": document["cases"]}


def require_drawn(name: str, case: str, *, using: SamplePorts, by: str) -> None:
    """NotFoundError unless the case is in that sample of the account."""
    columns = sample_cases.c
    query = select(columns.no).where(
        columns.sample == name, columns.case_ref == case, columns.tenant == using.tenant, columns.account == by
    )
    with transaction(using.database, writes=False) as connection:
        if connection.execute(query).one_or_none() is None:
            raise NotFoundError("this case is not in your sample: see its cases")


def _head(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in ("format", "cases")}


def _ended_within(using: SamplePorts, from_on: date, until_on: date) -> list[str]:
    low, high = from_on.isoformat(), (until_on + timedelta(days=1)).isoformat()
    with transaction(using.database, writes=False) as connection:
        return cases_ended(connection, using.tenant, CONCLUDED, low, high)
