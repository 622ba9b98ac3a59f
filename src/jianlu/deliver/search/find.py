"""Find cases: filters and rights in the database, words in the sealed postings, excerpts out of the few transcripts that are shown.

Nothing is decrypted of a case that is not on the page asked for; who may see what is a condition that the caller gives. The index answers
exactly what `matching.py` defines: no case too many, none too few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.phrases.model import NUMBER_MARK
from jianlu.core.terms.ids import derive_case_ref
from jianlu.deliver.search import _records
from jianlu.deliver.search._tables import search_cases
from jianlu.deliver.search.blocks import Roster, parse_roster
from jianlu.deliver.search.excerpts import hit_of
from jianlu.deliver.search.matching import Phrase, Reading, Term, read_question
from jianlu.deliver.search.model import PAGE_HITS, PAGES_MAX, Found, Hit, Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.deliver.search.postings import END, Page, Pair, Positions
from jianlu.deliver.search.sealing import ROSTER, bucket_of, open_piece
from jianlu.deliver.search.terms import LANGUAGE_MARKS, VOICES, customer_terms, verdict_term, voice_term
from jianlu.runtime.cursors import cursor_of, numbers_in, opened_cursor
from jianlu.runtime.database import transaction
from jianlu.vault.keys import open_unit_key, tenant_secret

FEW = 1_000
"""Found cases that are named to the database one by one; beyond, asking for all that may be seen is quicker."""

_TRIES = 3
_NONE: Positions = np.zeros(0, dtype=np.int64)


def attribute_columns() -> Mapping[str, ColumnElement[str]]:
    """What a rule about cases may speak of here: name of the attribute to its column, for conditions given to `find_in_cases`."""
    columns = search_cases.c
    return {
        "case": columns.case_ref,
        "owner": columns.agent,
        "agent": columns.agent,
        "created_by": columns.created_by,
        "product": columns.product,
        "template": columns.scene,
        "language": columns.language,
    }


def find_in_cases(
    query: Query, *, using: SearchPorts, allowed: ColumnElement[bool] | None = None, cursor: str | None = None
) -> Found:
    """One page of the cases that answer `query` among those for which `allowed` holds, those with most hits first, then the newest.

    With `cursor` (empty: the beginning) the page behind it, whatever number it has: what is found meanwhile neither shifts nor repeats any.
    InvalidError says which part of the question cannot be asked; IntegrityError when the index was altered.
    """
    asked = _Asked.of(query, using)
    for _ in range(_TRIES):
        try:
            with transaction(_steady(using.vault.index), writes=False) as connection:
                return _find(query, asked, using, allowed, cursor, connection)
        except NotFoundError:
            continue  # blocks were joined, or a case destroyed, between two looks
    raise UnavailableError("the search index changes all the time: try again")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as the index is asked it: what is said, and terms of which one of each group must be there."""

    readings: tuple[Reading, ...]
    facts: tuple[tuple[Pair, ...], ...]
    case: str
    speaker: str = ""

    @staticmethod
    def of(query: Query, using: SearchPorts) -> _Asked:
        if not 1 <= query.page <= PAGES_MAX:
            raise InvalidError(f"results have at most {PAGES_MAX} pages: ask a narrower question")
        if query.from_at and query.until_at and query.from_at >= query.until_at:
            raise InvalidError("the first day is after the last: exchange them")
        if query.speaker and not query.text.strip():
            raise InvalidError("who said it is asked together with what was said: write that too")
        facts = []
        if query.customer:
            terms = customer_terms(query.customer)
            if not terms:
                raise InvalidError("there is no name and no number in `customer`: write either")
            facts.append(terms)
        if query.verdict:
            facts.append((verdict_term(query.clause, query.verdict),))
        elif query.clause:
            facts.append(tuple(verdict_term(query.clause, verdict) for verdict in ("met", "not_met", "not_evidenced")))
        readings = read_question(query.text, using.nearness if query.near else None) if query.text.strip() else ()
        case = str(derive_case_ref(tenant_secret(using.vault, using.tenant), query.number)) if query.number else ""
        return _Asked(readings, tuple(facts), case, query.speaker)

    @property
    def needs_postings(self) -> bool:
        return bool(self.readings or self.facts)

    def firsts(self) -> set[str]:
        """Under what it must be looked."""
        found = {first for terms in self.facts for first, _ in terms}
        found |= {VOICES[0], voice_term(self.speaker)[0]} if self.speaker else set()
        for reading in self.readings:
            mark = LANGUAGE_MARKS[reading.lang]
            for phrase in (phrase for term in reading.terms for phrase in term):
                found |= {mark + token for at in _pair_starts(phrase) for token in phrase[at].tokens}
                found |= {mark + NUMBER_MARK for slot in phrase if slot.is_number}
        return found


