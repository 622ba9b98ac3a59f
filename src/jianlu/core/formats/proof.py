"""Merkle hashes and proofs: `specs/checkpoint-and-proof.md`, after RFC 6962 section 2.1 and c2sp.org/tlog-proof@v1.

Here proofs are checked and read; they are made from tiles in `tree`. The verification walks are those of RFC 9162
sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import Checkpoint, parse_decimal, verify_checkpoint
from jianlu.core.formats.note import VerifierKey, decode_base64, parse_note
from jianlu.core.formats.tile import HASH_BYTES, check_position
from jianlu.core.limits import LOG_ENTRIES_MAX, NOTE_BYTES_MAX, PROOF_HASHES_MAX

EMPTY_ROOT = hashlib.sha256(b"").digest()
EXTRA_BYTES_MAX = 4096
"""Extra data of a proof: we write none; others' stay small."""

_HEADER = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX = NOTE_BYTES_MAX + PROOF_HASHES_MAX * 45 + EXTRA_BYTES_MAX * 2


def leaf_hash(entry: bytes) -> bytes:
    """The Merkle leaf hash of an entry: SHA-256(0x00, entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The Merkle hash of two subtrees: SHA-256(0x01, left, right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, hashes: Sequence[bytes], root: bytes) -> None:
    """Raise IntegrityError unless `hashes` (leaf's sibling first) prove `leaf` at `index` of the tree of `size` with `root`.

    Raises InvalidError for an index outside the tree.
    """
    check_position(index, size)
    _check_hashes(hashes)
    at, last, computed = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise IntegrityError("an inclusion proof has too many hashes")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or computed != root:
        raise IntegrityError(f"entry {index} is not proved to be in the ledger: the proof does not lead to the root hash")


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, hashes: Sequence[bytes]) -> None:
    """Raise IntegrityError unless `hashes` prove that the tree `old_size`, `old_root` is a prefix of `new_size`, `new_root`.

    Raises InvalidError unless 0 <= old_size <= new_size.
    """
    if not 0 <= old_size <= new_size <= LOG_ENTRIES_MAX:
        raise InvalidError("a consistency proof leads from a smaller to a larger ledger")
    _check_hashes(hashes)
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if hashes or old_root != expected:
            raise IntegrityError("the ledger's earlier root hash is not the one of its history")
        return
    path = list(hashes)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not path:
        raise IntegrityError("a consistency proof is empty")
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise IntegrityError("a consistency proof has too many hashes")
        if at & 1 or at == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or from_old != old_root or from_new != new_root:
        raise IntegrityError("the ledger is not an extension of its earlier state: history was changed or forked")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A tlog-proof taken apart: entry number, inclusion hashes (leaf's sibling first), checkpoint note; nothing verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @property
    def content(self) -> bytes:
        """The proof's bytes (`.tlog-proof` file)."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(value).decode() for value in self.hashes]
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint


def parse_proof(content: bytes) -> TlogProof:
    """`content` taken apart; raises InvalidError unless it is a well-formed tlog-proof within the bounds."""
    if len(content) > PROOF_BYTES_MAX:
        raise InvalidError(f"a proof has {len(content)} bytes, more than {PROOF_BYTES_MAX}")
    head, separator, checkpoint = content.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise InvalidError("a proof is not UTF-8 text") from error
    if lines[0] != _HEADER or not separator:
        raise InvalidError(f"a proof must begin with the line {_HEADER} and contain a checkpoint")
    rest, extra = lines[1:], None
    if rest and rest[0].startswith("extra "):
        extra = decode_base64(rest.pop(0).removeprefix("extra "))
        if len(extra) > EXTRA_BYTES_MAX:
            raise InvalidError("a proof's extra line is too long")
    if not rest or not rest[0].startswith("index "):
        raise InvalidError("a proof must name the index of its entry")
    index = parse_decimal(rest[0].removeprefix("index "))
    hashes = tuple(decode_base64(line) for line in rest[1 : PROOF_HASHES_MAX + 2])
    _check_hashes(hashes)
    parse_note(checkpoint)
    return TlogProof(index, hashes, checkpoint, extra)


def verify_proof(
    content: bytes, entry: bytes, keys: Sequence[VerifierKey], *, origin: str | None = None
) -> tuple[int, Checkpoint]:
    """The index of `entry` and the verified checkpoint, when the tlog-proof `content` proves it under one of `keys`.

    Raises InvalidError for malformed bytes, IntegrityError when signature, origin or hashes do not prove it.
    """
    proof = parse_proof(content)
    checkpoint = verify_checkpoint(proof.checkpoint, keys, origin=origin)
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return proof.index, checkpoint


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > PROOF_HASHES_MAX or any(len(value) != HASH_BYTES for value in hashes):
        raise InvalidError(f"a proof has at most {PROOF_HASHES_MAX} hashes of 32 bytes")
