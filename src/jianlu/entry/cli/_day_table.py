"""A table of days that are to be stated, as another system exports it: CSV with a header, one case and day a line.

Every line that is wrong is told with its number; nothing is taken from a table of which a line is wrong.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.core.formats.keeping import has_day
from jianlu.core.terms.ids import derive_case_ref
from jianlu.vault.custody.statements import EVIDENCE_MAX, EVIDENCE_MIN, Stated

COLUMNS = ("number", "trigger", "day", "evidence", "evidence_digest")
TABLE_BYTES_MAX, TABLE_LINES_MAX = 4 * 1024 * 1024, 5_000
NUMBER_MAX = 128

_TRIGGER = re.compile(r"[a-z][a-z_]{1,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of the table, counted as an editor counts, and what it states; `why` is empty when it is well-formed."""

    line: int
    number: str
    stated: Stated
    why: str


def read_table(path: Path, tenant_secret: bytes) -> list[TableLine]:
    """Every line of the table; InvalidError for what is no such table at all, UnavailableError when it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(TABLE_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read ({error.strerror}): check its name and rights") from error
    if len(content) > TABLE_BYTES_MAX:
        raise InvalidError(f"the table is larger than {TABLE_BYTES_MAX} bytes: divide it")
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(rows, [])]
        if sorted(header) != sorted(COLUMNS):
            raise InvalidError(f"the first line of the table names its columns: {','.join(COLUMNS)}")
        found = [_line(rows.line_num, header, row, tenant_secret) for row in rows if any(cell.strip() for cell in row)]
    except UnicodeDecodeError as error:
        raise InvalidError("the table is no UTF-8: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InvalidError(f"line {rows.line_num} of the table is no CSV ({error}): save it anew") from error
    if not 1 <= len(found) <= TABLE_LINES_MAX:
        raise InvalidError(f"a table has 1 to {TABLE_LINES_MAX} lines beside its header: divide it")
    return _once(found)


def _line(at: int, header: Sequence[str], row: Sequence[str], tenant_secret: bytes) -> TableLine:
    if len(row) != len(header):
        return TableLine(at, "", Stated("", "", "", "", ""), f"has {len(row)} fields instead of {len(header)}")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    number = cells.pop("number")
    stated = Stated(case=derive_case_ref(tenant_secret, number), **cells)
    return TableLine(at, number, stated, _why(number, stated))


def _why(number: str, stated: Stated) -> str:
    if not 1 <= len(number) <= NUMBER_MAX or not number.isprintable():
        return f"the case number has 1 to {NUMBER_MAX} characters"
    if not _TRIGGER.fullmatch(stated.trigger):
        return "the trigger is a word such as contract_end"
    if not has_day(stated.day):
        return "a day is written 2036-11-30"
    if not EVIDENCE_MIN <= len(stated.evidence) <= EVIDENCE_MAX or not stated.evidence.isprintable():
        return f"the document that shows the day is named in {EVIDENCE_MIN} to {EVIDENCE_MAX} characters"
    if not _DIGEST.fullmatch(stated.evidence_digest):
        return "the document's SHA-256 is 64 hexadecimal digits in small letters"
    return ""


def _once(found: Sequence[TableLine]) -> list[TableLine]:
    first: dict[tuple[str, str], int] = {}
    told = []
    for each in found:
        at = first.setdefault((each.stated.case, each.stated.trigger), each.line) if not each.why else each.line
        why = each.why or ("" if at == each.line else f"says the same day of the same case as line {at}")
        told.append(TableLine(each.line, each.number, each.stated, why))
    return told
