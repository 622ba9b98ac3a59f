"""Fields of a case that policies mask by role: the business number, and the people's names. The same call is masked or in the clear.

Lists never hold a whole name. One case holds it for who may see it for the purpose that they state; that is on the record first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jianlu.capture.cases.case_access import case_resource, number_for, numbers_for
from jianlu.capture.cases.model import CaseRow
from jianlu.deliver.api.deps import Deps
from jianlu.govern.identity.model import Principal


def shown_number(deps: Deps, caller: Principal, row: CaseRow) -> str:
    """The business number as the caller may see it, in pages, answers and exports alike."""
    return number_for(deps.access, caller, row)


def shown_numbers(deps: Deps, caller: Principal, rows: Sequence[CaseRow]) -> list[str]:
    """As `shown_number`, of several cases at once."""
    return numbers_for(deps.access, caller, rows)


def shown_row(deps: Deps, caller: Principal, row: CaseRow) -> dict[str, Any]:
    """The row as lists show it to the caller."""
    return {**row.document, "number": shown_number(deps, caller, row)}


def shown_rows(deps: Deps, caller: Principal, rows: Sequence[CaseRow]) -> list[dict[str, Any]]:
    """As `shown_row`, of one page of a list at once."""
    return [{**row.document, "number": number} for row, number in zip(rows, shown_numbers(deps, caller, rows), strict=True)]


def shown_case(deps: Deps, caller: Principal, row: CaseRow, purpose: str) -> dict[str, Any]:
    """The row as one case shows it to the caller: with the customer's whole name where a policy allows it for the stated purpose."""
    document = shown_row(deps, caller, row)
    if not purpose or not deps.access.decide(caller, "case.see_names", case_resource(row), purpose=purpose).is_allowed:
        return document
    deps.access.require(caller, "case.see_names", case_resource(row), purpose=purpose)
    people = json.loads(deps.reader.log(row.case).open_object("particulars"))["people"]
    return {**document, "customer": str(people["customer"]["name"])}
