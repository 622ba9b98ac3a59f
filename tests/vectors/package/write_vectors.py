"""Writes `specs/vectors/package/` from fixed inputs: run it after a change of the format, and read the diff.

    python -m tests.vectors.package.write_vectors

Containers are made byte by byte with `struct`, not with the project's writer, so that writer and reader meet a third opinion.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.digests import digest_of

VECTORS = Path(__file__).parents[3] / "specs" / "vectors" / "package"
ENTRIES = (("a.txt", b"first"), ("b/c.json", b"{}"), ("empty", b""))


def local(name: str, content: bytes, *, method: int = 0, flags: int = 0, date: int = 0x21) -> bytes:
    """A local header with its content."""
    crc32, size = zlib.crc32(content), len(content)
    raw = name.encode()
    return (
        struct.pack("<4s2B4HL2L2H", b"PK\x03\x04", 20, 0, flags, method, 0, date, crc32, size, size, len(raw), 0) + raw + content
    )


def central(name: str, content: bytes, offset: int, *, method: int = 0, comment: bytes = b"", mode: int = 0o100644) -> bytes:
    """A directory entry."""
    crc32, size, raw = zlib.crc32(content), len(content), name.encode()
    fields = (20, 3, 20, 0, 0, method, 0, 0x21, crc32, size, size, len(raw), 0, len(comment), 0, 0, mode << 16, offset)
    return struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *fields) + raw + comment


def end(count: int, size: int, offset: int, *, comment: bytes = b"") -> bytes:
    """The end record."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, len(comment)) + comment


def container(entries: tuple[tuple[str, bytes], ...] = ENTRIES, *, between: bytes = b"", **central_fields: Any) -> bytes:
    """A whole container; `between` goes before the second entry."""
    body, directory = b"", b""
    for number, (name, content) in enumerate(entries):
        body += between if number == 1 else b""
        directory += central(name, content, len(body), **central_fields)
        body += local(name, content)
    return body + directory + end(len(entries), len(directory), len(body))


def containers() -> list[dict[str, Any]]:
    """Good and bad containers with the reason."""
    good = container()
    names = [name for name, _ in ENTRIES]
    bad = {
        "a gap between entries": container(between=b"\x00"),
        "a comment of an entry": container(comment=b"hi"),
        "another mode": container(mode=0o100755),
        "a doubled name": container((("same", b"1"), ("same", b"2"))),
        "a name that climbs": container((("../x", b""),)),
        "a hidden name": container(((".x", b""),)),
        "a name with a space": container((("a b", b""),)),
        "a comment at the end": good[:-2] + struct.pack("<H", 2) + b"hi",
        "a byte appended": good + b"\x00",
        "a byte before": b"\x00" + good,
        "the last byte missing": good[:-1],
        "deflate claimed": container(method=8),
        "fewer entries claimed": good[:-14] + struct.pack("<2H", 2, 2) + good[-10:],
        "no end record": good[:-22],
    }
    made = [
        {"why": "good", "hex": good.hex(), "entries": names},
        {"why": "nothing inside", "hex": container(()).hex(), "entries": []},
    ]
    return [*made, *({"why": why, "hex": content.hex(), "entries": None} for why, content in bad.items())]


def manifests() -> list[dict[str, Any]]:
    """Good and bad manifests with the reason."""
    fields: dict[str, Any] = {
        "format": "jianlu/package/v1",
        "tenant": "demo-bank",
        "case": "c" + "a" * 26,
        "created_at": "2026-11-22T09:30:00.000Z",
        "origin": "jianlu.example/demo",
        "ledger_vkey": "ledger key",
        "package_vkey": "package key",
        "verifier": digest_of(b"verifier"),
        "entries": [["README.txt", 5, digest_of(b"first"), zlib.crc32(b"first")]],
    }
    entry = fields["entries"][0]
    bad: dict[str, dict[str, Any]] = {
        "another format": {"format": "jianlu/package/v2"},
        "a tenant in capitals": {"tenant": "Demo"},
        "a short case": {"case": "caaa"},
        "a local time": {"created_at": "2026-11-22T09:30:00+08:00"},
        "a short digest": {"verifier": "00"},
        "an entry twice": {"entries": [entry, entry]},
        "an unsafe path": {"entries": [["/etc/passwd", *entry[1:]]]},
        "the manifest itself": {"entries": [["manifest.json", *entry[1:]]]},
        "a negative size": {"entries": [[entry[0], -1, *entry[2:]]]},
        "a size that is a text": {"entries": [[entry[0], "5", *entry[2:]]]},
        "a CRC of 33 bits": {"entries": [[*entry[:3], 1 << 32]]},
        "an entry of three": {"entries": [entry[:3]]},
        "an unknown field": {"more": 1},
    }
    good = [{"why": "good", "ok": True, "text": canonical_bytes(fields).decode()}]
    return [
        *good,
        *({"why": why, "ok": False, "text": canonical_bytes({**fields, **change}).decode()} for why, change in bad.items()),
    ]


def main() -> None:
    """Write both files."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, vectors in (("containers", containers()), ("manifests", manifests())):
        lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
        (VECTORS / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