def _steady(engine: Engine) -> Engine:
    """Blocks and rows as of one moment: SQLite reads so anyway."""
    return engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == "postgresql" else engine


def _find(
    query: Query,
    asked: _Asked,
    using: SearchPorts,
    allowed: ColumnElement[bool] | None,
    cursor: str | None,
    connection: Connection,
) -> Found:
    conditions = _conditions(query, asked, using)
    is_filtered = len(conditions) > 1 or allowed is not None
    wanted = [*conditions, *([allowed] if allowed is not None else [])]
    offset = (query.page - 1) * PAGE_HITS if cursor is None else 0
    behind = opened_cursor(cursor or "")
    if asked.needs_postings:
        ordinals, counts, seconds = _search_blocks(asked, using, connection)
        if is_filtered and len(ordinals):
            kept = np.isin(ordinals, _fitting(ordinals, wanted, connection))
            ordinals, counts, seconds = ordinals[kept], counts[kept], seconds[kept]
        total, ranks = len(ordinals), np.zeros_like(counts) if query.newest_first or not asked.readings else counts
        rest = _behind(behind, ranks, seconds, ordinals)
        order = rest[np.lexsort((-ordinals[rest], -seconds[rest], -ranks[rest]))][offset : offset + PAGE_HITS + 1]
        page = list(zip(ordinals[order].tolist(), counts[order].tolist(), strict=True))
        marks = [(str(ranks[at]), f"{seconds[at]}.{ordinals[at]}") for at in order]
    else:
        total = _records.count_cases(connection, wanted)
        marks = _records.newest(connection, wanted, PAGE_HITS + 1, offset, behind)
        page = [(int(ordinal), 0) for _, ordinal in marks]
    hits = tuple(_hits(page[:PAGE_HITS], asked, using, connection))
    if cursor is None:
        return Found(hits, total, query.page, min(PAGES_MAX, max(1, -(-total // PAGE_HITS))))
    return Found(hits, total, 0, 0, cursor_of(*marks[PAGE_HITS - 1]) if len(marks) > PAGE_HITS else "")


def _behind(behind: tuple[str, str] | None, ranks: Positions, seconds: Positions, ordinals: Positions) -> Positions:
    """Which come after that place in the order: fewer hits, or as many and older."""
    if behind is None:
        return np.arange(len(ordinals))
    (rank,), (second, ordinal) = numbers_in(behind[0], 1), numbers_in(behind[1], 2)
    is_older = (seconds < second) | ((seconds == second) & (ordinals < ordinal))
    return np.flatnonzero((ranks < rank) | ((ranks == rank) & is_older))


def _fitting(found: Positions, wanted: Sequence[ColumnElement[bool]], connection: Connection) -> Positions:
    """The ordinals that fit, at least those of them that were found."""
    if len(found) > FEW:
        return _records.ordinals(connection, wanted)
    return _records.ordinals_among(connection, wanted, found.tolist())


def _conditions(query: Query, asked: _Asked, using: SearchPorts) -> list[ColumnElement[bool]]:
    columns = search_cases.c
    found: list[ColumnElement[bool]] = [columns.tenant == using.tenant]
    exact = {"case_ref": asked.case, "agent": query.agent, "product": query.product, "scene": query.scene}
    found += [columns[name] == value for name, value in exact.items() if value]
    if query.from_at:
        found.append(columns.began_at >= query.from_at)
    if query.until_at:
        found.append(columns.began_at < query.until_at)
    return found


def _hits(page: Sequence[tuple[int, int]], asked: _Asked, using: SearchPorts, connection: Connection) -> list[Hit]:
    rows = _records.case_rows(connection, using.tenant, [ordinal for ordinal, _ in page])
    hits = []
    for ordinal, count in page:
        row = rows[ordinal]
        try:
            key = open_unit_key(using.vault, using.tenant, row.case_ref).search_key
        except (NotFoundError, ConflictError):
            continue  # destroyed a moment ago, or its key is away: nothing of it is shown
        hits.append(hit_of(row, key, asked.readings, count, using.tenant, asked.speaker))
    return hits


@dataclass(slots=True)
class _Block:
    """What was read of one block for one question."""

    level: int
    roster: Roster
    pages: dict[int, Page] = field(default_factory=dict)


def _search_blocks(asked: _Asked, using: SearchPorts, connection: Connection) -> tuple[Positions, Positions, Positions]:
    """Ordinals, hits and seconds of every case that answers what was said and its facts."""
    blocks = _read_blocks(asked, using, connection)
    bucket_key = using.keys.bucket_key
    found = [_search_block(asked, block, bucket_key) for block in blocks if block.pages]
    if not found:
        return _NONE, _NONE, _NONE
    ordinals, counts, seconds = (np.concatenate([each[column] for each in found]) for column in range(3))
    return ordinals, counts, seconds


def _read_blocks(asked: _Asked, using: SearchPorts, connection: Connection) -> list[_Block]:
    blocks = {number: _Block(level, roster) for number, level, roster in _rosters(using, connection)}
    firsts, bucket_key = asked.firsts(), using.keys.bucket_key
    for level in {block.level for block in blocks.values()}:
        buckets = {bucket_of(bucket_key, first, level) for first in firsts}
        for number, bucket, sealed in _records.pages_in(connection, using.tenant, level, buckets):
            content = open_piece(using.keys.open(number), using.tenant, number, bucket, sealed)
            blocks[number].pages[bucket] = Page(content)
    return list(blocks.values())


def _rosters(using: SearchPorts, connection: Connection) -> list[tuple[int, int, Roster]]:
    """Number, level and roster of every block; a block never changes, so that its roster is opened once."""
    levels = _records.levels(connection, using.tenant)
    opened = using.opened.rosters
    known = {number: opened[number] for number, _ in levels if number in opened}
    missing = [number for number, _ in levels if number not in known]
    for number, sealed in _records.rosters(connection, using.tenant, missing).items() if missing else ():
        known[number] = parse_roster(open_piece(using.keys.open(number), using.tenant, number, ROSTER, sealed))
    using.opened.rosters = known
    return [(number, level, known[number]) for number, level in levels]


def _search_block(asked: _Asked, block: _Block, bucket_key: bytes) -> tuple[Positions, Positions, Positions]:
    roster = block.roster
    lookup = _Lookup(block, bucket_key)
    counts = np.zeros(len(roster.bases), dtype=np.int64)
    for reading in asked.readings:
        said = [_said(term, LANGUAGE_MARKS[reading.lang], lookup) for term in reading.terms]
        if asked.speaker:
            said = [_spoken_by(asked.speaker, each, roster, lookup) for each in said]
        of_terms = [_per_case(roster, each) for each in said]
        counts += np.where(np.all(of_terms, axis=0), np.sum(of_terms, axis=0), 0)
    fits = (counts > 0 if asked.readings else np.ones(len(counts), dtype=bool)) & (roster.ordinals > 0)
    for terms in asked.facts:
        fits &= _per_case(roster, _union([lookup.pair(first, second) for first, second in terms])) > 0
    return roster.ordinals[fits], counts[fits], roster.seconds[fits]


class _Lookup:
    """The postings of one block."""

    def __init__(self, block: _Block, bucket_key: bytes) -> None:
        self._block = block
        self._bucket_key = bucket_key

    def pair(self, first: str, second: str) -> Positions:
        page = self._page(first)
        return _NONE if page is None else page.positions(first, second)

    def every(self, first: str) -> Positions:
        page = self._page(first)
        return _NONE if page is None else page.all_positions(first)

    def _page(self, first: str) -> Page | None:
        return self._block.pages.get(bucket_of(self._bucket_key, first, self._block.level))


def _said(term: Term, mark: str, lookup: _Lookup) -> Positions:
    """Where the term begins to be said."""
    return _union([_phrase_said(phrase, mark, lookup) for phrase in term])


def _spoken_by(speaker: str, found: Positions, roster: Roster, lookup: _Lookup) -> Positions:
    """Those of `found` that are `speaker`'s: of all who begin to be heard in the case, the last one before."""
    everybody = lookup.pair(*VOICES)
    if not len(found) or not len(everybody):
        return _NONE
    begins = everybody[np.maximum(np.searchsorted(everybody, found, side="right") - 1, 0)]
    cases = roster.bases[np.searchsorted(roster.bases, found, side="right") - 1]
    return found[(begins >= cases) & _among(begins, lookup.pair(*voice_term(speaker)))]


def _phrase_said(phrase: Phrase, mark: str, lookup: _Lookup) -> Positions:
    found: Positions | None = None
    for at in _pair_starts(phrase):
        if len(phrase) == 1:
            here = _union([lookup.every(mark + token) for token in phrase[0].tokens])
        else:
            pairs = [(one, other) for one in phrase[at].tokens for other in phrase[at + 1].tokens]
            here = _union([lookup.pair(mark + one, mark + other) for one, other in pairs]) - at
        found = here if found is None else _both(found, here)
        if not len(found):
            return _NONE
    return _NONE if found is None else _whole_numbers(found, phrase, lookup.pair(mark + NUMBER_MARK, END))


def _whole_numbers(found: Positions, phrase: Phrase, numbers: Positions) -> Positions:
    """Of where the phrase's tokens begin, where its numbers are numbers, and whole ones."""
    for at, slot in enumerate(phrase):
        if slot.is_number:
            found = found[_among(found + at, numbers)]
    if phrase[0].is_number:
        found = found[~_among(found - 1, numbers)]
    if phrase[-1].is_number:
        found = found[~_among(found + len(phrase), numbers)]
    return found


def _pair_starts(phrase: Phrase) -> list[int]:
    """Where the pairs begin that together cover the phrase: every second token, and the last but one."""
    length = len(phrase)
    return [0] if length == 1 else sorted({*range(0, length - 1, 2), length - 2})


def _per_case(roster: Roster, positions: Positions) -> Positions:
    """How many of `positions`, which ascend, each case holds: where cases begin is looked up among them, which are more."""
    if not len(positions):
        return np.zeros(len(roster.bases), dtype=np.int64)
    return np.diff(np.searchsorted(positions, roster.bases), append=len(positions))


def _union(parts: Sequence[Positions]) -> Positions:
    held = [part for part in parts if len(part)]
    return held[0] if len(held) == 1 else np.unique(np.concatenate(held)) if held else _NONE


def _both(one: Positions, other: Positions) -> Positions:
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return few[_among(few, many)]


def _among(few: Positions, many: Positions) -> NDArray[np.bool_]:
    """Which of `few` are in `many`, which ascends."""
    if not len(many):
        return np.zeros(len(few), dtype=np.bool_)
    found: NDArray[np.bool_] = many[np.minimum(np.searchsorted(many, few), len(many) - 1)] == few
    return found
