"""A case as access policies see it: whose it is, where, how sensitive, in which state. Read from its row alone.

`case_columns` are the same attributes as columns, for lists; `tests/property/access` holds the two together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, select

from jianlu.capture.cases._tables import live_cases
from jianlu.capture.cases.masks import masked_number
from jianlu.capture.cases.model import CaseRow
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.terms.ids import tenant_id
from jianlu.govern.access.decide import Access
from jianlu.govern.access.model import Attribute, Resource
from jianlu.govern.access.policies import Policies
from jianlu.govern.access.residuals import filter_by, filter_for
from jianlu.govern.access.situations import situations_of
from jianlu.govern.identity.model import Participant, Principal
from jianlu.runtime.database import transaction

_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "tenant": live_cases.c.tenant,
    "ref": live_cases.c.case_ref,
    "owner": live_cases.c.agent,
    "maker": live_cases.c.created_by,
    "branch": live_cases.c.branch,
    "place": live_cases.c.place,
    "level": live_cases.c.level,
    "state": live_cases.c.state,
}


def case_resource(row: CaseRow, **more: str | tuple[str, ...]) -> Resource:
    """The case of `row`; `more` are attributes that the row does not hold: purposes consented to (`given`), where it goes (`goes_to`)."""
    attributes: dict[str, Attribute] = {
        "ref": row.case,
        "owner": row.agent,
        "maker": row.created_by,
        "branch": row.branch,
        "place": row.place,
        "level": row.level,
        "state": row.state,
        **more,
    }
    return Resource("case", row.case, tenant_id(row.tenant), attributes)


def visible_cases(access: Access, who: Principal, *, action: str = "case.read", purpose: str = "") -> ColumnElement[bool]:
    """The condition on `live_cases` under which `who` may do `action` to the case; raises as `filter_for`."""
    return filter_for(access, who, action, "Case", _COLUMNS, purpose=purpose)


def number_for(access: Access, who: Principal, row: CaseRow) -> str:
    """The business number as `who` may see it; a seat of the case made it."""
    return numbers_for(access, who, [row])[0]


def numbers_for(access: Access, who: Principal, rows: Sequence[CaseRow]) -> list[str]:
    """As `number_for`, of several cases that are asked about at once."""
    if isinstance(who, Participant):
        return [row.number for row in rows]
    decisions = access.decide_each(who, "case.see_number", [case_resource(row) for row in rows])
    return [row.number if each.is_allowed else masked_number(row.number) for row, each in zip(rows, decisions, strict=True)]


def whose(database: Engine, tenant: str, cases: Collection[str]) -> dict[str, tuple[str, str, str]]:
    """Of each of these cases who leads it, who made it, and its branch; of at most five hundred, those that there are."""
    columns = live_cases.c
    query = select(columns.case_ref, columns.agent, columns.created_by, columns.branch)
    with transaction(database, writes=False) as connection:
        found = connection.execute(query.where(columns.tenant == tenant, columns.case_ref.in_(sorted(cases)[:500])))
        return {case: (agent, maker, branch) for case, agent, maker, branch in found}


def check_lists(policies: Policies) -> None:
    """InvalidError for policies by which lists of cases could not be filtered: they ask of a case what is not in its row."""
    askers = {at.who: at.principal for at in situations_of("Case") if at.relation == "own" and at.obstacle == "none"}
    for who, asker in askers.items():
        for action in ("case.read", "case.search", "case.see_number", "session.read"):
            try:
                filter_by(policies, asker, action, "Case", _COLUMNS)
            except IntegrityError as error:
                raise InvalidError(f"lists of cases could not be filtered for {who}: {error}") from error
