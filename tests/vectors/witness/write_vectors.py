"""Writes `specs/vectors/witness/` from fixed keys: run it after a change of the format, and read the diff.

python -m tests.vectors.witness.write_vectors
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.cosignature import WitnessKey, cosignature_line, cosigned_message
from jianlu.core.formats.note import NoteSignature, assemble_note, verifier_key
from jianlu.core.formats.proof import leaf_hash

VECTORS = Path(__file__).parents[3] / "specs" / "vectors" / "witness"
LEDGER, WITNESS = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
AT = 1_795_680_000
CHECKPOINT = Checkpoint("example.com/ledger", 1, leaf_hash(b"only"))
KEY = WitnessKey("witness.example/w1", WITNESS.public_key().public_bytes_raw())


def note() -> bytes:
    """The checkpoint, signed by its ledger."""
    key = verifier_key(CHECKPOINT.origin, LEDGER.public_key().public_bytes_raw())
    return assemble_note(CHECKPOINT.text, [NoteSignature(key.name, key.key_id, LEDGER.sign(CHECKPOINT.text.encode()))])


def line(at: int = AT, said_at: int = AT, text: str = CHECKPOINT.text) -> str:
    """A cosignature of `text` at `at` that says it is of `said_at`."""
    return cosignature_line(KEY, said_at, WITNESS.sign(cosigned_message(text, at)))


def cosignatures() -> list[dict[str, Any]]:
    """Notes and how many of the witness's cosignatures count; None where the note must be refused."""
    other = Checkpoint(CHECKPOINT.origin, 2, CHECKPOINT.root).text
    cases: list[tuple[str, bytes, int | None]] = [
        ("one cosignature", note() + line().encode(), 1),
        ("none", note(), 0),
        ("an unknown witness", note() + line().replace("/w1", "/w2").encode(), 0),
        ("the same witness twice", note() + (line() + line(AT + 1, AT + 1)).encode(), 1),
        ("another time than was signed", note() + line(AT, AT + 1).encode(), None),
        ("of another checkpoint", note() + line(text=other).encode(), None),
        ("a line without its end", note() + line().encode()[:-1], None),
    ]
    return [{"why": why, "key": KEY.text, "note": content.decode(), "counted": counted} for why, content, counted in cases]


def requests() -> list[dict[str, Any]]:
    """Bodies of add-checkpoint: old size and hashes, or None where it must be refused."""
    whole = note().decode()
    cases: list[tuple[str, str, list[Any] | None]] = [
        ("from nothing", f"old 0\n\n{whole}", [0, 0]),
        ("with a proof", f"old 1\n{'A' * 43}=\n\n{whole}", [1, 1]),
        ("a leading zero", f"old 00\n\n{whole}", None),
        ("no size", f"old \n\n{whole}", None),
        ("a hash of 31 bytes", f"old 1\n{'A' * 42}==\n\n{whole}", None),
        ("64 hashes", "old 1\n" + f"{'A' * 43}=\n" * 64 + f"\n{whole}", None),
        ("no empty line", "old 0\n", None),
    ]
    return [{"why": why, "body": body, "asks": asks} for why, body, asks in cases]


def main() -> None:
    """Write both files."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, vectors in (("cosignatures", cosignatures()), ("requests", requests())):
        text = json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"
        (VECTORS / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
