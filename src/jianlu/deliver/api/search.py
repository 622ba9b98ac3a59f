"""Search over all cases that the caller may find: by what was said, by people, facts, days and verdicts, with links to the second.

The question itself never enters a log; the access log keeps that it was asked, by whom, what for, and a commitment to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as Asked
from pydantic import BaseModel, ConfigDict, Field

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.masks import masked
from jianlu.capture.cases.model import CaseRow
from jianlu.capture.cases.searchable import rows_by_case, searchable_cases
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.instants import instant_text
from jianlu.core.terms.verdicts import Verdict
from jianlu.deliver.api.days import Day
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.paging import behind
from jianlu.deliver.api.review_redos import linked_cases
from jianlu.deliver.playback.roles import role_of
from jianlu.deliver.search.commitment import question_commitment
from jianlu.deliver.search.find import attribute_columns, find_in_cases
from jianlu.deliver.search.model import PAGES_MAX, QUERY_CHARACTERS_MAX, Excerpt, Found, Hit, Query
from jianlu.govern.access.model import Resource
from jianlu.govern.apikeys.model import KeyHolder
from jianlu.govern.identity.accounts import find_account
from jianlu.govern.identity.model import Staff
from jianlu.runtime.database import transaction

router = APIRouter(prefix="/api/v1", tags=["search"])

CHINA_MINUTES = 480
_OFFSET_MAX = 14 * 60
_WORD = 80


class Question(BaseModel):
    """What may be asked; every part that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field(
        "", max_length=QUERY_CHARACTERS_MAX, description="What was said: words, pinyin, or a phrase in quotation marks."
    )
    near: bool = Field(False, description="Sounds that speakers exchange (n and l, zh and z, -an and -ang) count as the same.")
    speaker: str = Field("", max_length=40, description="Who said it: the role, such as `agent` or `customer`; needs `q`.")
    customer: str = Field("", max_length=_WORD, description="A customer's whole name, telephone number, or its last four digits.")
    number: str = Field("", max_length=64, description="The case's or policy's number, whole.")
    agent: str = Field("", max_length=64, description="The agent's account: its id or sign-in name.")
    product: str = Field("", max_length=64)
    template: str = Field("", max_length=40)
    first: Day | None = Field(None, alias="from", description="The first day.")
    last: Day | None = Field(None, alias="to", description="The last day.")
    utc_offset_min: int = Field(CHINA_MINUTES, ge=-_OFFSET_MAX, le=_OFFSET_MAX, description="Where days begin; China without it.")
    clause: str = Field("", max_length=200, description="A clause's key, such as `pack:clause`.")
    verdict: Verdict | None = Field(None, description="The verdict on that clause, or on any.")
    order: Literal["hits", "newest"] = "hits"
    purpose: str = Field("", max_length=40, description="What for, where the role itself does not say it.")
    page: int = Field(1, ge=1, le=PAGES_MAX)
    cursor: str = Field("", max_length=200, description="Instead of a page: `next` of the answer before, or `first`.")


@router.get("/search")
def search(question: Annotated[Question, Asked()], staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The cases that fit and that the caller may find, those in which it is said most often first, then the newest."""
    return search_document(deps, staff, question)


def search_document(deps: Deps, staff: Staff, question: Question) -> dict[str, Any]:
    """The answer of `/search`; every asking is a decision of access that is kept."""
    query = _query(deps, question)
    commitment = question_commitment(query, using=deps.search)
    deps.access.require(staff, "search.run", Resource("search", commitment, deps.tenant), purpose=question.purpose)
    allowed = searchable_cases(deps.access, staff, deps.tenant, purpose=question.purpose)
    cursor = behind(question.cursor) if question.cursor else None
    found = find_in_cases(query, using=deps.search, allowed=attribute_columns()["case"].in_(allowed), cursor=cursor)
    with transaction(deps.database, writes=False) as connection:
        rows = rows_by_case(connection, deps.tenant, [hit.case for hit in found.hits])
    return _document(found, rows, deps, staff, question)


def _query(deps: Deps, question: Question) -> Query:
    return Query(
        text=question.q.strip(),
        near=question.near,
        speaker=question.speaker.strip(),
        customer=question.customer.strip(),
        number=question.number.strip(),
        agent=_account(deps, question.agent.strip()),
        product=question.product,
        scene=question.template,
        from_at=_begin_of(question.first, question.utc_offset_min),
        until_at=_begin_of(question.last and _next(question.last), question.utc_offset_min),
        clause=question.clause,
        verdict=question.verdict.value if question.verdict else "",
        newest_first=question.order == "newest",
        page=question.page,
    )


def _account(deps: Deps, named: str) -> str:
    try:
        return find_account(deps.identity, deps.tenant, named).id if named else ""
    except NotFoundError:
        return named


def _begin_of(day: date | None, offset_min: int) -> str:
    if day is None:
        return ""
    return instant_text(datetime.combine(day, time(), timezone(timedelta(minutes=offset_min))).astimezone(UTC))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _document(found: Found, rows: Mapping[str, CaseRow], deps: Deps, staff: Staff, question: Question) -> dict[str, Any]:
    hits = [_hit(hit, rows[hit.case], deps, staff, question.purpose) for hit in found.hits if hit.case in rows]
    links = linked_cases(deps, staff, [hit["case"] for hit in hits])
    hits = [{**hit, "links": links.get(hit["case"])} for hit in hits]
    answer = {"hits": hits, "total": found.total, "page": found.page, "pages": found.pages, "next": found.next}
    return {**answer, "order": question.order}


def _hit(hit: Hit, row: CaseRow, deps: Deps, staff: Staff, purpose: str) -> dict[str, Any]:
    may_play = (
        _reaches(staff, "case.play") and deps.access.decide(staff, "case.play", case_resource(row), purpose=purpose).is_allowed
    )
    people = hit.card.get("people", {})
    address = f"/cases/{hit.case}/playback"
    return {
        "case": hit.case,
        "number": shown_number(deps, staff, row),
        "title": row.title,
        "template": row.scene,
        "product": hit.product,
        "customer": masked(str(people.get("customer", {}).get("name", ""))),
        "agent": row.agent_display,
        "began_at": hit.began_at,
        "state": row.state,
        "verdicts": {verdict.value: sum(each == verdict for _, each in hit.verdicts) for verdict in Verdict},
        "not_met": [clause for clause, verdict in hit.verdicts if verdict == Verdict.NOT_MET],
        "count": hit.count,
        "lines_total": hit.lines,
        "lines": [_line(each, address) for each in hit.excerpts] if may_play else [],
        "is_withheld": bool(hit.excerpts) and not may_play,
        "playback": address if may_play else "",
    }


def _reaches(staff: Staff, action: str) -> bool:
    """Whether what somebody calls with reaches that far: a program's key may search without reading what was said."""
    return not isinstance(staff, KeyHolder) or staff.may(action)


def _line(excerpt: Excerpt, address: str) -> dict[str, Any]:
    line = excerpt.line
    return {
        "role": role_of(line.track),
        "lang": line.lang,
        "from_ms": line.from_ms,
        "to_ms": line.to_ms,
        "at_ms": excerpt.at_ms,
        "text": line.text,
        "marks": [list(mark) for mark in excerpt.marks],
        "playback": f"{address}#t={excerpt.at_ms / 1000:.1f}",
    }
