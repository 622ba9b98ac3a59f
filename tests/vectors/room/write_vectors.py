"""Writes `specs/vectors/encrypted-room/keys.json`: what both halves of an encrypted room, browser and recorder, must derive alike.

Run by hand after a change of the format; wrapped secrets are random, so that every run writes others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jianlu.capture.recording.live.room_key import MemberKey, fingerprint, secret_id, sender_key, wrap_secret

VECTORS = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "encrypted-room" / "keys.json"
SECRET = bytes(range(1, 33))
CASE = "c" + "ab" * 13
ROSTER = [["agent", "a" * 64], ["customer", "c" * 64], ["recorder-a", "e" * 64]]


def proof_of(secret: bytes, case: str, member: str, public_key: bytes) -> str:
    purpose = b"jianlu/room-proof@v1\0" + case.encode() + b"\0" + member.encode()
    key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret)
    return text_of(hmac.new(key, public_key, hashlib.sha256).digest())


def code_of(secret: bytes, case: str, roster: list[list[str]]) -> str:
    salt = "\n".join(["jianlu/room-code@v1", case, *sorted(f"{member} {print_}" for member, print_ in roster)]).encode()
    made = hashlib.pbkdf2_hmac("sha256", secret, salt, 100_000, 8)
    return f"{int.from_bytes(made) % 10**12:012d}"


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def vectors(private_key: bytes) -> dict[str, Any]:
    """Everything but the wrapped secrets."""
    key = MemberKey(private_key, "a")
    senders = [("agent", "audio"), ("agent", "video"), ("customer", "audio"), ("agent-screen", "video")]
    return {
        "secret": SECRET.hex(),
        "case": CASE,
        "id": secret_id(SECRET, CASE),
        "senders": [{"feed": f, "kind": k, "key": sender_key(SECRET, CASE, f, k).hex()} for f, k in senders],
        "member": {
            "name": key.member,
            "private_key": private_key.hex(),
            "public_key": key.public_key.hex(),
            "fingerprint": fingerprint(key.public_key),
            "proof": proof_of(SECRET, CASE, key.member, key.public_key),
        },
        "roster": ROSTER,
        "code": code_of(SECRET, CASE, ROSTER),
    }


def main() -> None:
    made = vectors(hashlib.sha256(b"a member's key for vectors").digest())
    kept = json.loads(VECTORS.read_text(encoding="ascii"))["member"]["wrapped"] if VECTORS.exists() else []
    key = MemberKey(bytes.fromhex(made["member"]["private_key"]), "a")
    made["member"]["wrapped"] = kept or [text_of(wrap_secret(SECRET, key.public_key, CASE, "a"))]
    VECTORS.parent.mkdir(parents=True, exist_ok=True)
    VECTORS.write_text(json.dumps(made, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
