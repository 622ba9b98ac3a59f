"""Makes `specs/vectors/sm/sm2-bad.json` from the standard's own signature: `python -m tests.vectors.sm.write_vectors`.

Every vector differs from a good one in what `why` says, and must be refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jianlu.core.sm2 import CURVE

FOLDER = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "sm"
PUBLISHED: dict[str, Any] = json.loads((FOLDER / "published.json").read_text())
SIGNED = PUBLISHED["sm2"][0]


def der_integer(number: int, *, padding: bytes = b"") -> bytes:
    """The DER INTEGER of `number`, not minimal with `padding`."""
    content = padding + number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    return bytes([2, len(content)]) + content


def der_signature(r: int, s: int) -> bytes:
    """The DER of a signature."""
    content = der_integer(r) + der_integer(s)
    return bytes([0x30, len(content)]) + content


def bad_vectors() -> list[dict[str, str]]:
    """Signatures and keys that must be refused."""
    r, s, n = int(SIGNED["r"], 16), int(SIGNED["s"], 16), CURVE.n
    good, key, message = der_signature(r, s), bytes.fromhex(SIGNED["public_key"]), bytes.fromhex(SIGNED["message"])
    padded = der_integer(r, padding=b"\0") + der_integer(s)
    signatures = [
        ("another message", good, key, message + b"."),
        ("no message", good, key, b""),
        ("r is 0", der_signature(0, s), key, message),
        ("s is 0", der_signature(r, 0), key, message),
        ("r and s are 0", der_signature(0, 0), key, message),
        ("r is the order", der_signature(n, s), key, message),
        ("s is the order", der_signature(r, n), key, message),
        ("r is increased by the order", der_signature(r + n, s), key, message),
        ("s is increased by the order", der_signature(r, s + n), key, message),
        ("s is negative", der_signature(r, s - n), key, message),
        ("r and s add up to the order", der_signature(r, n - r), key, message),
        ("s is the order less s, as in ECDSA", der_signature(r, n - s), key, message),
        ("r and s changed places", der_signature(s, r), key, message),
        ("one bit of r", der_signature(r ^ 1, s), key, message),
        ("one bit of s", der_signature(r, s ^ 1), key, message),
        ("an integer that is padded", bytes([0x30, len(padded)]) + padded, key, message),
        ("a length in the long form", bytes([0x30, 0x81, good[1]]) + good[2:], key, message),
        ("an indefinite length", bytes([0x30, 0x80]) + good[2:] + b"\0\0", key, message),
        ("a byte behind", good + b"\0", key, message),
        ("a third integer", bytes([0x30, good[1] + 3]) + good[2:] + b"\2\1\1", key, message),
        ("cut short", good[:-1], key, message),
        ("empty", b"", key, message),
        ("raw r and s", r.to_bytes(32, "big") + s.to_bytes(32, "big"), key, message),
        ("a key with another y", good, key[:33] + ((CURVE.p - int.from_bytes(key[33:], "big")).to_bytes(32, "big")), message),
        ("a key off the curve", good, key[:-1] + bytes([key[-1] ^ 1]), message),
        ("a key that is compressed", good, b"\3" + key[1:33], message),
        ("a key that is the neutral element", good, b"\0", message),
        ("a key with a coordinate of the prime", good, b"\4" + CURVE.p.to_bytes(32, "big") + key[33:], message),
        ("a key without its form", good, key[1:], message),
    ]
    return [
        {"why": why, "public_key": used.hex(), "message": said.hex(), "signature": signature.hex()}
        for why, signature, used, said in signatures
    ]


def render(vectors: list[dict[str, str]]) -> str:
    """The file's text: one vector a line."""
    return "[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]\n"


if __name__ == "__main__":
    (FOLDER / "sm2-bad.json").write_text(render(bad_vectors()), encoding="ascii")
