"""The package and its manifest: `specs/package.md`, `jianlu/package/v1`.

The manifest names every entry of the archive with size, SHA-256 and CRC-32; a signed note over its digest makes it one
statement of one signer. Paths of the entries are fixed here, so that writer and verifier cannot disagree about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.archive import is_entry_name
from jianlu.core.formats.canonical import canonical_bytes, listed, parse_canonical
from jianlu.core.limits import PACKAGE_BYTES_MAX, PACKAGE_ENTRIES_MAX
from jianlu.core.terms.digests import is_digest
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.core.terms.instants import parse_instant

FORMAT = "jianlu/package/v1"
OPENINGS_FORMAT = "jianlu/openings/v1"

MANIFEST = "manifest.json"
MANIFEST_NOTE = "manifest.note"
MEDIA = "media/session.mp4"
PLAN = "plan.json"
VERDICTS = "verdicts.json"
OPENINGS = "openings.json"
CHECKPOINT = "ledger/checkpoint"
EVENTS = "ledger/events"
POSITIONS = "ledger/positions.json"
RESEALED_EVENTS = "ledger/resealed/events"
RESEALED_POSITIONS = "ledger/resealed/positions.json"
VERIFIER = "verifier.pyz"
README = "README.txt"
TILE_PREFIX = "ledger/tile/"
ANCHORS_PREFIX = "ledger/anchors/"
FINDINGS_PREFIX = "findings/"
PACKS_PREFIX = "packs/"
SEALED_PREFIX = "sealed/"
KEYS_PREFIX = "keys/"
PROOFS_PREFIX = "ledger/proofs/"
REPORT_PREFIX = "report/"
DOCUMENTS_PREFIX = "documents/"

WITHHELD = "biometric"
"""The kind of objects that no package carries, in no form: templates serve one purpose in one house, and end before the case does."""

REQUIRED = (MEDIA, PLAN, VERDICTS, OPENINGS, CHECKPOINT, EVENTS, POSITIONS, VERIFIER, README)


def sealed_path(object_id: str, version: int) -> str:
    """Entry of a sealed object."""
    return f"{SEALED_PREFIX}{object_id}.v{version}.sealed"


def findings_path(inspector: str) -> str:
    """Entry of an inspector's findings document."""
    return f"{FINDINGS_PREFIX}{inspector}.json"


def proof_path(index: int) -> str:
    """Entry of the tlog-proof of the ledger entry at `index`."""
    return f"{PROOFS_PREFIX}{index}.tlog-proof"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One entry of the archive as the manifest states it."""

    path: str
    bytes: int
    sha256: str
    crc32: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the package is of, who keeps the ledger, which verifier lies inside, and every entry but the manifest and its note."""

    tenant: str
    case: str
    created_at: str
    origin: str
    ledger_vkey: str
    package_vkey: str
    verifier: str
    entries: tuple[ManifestEntry, ...]


def manifest_bytes(manifest: Manifest) -> bytes:
    """The canonical manifest; raises InvalidError when it would not parse back."""
    content = canonical_bytes(
        {
            "format": FORMAT,
            "tenant": manifest.tenant,
            "case": manifest.case,
            "created_at": manifest.created_at,
            "origin": manifest.origin,
            "ledger_vkey": manifest.ledger_vkey,
            "package_vkey": manifest.package_vkey,
            "verifier": manifest.verifier,
            "entries": [[e.path, e.bytes, e.sha256, e.crc32] for e in manifest.entries],
        }
    )
    parse_manifest(content)
    return content


def parse_manifest(content: bytes) -> Manifest:
    """The manifest that `content` is; raises InvalidError unless it is well formed, with unique safe paths and sane sizes."""
    fields = parse_canonical(content, bytes_max=PACKAGE_ENTRIES_MAX * 400)
    try:
        if fields.pop("format") != FORMAT or len(listed(fields["entries"])) > PACKAGE_ENTRIES_MAX:
            raise InvalidError("not a version 1 package manifest")
        entries = tuple(_entry(*listed(entry)) for entry in fields.pop("entries"))
        manifest = Manifest(entries=entries, **fields)
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidError("a package manifest lacks a field or has one of the wrong form") from error
    texts = (manifest.created_at, manifest.origin, manifest.ledger_vkey, manifest.package_vkey, manifest.tenant, manifest.case)
    if not all(isinstance(text, str) for text in texts) or not is_digest(manifest.verifier):
        raise InvalidError("a package manifest has a field of the wrong type")
    tenant_id(manifest.tenant)
    case_ref(manifest.case)
    parse_instant(manifest.created_at)
    paths = [entry.path for entry in entries]
    if len(set(paths)) != len(paths) or MANIFEST in paths or MANIFEST_NOTE in paths:
        raise InvalidError("a package manifest names an entry twice, or itself")
    return manifest


def note_text(tenant: str, case: str, manifest_digest: str) -> str:
    """The text that the package's signer signs: format, tenant and case, digest of `manifest.json`, a line each."""
    return f"{FORMAT}\n{tenant}/{case}\n{manifest_digest}\n"


def openings_bytes(salts: dict[str, str]) -> bytes:
    """The canonical openings document: salts in hexadecimal by label (`<event n>/<field path>`)."""
    content = canonical_bytes({"format": OPENINGS_FORMAT, "salts": salts})
    parse_openings(content)
    return content


def parse_openings(content: bytes) -> dict[str, bytes]:
    """Salts by label; raises InvalidError for anything but a version 1 openings document."""
    fields = parse_canonical(content)
    if not isinstance(fields, dict) or fields.get("format") != OPENINGS_FORMAT or set(fields) != {"format", "salts"}:
        raise InvalidError("not a version 1 openings document")
    salts = fields["salts"]
    if not isinstance(salts, dict) or not all(is_digest(salt) for salt in salts.values()):
        raise InvalidError("an openings document holds something that is not a 32-byte salt")
    return {label: bytes.fromhex(salt) for label, salt in salts.items()}


def _entry(path: Any, size: Any, sha256: Any, crc32: Any) -> ManifestEntry:
    numbers = (size, crc32)
    if not isinstance(path, str) or not is_entry_name(path) or not is_digest(sha256):
        raise InvalidError("a package manifest has an entry with an unsafe path or no digest")
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        raise InvalidError("a package manifest has an entry without a size")
    if not 0 <= size <= PACKAGE_BYTES_MAX or not 0 <= crc32 < 1 << 32:
        raise InvalidError("a package manifest has an entry of an impossible size")
    return ManifestEntry(path, size, sha256, crc32)
