"""How what the search index holds is sealed: pages and rosters of a block with the block's key, a case's transcript with the case's.

AES-256-GCM with a random nonce; associated data bind each piece to its place, so that rows cannot be exchanged unnoticed. A block has at
most 257 pieces and a case one, far below what random nonces allow.
"""

from __future__ import annotations

import hmac
import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise, repeat
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.core.errors import IntegrityError
from jianlu.core.phrases.model import Passage
from jianlu.deliver.search.model import Entry, Line

BUCKETS = (1, 16, 256, 256)
"""Pages of a block by its level: enough that a word's page is small, few enough that a page is more than its overhead."""

ROSTER = -1
"""The bucket number that stands for a block's roster in associated data."""

_NONCE_BYTES = 12
_CLEAR_BYTES_MAX = 1 << 28


@dataclass(frozen=True, slots=True)
class Spoken:
    """A passage as opened, in columns: a page of results opens some thirty thousand tokens, and shows few.

    Of each token what was heard, the millisecond at which it begins, and the place of its line.
    """

    track: str
    lang: str
    tokens: list[str]
    begins: list[int]
    lines: list[int]


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is kept of a case to be shown, as opened."""

    card: Mapping[str, Any]
    verdicts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    passages: tuple[Spoken, ...]


def seal_piece(key: bytes, tenant: str, block: int, bucket: int, content: bytes) -> bytes:
    """`content` for the place named."""
    return _seal(key, _place(tenant, block, bucket), content)


def open_piece(key: bytes, tenant: str, block: int, bucket: int, sealed: bytes) -> bytes:
    """What `seal_piece` was given; IntegrityError for anything else or another place."""
    return _open(key, _place(tenant, block, bucket), sealed)


def seal_entry(key: bytes, tenant: str, entry: Entry) -> bytes:
    """Card, verdicts and transcript of `entry` with the case's search key."""
    fields = {
        "card": dict(entry.card),
        "verdicts": entry.verdicts,
        "lines": [[line.track, line.lang, line.from_ms, line.to_ms, line.text] for line in entry.lines],
        "passages": [_packed(passage) for passage in entry.passages],
    }
    content = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return _seal(key, _case_place(tenant, entry.case), zlib.compress(content))


def open_particulars(key: bytes, tenant: str, case: str, sealed: bytes) -> Particulars:
    """What `seal_entry` was given of the case; IntegrityError for anything else or another case."""
    reader = zlib.decompressobj()
    fields = json.loads(reader.decompress(_open(key, _case_place(tenant, case), sealed), _CLEAR_BYTES_MAX))
    return Particulars(
        card=fields["card"],
        verdicts=tuple((clause, verdict) for clause, verdict in fields["verdicts"]),
        lines=tuple(Line(*line) for line in fields["lines"]),
        passages=tuple(_unpacked(passage) for passage in fields["passages"]),
    )


def bucket_of(bucket_key: bytes, first: str, level: int) -> int:
    """The bucket of whatever is filed under `first` in a block of `level`; buckets of a level divide those of the one below."""
    mac = hmac.digest(bucket_key, first.encode(), "sha256")
    return int.from_bytes(mac[:4], "big") % BUCKETS[level]


def _packed(passage: Passage) -> list[Any]:
    """By utterance: its place, its tokens and when each begins, as differences."""
    runs = []
    for line, heard in groupby(passage.heard, key=lambda each: each.utterance):
        tokens = list(heard)
        starts = [tokens[0].from_ms, *(after.from_ms - before.from_ms for before, after in pairwise(tokens))]
        runs.append([line, " ".join(each.token for each in tokens), starts])
    return [passage.track, passage.lang, runs]


def _unpacked(packed: list[Any]) -> Spoken:
    track, lang, runs = packed
    spoken = Spoken(track, lang, [], [], [])
    for line, written, starts in runs:
        tokens = written.split(" ")
        if len(tokens) != len(starts):
            raise IntegrityError("a row of the search index is not as it was written: run `jianlu vault reindex`")
        spoken.tokens.extend(tokens)
        spoken.begins.extend(accumulate(starts))
        spoken.lines.extend(repeat(line, len(tokens)))
    return spoken


def _place(tenant: str, block: int, bucket: int) -> bytes:
    return f"block/{tenant}/{block}/{bucket}".encode()


def _case_place(tenant: str, case: str) -> bytes:
    return f"case/{tenant}/{case}".encode()


def _seal(key: bytes, place: bytes, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, b"jianlu/search@v1\x00" + place)


def _open(key: bytes, place: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"jianlu/search@v1\x00" + place)
    except (InvalidTag, ValueError) as error:
        raise IntegrityError("a row of the search index was altered or moved: run `jianlu vault reindex`") from error
