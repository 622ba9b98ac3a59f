"""Writes `specs/vectors/time/` with authorities made on the spot by openssl: run it after a change of the format, and read the diff.

    python -m tests.vectors.time.write_vectors

Keys are new at each run, so every token changes; what must be said of each does not. Certificates of the tokens never need to hold today.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from tests.fakes.time.authority import LocalAuthority, make_authority

VECTORS = Path(__file__).parents[3] / "specs" / "vectors" / "time"
CONTENT = b"example.com/ledger\n1\nROOT\n"


def token_of(authority: LocalAuthority, content: bytes, algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> bytes:
    """A token that nobody checked, straight from openssl."""
    request = TimestampRequestBuilder(data=content, hash_algorithm=algorithm).build()
    return decode_timestamp_response(authority.reply(request.as_bytes())).time_stamp_token()


def stamps(place: Path) -> list[dict[str, Any]]:
    """Good and bad tokens of `CONTENT`."""
    now = datetime.now(UTC)
    made = {keys: make_authority(place / keys, keys, keys=keys) for keys in ("rsa", "p256", "p384")}
    ended = make_authority(place / "ended", "ended", keys="p256", ends_at=now - timedelta(days=1))
    tokens = {keys: token_of(authority, CONTENT) for keys, authority in made.items()}
    found = [_vector(f"signed with {keys}", tokens[keys], CONTENT, made[keys], ok=True) for keys in made]
    good, authority = tokens["p256"], made["p256"]
    bad: list[tuple[str, bytes, bytes, LocalAuthority]] = [
        ("of other bytes", good, CONTENT + b"x", authority),
        ("a root that is not trusted", good, CONTENT, made["rsa"]),
        ("a certificate that had ended", token_of(ended, CONTENT), CONTENT, ended),
        ("a SHA-512 imprint", token_of(authority, CONTENT, HashAlgorithm.SHA512), CONTENT, authority),
        ("the last bit of the signature flipped", good[:-1] + bytes([good[-1] ^ 1]), CONTENT, authority),
        ("a byte too many", good + b"\0", CONTENT, authority),
        ("a byte too few", good[:-1], CONTENT, authority),
        ("an indefinite length", b"\x30\x80" + good[4:] + b"\0\0", CONTENT, authority),
        ("a length that is not minimal", b"\x30\x83\0" + good[2:4] + good[4:], CONTENT, authority),
        ("nothing", b"", CONTENT, authority),
    ]
    return [*found, *(_vector(*fields, ok=False) for fields in bad)]


def _vector(why: str, token: bytes, content: bytes, authority: LocalAuthority, *, ok: bool) -> dict[str, Any]:
    chain = authority.chain.read_text()
    return {"why": why, "ok": ok, "token": token.hex(), "content": content.hex(), "certificates": chain}


def main() -> None:
    """Write the file."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        text = json.dumps(stamps(Path(place)), indent=1) + "\n"
    (VECTORS / "stamps.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
