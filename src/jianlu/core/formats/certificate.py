"""The certificate of destruction: `specs/custody.md`, `jianlu/destruction-certificate/v2`, and of a part of a case; version 1 is read too.

A canonical JSON document: the whole chain of the case, whose last event alone needs a proof since each names the one before, the whole
custody chain of the case up to the completed destruction, with an inclusion proof each, all under one checkpoint, the sealed documents
of stated days and of the destruction with the salts that open them, and the anchors (`specs/time.md`) that date all this. Proofs from the
ledger and what others stamped of it; nothing is signed for the certificate itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.note import VerifierKey, decode_base64, parse_verifier_key
from jianlu.core.limits import (
    ANCHOR_FILE_BYTES_MAX,
    ANCHORS_MAX,
    CERTIFICATE_ANCHOR_FILES_MAX,
    CERTIFICATE_BYTES_MAX,
    CERTIFICATE_CASE_EVENTS_MAX,
    CERTIFICATE_EVENTS_MAX,
    CERTIFICATE_STATEMENTS_MAX,
    PROOF_HASHES_MAX,
)
from jianlu.core.terms.handling import ENDING_PARTS

FORMAT = "jianlu/destruction-certificate/v2"
EARLIER_FORMAT = "jianlu/destruction-certificate/v1"
PART_FORMAT = "jianlu/part-destruction-certificate/v1"
STARTED_FORMAT, COMPLETED_FORMAT = "jianlu/destruction/v1", "jianlu/destroyed/v1"
PART_STARTED_FORMAT, PART_COMPLETED_FORMAT = "jianlu/part-destruction/v1", "jianlu/part-destroyed/v1"

_FIELDS = {"format", "tenant", "case", "ledger", "checkpoint", "case_events", "case_closed", "custody_events", "documents"}
_ADDED = {"anchors", "consistency"}
_ANCHOR_FILE = re.compile(r"^([0-9]{1,13}/(checkpoint|[a-z0-9][a-z0-9-]{0,39}\.tst)|authorities/[a-z0-9][a-z0-9-]{0,39}\.pem)$")
_VERSIONS = {EARLIER_FORMAT: 1, FORMAT: 2, PART_FORMAT: 1}
_OF_FORMAT = {EARLIER_FORMAT: _FIELDS, FORMAT: _FIELDS | _ADDED, PART_FORMAT: _FIELDS | _ADDED | {"part"}}
_SIZE = re.compile(r"^[1-9][0-9]{0,12}$")
_HASH = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry of the ledger, its position, and the hashes that lead from it to the checkpoint's root (leaf's sibling first)."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """The plaintext of the object that the custody chain's event `n` names, and the salt of its commitment (32 bytes)."""

    n: int
    salt: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate taken apart; nothing in it is verified.

    `anchors` are files by their names below a package's `ledger/anchors/`, `consistency` the hashes that lead from the checkpoint of that
    size to the certificate's. Both are empty where no token covers the destruction yet, and in version 1, which could not carry any.
    `part` is the part of the case that it is about, empty for the whole: such a certificate has versions of its own.
    """

    tenant: str
    case: str
    key: VerifierKey
    checkpoint: bytes
    case_events: tuple[bytes, ...]
    case_closed: ProvedEntry
    custody_events: tuple[ProvedEntry, ...]
    documents: tuple[OpenedDocument, ...]
    anchors: Mapping[str, bytes] = field(default_factory=dict)
    consistency: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)
    version: int = 2
    part: str = ""

    @property
    def format(self) -> str:
        """What the file says that it is."""
        return PART_FORMAT if self.part else EARLIER_FORMAT if self.version == 1 else FORMAT


def is_certificate(head: bytes) -> bool:
    """Whether a file that begins with `head` is a JSON document, and so no package."""
    return head[:1] == b"{"


def certificate_bytes(certificate: Certificate) -> bytes:
    """The certificate's file, in its own version."""
    fields: dict[str, Any] = {
        "format": certificate.format,
        "tenant": certificate.tenant,
        "case": certificate.case,
        "ledger": certificate.key.text,
        "checkpoint": certificate.checkpoint.decode(),
        "case_events": [each.decode() for each in certificate.case_events],
        "case_closed": _entry_fields(certificate.case_closed),
        "custody_events": [_entry_fields(each) for each in certificate.custody_events],
        "documents": [{"n": each.n, "salt": each.salt.hex(), "content": each.content.decode()} for each in certificate.documents],
    }
    if certificate.part:
        fields["part"] = certificate.part
    if certificate.format != EARLIER_FORMAT:
        fields["anchors"] = {name: base64.b64encode(content).decode() for name, content in certificate.anchors.items()}
        fields["consistency"] = {str(size): [each.hex() for each in hashes] for size, hashes in certificate.consistency.items()}
    return canonical_bytes(fields)


