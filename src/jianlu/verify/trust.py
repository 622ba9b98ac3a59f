"""What the caller brings to trust: the trust file, and a checkpoint saved earlier with its optional consistency proof.

`specs/package.md` 3 and 4.7. Without a trust file the keys in a package are claims, and the result says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.checkpoint import Checkpoint, parse_decimal, verify_checkpoint
from jianlu.core.formats.cosignature import WitnessKey, parse_witness_key
from jianlu.core.formats.note import VerifierKey, decode_base64, parse_verifier_key
from jianlu.core.formats.proof import verify_consistency
from jianlu.core.formats.sm2_note import Sm2Key, parse_sm2_key
from jianlu.core.formats.x509 import Certificate, certificate_text, parse_certificates
from jianlu.core.limits import LOG_ENTRIES_MAX, NOTE_BYTES_MAX, PROOF_HASHES_MAX

FORMAT = "jianlu/trust/v1"
TRUST_BYTES_MAX = 1 << 20
SAVED_BYTES_MAX = NOTE_BYTES_MAX + PROOF_HASHES_MAX * 64
_PROOF_MARK = b"\n\nconsistency "


@dataclass(frozen=True, slots=True)
class TrustedSm2:
    """An SM2 key whose line is on every note of its name since the ledger had `since` entries; older notes are believed without."""

    key: Sm2Key
    since: int = 0


@dataclass(frozen=True, slots=True)
class Trust:
    """Accepted ledger keys, package keys and verifier digests; authorities by name; witnesses, and how many must sign.

    `sm2` are keys whose signature the notes of their name must carry besides.
    """

    ledgers: tuple[VerifierKey, ...]
    packages: tuple[VerifierKey, ...]
    verifiers: tuple[str, ...]
    authorities: Mapping[str, tuple[Certificate, ...]] = field(default_factory=dict)
    witnesses: tuple[WitnessKey, ...] = ()
    witnesses_required: int = 0
    sm2: tuple[TrustedSm2, ...] = ()


NO_TRUST = Trust((), (), ())


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """The content of the file at `path`, one byte more than `bytes_max` at most, so that the parser sees that it is too long.

    Raises NotFoundError when it cannot be read.
    """
    try:
        with path.open("rb") as source:
            return source.read(bytes_max + 1)
    except OSError as error:
        raise NotFoundError(f"cannot open {path.name}: check the name and that you may read it") from error


def parse_trust(content: bytes) -> Trust:
    """The trust file `content`; raises InvalidError with the next step for anything else."""
    if len(content) > TRUST_BYTES_MAX:
        raise InvalidError("the trust file is too large to be one")
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidError("the trust file is not JSON: take the trust.json that `jianlu init` wrote") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise InvalidError(f"the trust file must say format {FORMAT}: take the trust.json that `jianlu init` wrote")
    verifiers = fields.get("verifiers", [])
    if not isinstance(verifiers, list) or not all(isinstance(digest, str) for digest in verifiers):
        raise InvalidError("verifiers in the trust file must be a list of digests")
    witnesses = tuple(parse_witness_key(entry["vkey"]) for entry in _entries(fields, "witnesses", "vkey"))
    required = fields.get("witnesses_required", 0)
    if not isinstance(required, int) or isinstance(required, bool) or not 0 <= required <= len(witnesses):
        raise InvalidError("witnesses_required in the trust file must be a number, at most that of its witnesses")
    if len({witness.name for witness in witnesses}) != len(witnesses):
        raise InvalidError("witnesses in the trust file must have names of their own")
    authorities = {
        str(entry.get("name")): parse_certificates(entry["certificates"])
        for entry in _entries(fields, "authorities", "certificates")
    }
    keys = (_keys(fields, "ledgers"), _keys(fields, "packages"), tuple(verifiers))
    sm2 = tuple(_trusted_sm2(entry) for entry in _entries(fields, "sm2", "public_key"))
    return Trust(*keys, authorities, witnesses, required, sm2)


def trust_bytes(trust: Trust) -> bytes:
    """The trust file of `trust`, for people to read: indented JSON."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "ledgers": [{"origin": key.name, "vkey": key.text} for key in trust.ledgers],
        "packages": [{"name": key.name, "vkey": key.text} for key in trust.packages],
        "verifiers": list(trust.verifiers),
    }
    if trust.authorities:
        fields["authorities"] = [
            {"name": name, "certificates": "".join(certificate_text(each) for each in certificates)}
            for name, certificates in trust.authorities.items()
        ]
    if trust.witnesses:
        fields["witnesses"] = [{"name": key.name, "vkey": key.text} for key in trust.witnesses]
        fields["witnesses_required"] = trust.witnesses_required
    if trust.sm2:
        fields["sm2"] = [{"name": each.key.name, "public_key": each.key.pem, "since": each.since} for each in trust.sm2]
    return (json.dumps(fields, indent=2) + "\n").encode()


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """A checkpoint that the caller kept, and the consistency proof appended to it, if any."""

    note: bytes
    proof: tuple[int, int, tuple[bytes, ...]] | None

    def verified(self, key: VerifierKey) -> Checkpoint:
        """What it states, signed by `key`; raises InvalidError or IntegrityError."""
        return verify_checkpoint(self.note, [key])

    def check_extends(self, earlier: Checkpoint, saved: Checkpoint) -> bool:
        """Whether the appended proof leads from `earlier` to `saved`; raises IntegrityError when it is there and does not hold."""
        if self.proof is None or self.proof[:2] != (earlier.size, saved.size):
            return False
        verify_consistency(earlier.size, saved.size, earlier.root, saved.root, self.proof[2])
        return True


def parse_saved(content: bytes) -> SavedCheckpoint:
    """`content` as a saved checkpoint with optional proof; raises InvalidError for a malformed proof (the note is parsed later)."""
    if len(content) > SAVED_BYTES_MAX:
        raise InvalidError("the saved checkpoint is too large to be one")
    note, mark, tail = content.partition(_PROOF_MARK)
    if not mark:
        return SavedCheckpoint(content, None)
    try:
        lines = tail.decode("ascii").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidError("the consistency proof after the saved checkpoint is not ASCII text") from error
    sizes = lines[0].split(" ")
    if len(sizes) != 2 or len(lines) - 1 > PROOF_HASHES_MAX:
        raise InvalidError("the consistency proof after the saved checkpoint is malformed")
    hashes = tuple(decode_base64(line) for line in lines[1:])
    return SavedCheckpoint(note + b"\n", (parse_decimal(sizes[0]), parse_decimal(sizes[1]), hashes))


def _trusted_sm2(entry: Mapping[str, Any]) -> TrustedSm2:
    since = entry.get("since", 0)
    if not isinstance(since, int) or isinstance(since, bool) or not 0 <= since <= LOG_ENTRIES_MAX:
        raise InvalidError("since of an SM2 key in the trust file must be a size of the ledger")
    return TrustedSm2(parse_sm2_key(str(entry.get("name")), entry["public_key"]), since)


def _keys(fields: Mapping[str, Any], name: str) -> tuple[VerifierKey, ...]:
    return tuple(parse_verifier_key(entry["vkey"]) for entry in _entries(fields, name, "vkey"))


def _entries(fields: Mapping[str, Any], name: str, needed: str) -> list[dict[str, Any]]:
    """The objects in the list `name`, each with a text `needed`."""
    entries = fields.get(name, [])
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get(needed), str) for entry in entries
    ):
        raise InvalidError(f"{name} in the trust file must be a list of objects with a {needed}")
    return entries
