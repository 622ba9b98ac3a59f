"""Days stated after the call: what one person asks to have stated, what a second approves, and how it becomes events of custody.

A sheet is up to fifty lines that two people look at together; its id is a digest of them, so an edited row is another sheet. Whether a line
may be said is read from the case's chains when it is asked and again when it is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from hashlib import sha256

from sqlalchemy import Engine, RowMapping, insert, select

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.ids import TenantId, case_ref
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.oversight._tables import statement_sheets
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, said
from jianlu.vault.custody.statements import ApprovedStatement, Stated, require_statable, state_trigger
from jianlu.vault.ports import VaultPorts

LINES_MAX = 50
"""Lines of one sheet: as many as two people look through."""

SHEETS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class StatementPorts:
    """What stating works with, in the process that has the desk. `writing` is a case's custody chain for one thread at a time.

    `read` is a case's own log, `read_custody` its custody chain.
    """

    vault: VaultPorts
    tenant: TenantId
    database: Engine
    clock: Clock
    writing: Callable[[str], AbstractContextManager[CaseLog]]
    read: Callable[[str], CaseLog]
    read_custody: Callable[[str], CaseLog]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines that are stated by one decision; `request` is the one that a second person approves."""

    sheet: str
    lines: tuple[Stated, ...]
    reason: str
    asked_by: str
    asked_at: str
    request: str


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What became of a line: an empty `why` and `code` when it may be stated or is stated now."""

    case: str
    trigger: str
    why: str = ""
    code: str = ""


def look_through(lines: Sequence[Stated], *, using: StatementPorts) -> list[LineOutcome]:
    """Each line by its case's chains, in order, with why it may not be stated; nothing is written."""
    return [_tried(line, lambda line: _require(line, using)) for line in lines]


def ask_statements(
    lines: Sequence[Stated], reason: str, *, using: StatementPorts, by: str, ask: Callable[[str], str]
) -> tuple[Sheet | None, list[LineOutcome]]:
    """A sheet that waits for a second person; `ask` makes the request for its id and returns that request's.

    While a line may not be stated there is no sheet, nobody is asked, and every line says why. InvalidError for too many lines, the same
    case and trigger twice, or a reason that says nothing.
    """
    wanted = tuple(sorted(lines, key=lambda line: (line.case, line.trigger)))
    named = {(case_ref(line.case), line.trigger) for line in wanted}
    if not 1 <= len(wanted) <= LINES_MAX or len(named) != len(wanted):
        raise InvalidError(f"one decision states 1 to {LINES_MAX} days, each case and day once: ask for fewer at once")
    words = said(reason, REASON_MIN, REASON_MAX, "the reason")
    looked = look_through(wanted, using=using)
    if any(each.why for each in looked):
        return None, looked
    asked_at = instant_text(using.clock.now())
    sheet = _sheet_id(using.tenant, wanted, words, by, asked_at)
    request = ask(sheet)
    row = {
        "sheet": sheet,
        "tenant": using.tenant,
        "lines": json.dumps([asdict(line) for line in wanted]),
        "reason": words,
        "asked_by": by,
        "asked_at": asked_at,
        "request": request,
    }
    with transaction(using.database) as connection:
        connection.execute(insert(statement_sheets).values(**row))
    return Sheet(sheet, wanted, words, by, asked_at, request), looked


def record_sheet(sheet: Sheet, *, using: StatementPorts, by: str, second: str, request: str) -> list[LineOutcome]:
    """State every line of an approved sheet that may be stated now; the events are in the ledger on return.

    A line that is in the ledger already stays as it is, so that a broken-off recording goes on; one that may not be stated any more (the
    destruction began, a later day came) is told and stays out.
    """
    approved = ApprovedStatement(sheet.sheet, sheet.reason, by, second, request)

    def record(line: Stated) -> None:
        with using.writing(line.case) as log:
            state_trigger(log, using.read(line.case).events, line, approved, using=using.vault, clock=using.clock)

    return [_tried(line, record) for line in sheet.lines]


def find_sheet(sheet: str, *, tenant: TenantId, database: Engine) -> Sheet:
    """That sheet; NotFoundError when there is none, IntegrityError when its row is not what its id was made of: somebody edited it."""
    columns = statement_sheets.c
    with transaction(database, writes=False) as connection:
        query = select(statement_sheets).where(columns.tenant == tenant, columns.sheet == sheet)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("nobody asked for such a statement: see the list of statements")
    found = _sheet(row)
    if _sheet_id(tenant, found.lines, found.reason, found.asked_by, found.asked_at) != sheet:
        raise IntegrityError("the days of this statement were changed since it was asked for: find out by whom, then ask anew")
    return found


def newest_sheets(*, tenant: TenantId, database: Engine) -> list[Sheet]:
    """The sheets, the newest first; at most `SHEETS_SHOWN`."""
    columns = statement_sheets.c
    query = select(statement_sheets).where(columns.tenant == tenant).order_by(columns.asked_at.desc(), columns.sheet)
    with transaction(database, writes=False) as connection:
        return [_sheet(row) for row in connection.execute(query.limit(SHEETS_SHOWN)).mappings()]


def _require(line: Stated, using: StatementPorts) -> None:
    require_statable(line, using.read(line.case).events, using.read_custody(line.case).events, clock=using.clock)


def _tried(line: Stated, act: Callable[[Stated], None]) -> LineOutcome:
    try:
        act(line)
    except (InvalidError, ConflictError, NotFoundError) as error:
        return LineOutcome(line.case, line.trigger, str(error), _code_of(error))
    return LineOutcome(line.case, line.trigger)


def _code_of(error: JianluError) -> str:
    return error.code or "statement_refused"


def _sheet_id(tenant: str, lines: Sequence[Stated], reason: str, by: str, at: str) -> str:
    made_of = {"tenant": tenant, "lines": [asdict(line) for line in lines], "reason": reason, "by": by, "at": at}
    return "t" + sha256(canonical_bytes(made_of)).hexdigest()[:26]


def _sheet(row: RowMapping | Mapping[str, str]) -> Sheet:
    lines = tuple(Stated(**line) for line in json.loads(row["lines"]))
    return Sheet(row["sheet"], lines, row["reason"], row["asked_by"], row["asked_at"], row["request"])