def parse_certificate(content: bytes) -> Certificate:
    """`content` taken apart; InvalidError for anything that is not exactly version 2, 1, or 1 of a part, or beyond the bounds."""
    fields = parse_canonical(content, bytes_max=CERTIFICATE_BYTES_MAX)
    form = str(fields.get("format")) if isinstance(fields, dict) else ""
    if form not in _VERSIONS or set(fields) != _OF_FORMAT[form]:
        raise InvalidError("the file is no certificate of destruction of version 1 or 2, or of a part: look for a newer verifier")
    if form == PART_FORMAT and fields["part"] not in ENDING_PARTS:
        raise InvalidError("the certificate is of no part of a case that ends by itself: look for a newer verifier")
    anchors, consistency = _anchors(fields.get("anchors", {})), _consistency(fields.get("consistency", {}))
    if {name.partition("/")[0] for name in anchors} - {"authorities"} != {str(size) for size in consistency}:
        raise InvalidError("the certificate does not prove of each of its anchors, and of nothing else, that its history went on")
    texts = [fields[name] for name in ("tenant", "case", "ledger", "checkpoint")]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidError("the certificate's fields have the wrong type")
    return Certificate(
        tenant=texts[0],
        case=texts[1],
        key=parse_verifier_key(texts[2]),
        checkpoint=texts[3].encode(),
        case_events=tuple(_text(each).encode() for each in _list(fields["case_events"], CERTIFICATE_CASE_EVENTS_MAX)),
        case_closed=_entry(fields["case_closed"]),
        custody_events=_entries(fields["custody_events"]),
        documents=tuple(_document(each) for each in _list(fields["documents"], CERTIFICATE_STATEMENTS_MAX + 2)),
        anchors=anchors,
        consistency=consistency,
        version=_VERSIONS[form],
        part=fields.get("part", ""),
    )


def _entry_fields(each: ProvedEntry) -> dict[str, Any]:
    return {"index": each.index, "entry": each.entry.decode(), "proof": [value.hex() for value in each.hashes]}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidError("an event of the certificate is no text")
    return value


def _entries(value: Any) -> tuple[ProvedEntry, ...]:
    return tuple(_entry(each) for each in _list(value, CERTIFICATE_EVENTS_MAX))


def _entry(value: Any) -> ProvedEntry:
    fields = _object(value, {"index", "entry", "proof"})
    hashes = _list(fields["proof"], PROOF_HASHES_MAX)
    if not _is_count(fields["index"]) or not isinstance(fields["entry"], str) or not all(map(_is_hash, hashes)):
        raise InvalidError("an entry of the certificate, or its proof, is malformed")
    return ProvedEntry(fields["index"], fields["entry"].encode(), tuple(bytes.fromhex(each) for each in hashes))


def _document(value: Any) -> OpenedDocument:
    fields = _object(value, {"n", "salt", "content"})
    if not _is_count(fields["n"]) or not _is_hash(fields["salt"]) or not isinstance(fields["content"], str):
        raise InvalidError("a document of the certificate is malformed")
    return OpenedDocument(fields["n"], bytes.fromhex(fields["salt"]), fields["content"].encode())


def _anchors(value: Any) -> dict[str, bytes]:
    files = _map(value, CERTIFICATE_ANCHOR_FILES_MAX)
    for name, text in files.items():
        if not _ANCHOR_FILE.fullmatch(name) or not isinstance(text, str) or len(text) > ANCHOR_FILE_BYTES_MAX * 4 // 3 + 4:
            raise InvalidError(
                "an anchor of the certificate has another file than a checkpoint, tokens and certificates of authorities"
            )
    return {name: decode_base64(text) for name, text in files.items()}


def _consistency(value: Any) -> dict[int, tuple[bytes, ...]]:
    found = {}
    for size, listed in _map(value, ANCHORS_MAX).items():
        hashes = _list(listed, PROOF_HASHES_MAX)
        if not _SIZE.fullmatch(size) or not all(map(_is_hash, hashes)):
            raise InvalidError("a proof of the certificate that its history goes on is malformed")
        found[int(size)] = tuple(bytes.fromhex(each) for each in hashes)
    return found


def _map(value: Any, most: int) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > most:
        raise InvalidError(f"a part of the certificate is no object, or has more than {most} fields")
    return value


def _list(value: Any, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise InvalidError(f"a list of the certificate is none, or longer than {most}")
    return value


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise InvalidError(f"a part of the certificate has other fields than {', '.join(sorted(names))}")
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None
