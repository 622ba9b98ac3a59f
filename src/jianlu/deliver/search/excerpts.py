"""What is shown of a case that was found: its card, and the first lines that hold what was asked, with the second and the characters.

Opens the one sealed row of the case; the definition of what is said is `matching.py`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from jianlu.deliver.search.matching import Reading, Term, places_in
from jianlu.deliver.search.model import Excerpt, Hit, Line
from jianlu.deliver.search.sealing import Particulars, Spoken, open_particulars
from jianlu.govern.wording.tokens import token_ranges

EXCERPTS_MAX = 3
"""Lines shown of one case; the rest is in the playback."""

_Said = dict[int, list[int]]
"""By line: which of its tokens, counted in the line, are part of something found."""


def hit_of(row: Any, key: bytes, readings: Sequence[Reading], count: int, tenant: str, speaker: str = "") -> Hit:
    """The hit of the case in `row`, opened with its search key; with `speaker`, lines of that one alone."""
    kept = open_particulars(key, tenant, row.case_ref, bytes(row.sealed))
    said = _said_in(kept, readings, speaker)
    shown = sorted(said, key=lambda line: (kept.lines[line].from_ms, line))[:EXCERPTS_MAX]
    return Hit(
        case=row.case_ref,
        began_at=row.began_at,
        agent=row.agent,
        product=row.product,
        scene=row.scene,
        card=kept.card,
        verdicts=kept.verdicts,
        count=count,
        excerpts=tuple(_excerpt(kept, line, said[line]) for line in shown),
        lines=len(said),
    )


def _said_in(kept: Particulars, readings: Sequence[Reading], speaker: str) -> _Said:
    places = _places_in_lines(kept.passages)
    found: dict[int, set[int]] = {}
    for reading in readings:
        said = [_where_said(kept.passages, reading.lang, term, speaker) for term in reading.terms]
        if all(said):
            for passage, token in (each for term in said for each in term):
                line = kept.passages[passage].lines[token]
                found.setdefault(line, set()).add(places[passage][token])
    return {line: sorted(tokens) for line, tokens in found.items()}


def _where_said(passages: Sequence[Spoken], lang: str, term: Term, speaker: str) -> list[tuple[int, int]]:
    """Passage and token of everything that is part of the term where it is said."""
    found = []
    for number, passage in enumerate(passages):
        if passage.lang == lang and speaker in ("", passage.track):
            ranges = places_in(passage.tokens, term)
            found += [(number, at) for start, end in ranges for at in range(start, end)]
    return found


def _places_in_lines(passages: Sequence[Spoken]) -> list[list[int]]:
    """The how-manieth token of its line each token is: a line may go on in the next passage."""
    counted: Counter[int] = Counter()
    places = []
    for passage in passages:
        of_passage: list[int] = []
        for line, run in groupby(passage.lines):
            before, length = counted[line], sum(1 for _ in run)
            of_passage.extend(range(before, before + length))
            counted[line] += length
        places.append(of_passage)
    return places


def _excerpt(kept: Particulars, number: int, tokens: Sequence[int]) -> Excerpt:
    line = kept.lines[number]
    starts = [begin for each in kept.passages for begin, line in zip(each.begins, each.lines, strict=True) if line == number]
    at_ms = starts[tokens[0]] if tokens[0] < len(starts) else line.from_ms
    return Excerpt(line, at_ms, _marks(line, tokens, len(starts)))


def _marks(line: Line, tokens: Sequence[int], heard: int) -> tuple[tuple[int, int], ...]:
    """Ranges of characters, joined where they touch; none when the text's tokens are not those that were heard."""
    spans = token_ranges(line.text, line.lang)
    if len(spans) != heard:
        return ()
    marks: list[tuple[int, int]] = []
    for span in sorted(spans[token] for token in tokens):
        if marks and span[0] <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], span[1]))
        else:
            marks.append(span)
    return tuple(marks)
