"""Cases to be searched, and search itself over them by reading every word: what the index must give, made without the index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from jianlu.core.phrases.nearness import Nearness
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.terms.ids import case_ref, derive_case_ref, tenant_id
from jianlu.deliver.search import _records
from jianlu.deliver.search._tables import search_schema
from jianlu.deliver.search.blocks import open_block
from jianlu.deliver.search.matching import Phrase, read_question
from jianlu.deliver.search.model import Entry, Line, Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.deliver.search.postings import Page, decode
from jianlu.runtime.database import transaction
from jianlu.vault.keys import create_unit_key, tenant_secret
from jianlu.vault.ports import VaultPorts
from tests.fakes import conversation
from tests.fakes.vault.home import TENANT, memory_vault


@contextmanager
def search_world(url: str = "sqlite://") -> Iterator[SearchPorts]:
    """An empty search index over a vault in memory."""
    with memory_vault(url) as vault:
        yield search_ports(vault)


def search_ports(vault: VaultPorts) -> SearchPorts:
    """Search over `vault`, with the sounds that the packs call near."""
    return SearchPorts(vault, tenant_id(TENANT), Nearness(conversation.language("zh").near))


def entry_of(using: SearchPorts, number: str, *lines: conversation.Line | tuple[str, str], **more: Any) -> Entry:
    """The case of that business number, its unit key made, in which `lines` are said."""
    case = derive_case_ref(tenant_secret(using.vault, using.tenant), number)
    create_unit_key(using.vault, using.tenant, case)
    utterances = utterances_of(conversation.said(*lines).speech)
    fields: dict[str, Any] = {"began_at": "2026-11-22T09:30:00.000Z", "card": {"number": number}, **more}
    shown = tuple(Line(u.track, u.value["lang"], u.from_ms, u.to_ms, u.value["text"]) for u in utterances)
    return Entry(case=case_ref(case), lines=shown, passages=passages_of(utterances), **fields)


def read_through(entries: Sequence[Entry], query: Query, using: SearchPorts) -> list[tuple[str, int]]:
    """Case and number of hits, in the order of the results, by reading every word of every case."""
    readings = read_question(query.text, using.nearness if query.near else None)
    found: list[tuple[str, int]] = []
    for entry in entries:
        count = 0
        for reading in readings:
            heard = [p for p in entry.passages if p.lang == reading.lang and query.speaker in ("", p.track)]
            said = [" ".join(["", *(h.token for h in p.heard), ""]) for p in heard]
            counts = [sum(_times(text, term) for text in said) for term in reading.terms]
            count += sum(counts) if all(counts) else 0
        if count:
            found.append((entry.case, count))
    began = {entry.case: entry.began_at for entry in entries}
    entered = {entry.case: n for n, entry in enumerate(entries)}
    return sorted(found, key=lambda each: (each[1], began[each[0]], entered[each[0]]), reverse=True)


def _times(text: str, term: Sequence[Phrase]) -> int:
    starts: set[int] = set()
    for phrase in term:
        slots = [("#" if slot.is_number else "#?") + "(?:" + "|".join(map(re.escape, slot.tokens)) + ")" for slot in phrase]
        must_begin, after = phrase[0].is_number, "(?! #)" if phrase[-1].is_number else ""
        whole = [match.start() for match in re.finditer(f"(?= {' '.join(slots)}{after} )", text)]
        starts |= {at for at in whole if not (must_begin and text[:at].rpartition(" ")[2].startswith("#"))}
    return len(starts)


def everything(using: SearchPorts) -> bytes:
    """Every value of every row."""
    with transaction(using.vault.index, writes=False) as connection:
        rows = [row for table in search_schema.tables.values() for row in connection.execute(select(table))]
    return b"\n".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for row in rows for v in row)


def filed(using: SearchPorts, first: str) -> int:
    """How many postings there are under `first`, in every block that keys open."""
    with transaction(using.vault.index, writes=False) as connection:
        blocks = [
            _records.sealed_block(connection, using.tenant, number) for number, _ in _records.levels(connection, using.tenant)
        ]
    found = 0
    for block in blocks:
        assert block is not None
        _, pages = open_block(block, tenant=using.tenant, key=using.keys.open(block.number))
        lists = [each for page in pages.values() for each in Page(page).lists()]
        found += sum(len(decode(each.deltas, [each.size])) for (token, _), each in lists if token == first)
    return found
