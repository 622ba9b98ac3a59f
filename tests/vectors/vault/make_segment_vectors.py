"""Makes `specs/vectors/segment/*.json`: `python -m tests.vectors.vault.make_segment_vectors`; a test checks that they agree."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from jianlu.core.formats.segment import CHUNK_BYTES, HEAD_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES, object_context, seal_bytes
from jianlu.core.terms.suites import Suite

FOLDER = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "segment"
PLACE: dict[str, Any] = {"tenant": "bank-a", "unit": "c" + "a2" * 13, "object": "seg-000001", "version": 1}
LENGTHS = [0, 1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 5 * CHUNK_BYTES + 1234]
WHOLE_BYTES_MAX = 600


def pattern(length: int) -> bytes:
    """The vectors' plaintext of a given length."""
    return bytes(number * 7 % 251 for number in range(length))


def _fresh(label: str, length: int) -> bytes:
    return hashlib.shake_256(b"jianlu segment vector " + label.encode()).digest(length)


def _seal(label: str, plaintext: bytes, place: dict[str, Any], suite: Suite = Suite.INTERNATIONAL) -> tuple[bytes, bytes, bytes]:
    mark = "" if suite is Suite.INTERNATIONAL else f"{suite.name.lower()} "
    key, salt = _fresh(f"{mark}key {label}", 32), _fresh(f"{mark}salt {label}", 24)
    return key, salt, seal_bytes(key, object_context(**place, suite=suite), plaintext, suite=suite, salt=salt)


def good_vectors(suite: Suite = Suite.INTERNATIONAL) -> list[dict[str, Any]]:
    """Every edge of the chunking, and other places."""
    cases: list[tuple[str, bytes, dict[str, Any]]] = [(f"{length} bytes", pattern(length), PLACE) for length in LENGTHS]
    cases.append(
        ("another place", b"evidence", {"tenant": "t", "unit": "subject-7", "object": "findings-speech.zh", "version": 12})
    )
    cases.append(("sealed anew", b"evidence", {**PLACE, "form": 2}))
    vectors = []
    for label, plaintext, place in cases:
        key, salt, sealed = _seal(label, plaintext, place, suite)
        told = (
            {"sealed": sealed.hex()} if len(sealed) <= WHOLE_BYTES_MAX else {"sealed_sha256": hashlib.sha256(sealed).hexdigest()}
        )
        plain = {"pattern": len(plaintext)} if plaintext == pattern(len(plaintext)) else {"hex": plaintext.hex()}
        vectors.append(
            {"name": label, "key": key.hex(), "salt": salt.hex(), **place, "plain": plain, "bytes": len(sealed), **told}
        )
    return vectors


def bad_vectors(suite: Suite = Suite.INTERNATIONAL) -> list[dict[str, Any]]:
    """Objects that must be refused, each with what is wrong; `key` and place are what a reader would use."""
    key, _, short = _seal("bad short", b"evidence of a sale", PLACE, suite)
    long_key, _, long = _seal("bad long", pattern(CHUNK_BYTES + 10), PLACE, suite)
    other = 3 - suite.number
    second = HEAD_BYTES + SEALED_CHUNK_BYTES
    others = {"tenant": "bank-b", "unit": "c" + "b3" * 13, "object": "seg-000002", "version": 2, "form": 1}
    moved = {name: {**PLACE, name: other} for name, other in others.items()}
    vectors = [
        ("empty", key, PLACE, b""),
        ("no magic", key, PLACE, b"JLSEAX" + short[6:]),
        ("unknown suite", key, PLACE, short[:6] + bytes([other]) + short[7:]),
        ("unknown format version", key, PLACE, short[:7] + b"\x02" + short[8:]),
        ("salt altered", key, PLACE, short[:8] + bytes([short[8] ^ 1]) + short[9:]),
        ("commitment altered", key, PLACE, short[:32] + bytes([short[32] ^ 128]) + short[33:]),
        ("ciphertext altered", key, PLACE, short[:64] + bytes([short[64] ^ 1]) + short[65:]),
        ("tag altered", key, PLACE, short[:-1] + bytes([short[-1] ^ 1])),
        ("another key", bytes(32), PLACE, short),
        ("cut in the head", key, PLACE, short[:63]),
        ("no chunk at all", key, PLACE, short[:64]),
        ("half a tag", key, PLACE, short[: 64 + TAG_BYTES - 1]),
        ("last byte missing", key, PLACE, short[:-1]),
        ("one byte more", key, PLACE, short + b"\x00"),
        ("last chunk missing", long_key, PLACE, long[:second]),
        ("first chunk missing", long_key, PLACE, long[:HEAD_BYTES] + long[second:]),
        *((f"moved to another {name}", key, place, short) for name, place in moved.items()),
    ]
    return [{"why": why, "key": used.hex(), **place, "sealed": sealed.hex()} for why, used, place, sealed in vectors]


def render(vectors: list[dict[str, Any]]) -> str:
    """The file's text: one vector a line."""
    return "[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "good.json").write_text(render(good_vectors()), encoding="ascii")
    (FOLDER / "bad.json").write_text(render(bad_vectors()), encoding="ascii")
    (FOLDER / "good-sm.json").write_text(render(good_vectors(Suite.SM)), encoding="ascii")
    (FOLDER / "bad-sm.json").write_text(render(bad_vectors(Suite.SM)), encoding="ascii")
