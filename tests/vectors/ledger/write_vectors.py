"""Writes `specs/vectors/ledger/`: run by hand when the spec changes (`python -m tests.vectors.ledger.write_vectors`).

The values come from the naive tree and the textbook curve of `tests/property/ledger`, from `cryptography`, and from the
published examples of C2SP and RFC 8032; nothing comes from the code that the vectors test.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.property.ledger import naive_tree
from tests.property.ledger import textbook_curve as curve

PLACE = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "ledger"
SIZES = (0, 1, 2, 3, 4, 7, 8, 255, 256, 257, 600, 65_537, 66_000)
SEED = bytes(range(32))
RFC_8032 = [  # section 7.1, tests 1 to 3: seed and message; the signature follows from them
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
]
C2SP_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def trees() -> Any:
    """Roots, proofs and tiles of trees whose entry i is the ASCII text `entry <i>`."""
    leaves = [naive_tree.leaf(b"entry %d" % number) for number in range(max(SIZES))]
    return {"entries": "entry i is the ASCII text 'entry <i>'", "trees": [_tree(leaves[:size]) for size in SIZES]}


def _tree(leaves: list[bytes]) -> Any:
    size = len(leaves)
    picked = sorted({index for index in (0, 1, 2, size // 3, size // 2, 255, 256, size - 2, size - 1) if 0 <= index < size})
    olds = sorted({old for old in (0, 1, 2, 3, size // 2, 255, 256, size - 1, size) if 0 <= old <= size})
    tiles = naive_tree.tiles(leaves)
    kept = tiles if size <= 600 else {place: tiles[place] for place in tiles if place[0] > 0 or place[1] >= size >> 8}
    return {
        "size": size,
        "root": naive_tree.root(leaves).hex(),
        "inclusion": {str(index): [value.hex() for value in naive_tree.path(index, leaves)] for index in picked},
        "consistency": {str(old): [value.hex() for value in naive_tree.consistency(old, leaves)] for old in olds},
        "tiles": [
            {"level": level, "index": index, "width": len(hashes), "sha256": hashlib.sha256(b"".join(hashes)).hexdigest()}
            for (level, index), hashes in sorted(kept.items())
        ],
    }


def paths() -> Any:
    """Names of tiles and bundles (level -1), and spellings that are none."""
    good = [
        (0, 0, 256, "tile/0/000"),
        (0, 7, 1, "tile/0/007.p/1"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (2, 1_234_067, 255, "tile/2/x001/x234/067.p/255"),
        (-1, 1000, 3, "tile/entries/x001/000.p/3"),
        (63, 999, 256, "tile/63/999"),
    ]
    bad = [
        "",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
    ]
    bad += [
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "/tile/0/000",
    ]
    bad += ["tile/0/000/", "tile/0/000.p", "tile/0/000\n", "tile/0/../000", "tile/0/x001", "tile/0/٠٠٠", "tile/entries/-01"]
    return {"good": [dict(zip(("level", "index", "width", "path"), row, strict=True)) for row in good], "bad": bad}


def _signed(text: str, name: str = "example.com/log", seed: bytes = SEED) -> str:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    return f"{text}\n— {name} {base64.b64encode(key_id + private.sign(text.encode())).decode()}\n"


def _respelled(encoded: str) -> str:
    """The same bytes in base64 with an unused bit of the last digit set, which lenient decoders accept."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    digits, padding = encoded.rstrip("="), "=" * encoded.count("=")
    return digits[:-1] + alphabet[alphabet.index(digits[-1]) | 1] + padding


def _vkey(name: str, public: bytes) -> str:
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def notes() -> Any:
    """Verifier keys, notes and checkpoints that are good, not intact (signature), or invalid (form)."""
    vkey = _vkey("example.com/log", Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw())
    root = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    text = f"example.com/log\n0\n{root}\n"
    good = _signed(text)
    line = good.split("\n\n")[1]
    other = _signed(text, "witness.example/w", bytes(32)).split("\n\n")[1]
    shaped = {
        "root is not base64": _signed(text.replace(root, root[:-1] + "!")),
        "root in another spelling": _signed(text.replace(root, _respelled(root))),
        "signature in another spelling": good.replace(good[-6:-1], _respelled(good[-6:-1])),
        "root of 31 bytes": _signed(f"example.com/log\n0\n{base64.b64encode(bytes(31)).decode()}\n"),
        "size with a leading zero": _signed(f"example.com/log\n01\n{root}\n"),
        "negative size": _signed(f"example.com/log\n-1\n{root}\n"),
        "size in other digits": _signed(f"example.com/log\n٣\n{root}\n"),
        "size above the bound": _signed(f"example.com/log\n{(1 << 40) + 1}\n{root}\n"),
        "extension line": _signed(text + "extension\n"),
        "two lines": _signed("example.com/log\n0\n"),
        "empty origin": _signed(f"\n0\n{root}\n"),
        "no signature": text + "\n",
        "no empty line": text + line,
        "no final newline": good[:-1],
        "carriage returns": good.replace("\n", "\r\n"),
        "hyphen for the em dash": good.replace("—", "-"),
        "empty signature": text + "\n— example.com/log AAAAAA==\n",
        "too many signatures": text + "\n" + line * 101,
    }
    altered = {
        "size changed": good.replace("\n0\n", "\n1\n"),
        "origin changed": good.replace("example.com/log\n0", "example.org/log\n0"),
        "signature of another text": text + "\n" + _signed("other\n").split("\n\n")[1],
        "only an unknown key": text + "\n" + other,
        "signed as the log by another key": _signed(text, seed=bytes(32)),
        "good for another origin": _signed(text.replace("example.com/log", "example.com/other")),
    }
    return {
        "vkey": vkey,
        "good": [{"why": "plain", "note": good}, {"why": "with a witness that is not known", "note": text + "\n" + other + line}],
        "invalid": [{"why": why, "note": note} for why, note in shaped.items()],
        "not_intact": [{"why": why, "note": note} for why, note in altered.items()],
        "c2sp_example": {"vkey": C2SP_VKEY, "note": C2SP_NOTE},
        "bad_vkeys": [
            vkey.replace("example.com", "example.org"),
            vkey.replace("+", " "),
            vkey[:-4],
            vkey + "\n",
            "+" + vkey.split("+", 1)[1],
            _vkey("a b", bytes(32)),
            "PRIVATE+KEY+" + vkey,
        ],
    }


def journal() -> Any:
    """Records as bytes."""
    rows = []
    for first, entries in ((0, [b"first"]), (1, [b"", b"second", bytes(300)]), (1 << 33, [b"far"])):
        payload = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        head = struct.pack(">4sQII", b"JLJ1", first, len(entries), len(payload))
        record = head + struct.pack(">I", zlib.crc32(head)) + payload
        record += hashlib.sha256(record).digest()
        rows.append({"first": first, "entries": [entry.hex() for entry in entries], "record": record.hex()})
    return rows


def signatures() -> Any:
    """Signatures, good and bad; `why` says on what libraries disagree."""
    rows = []

    def row(why: str, public: bytes, message: bytes, signature: bytes, *, is_valid: bool) -> None:
        rows.append(
            {"why": why, "public": public.hex(), "message": message.hex(), "signature": signature.hex(), "valid": is_valid}
        )

    for seed, message in RFC_8032:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        row(
            "RFC 8032",
            private.public_key().public_bytes_raw(),
            bytes.fromhex(message),
            private.sign(bytes.fromhex(message)),
            is_valid=True,
        )
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    public, secret = private.public_key().public_bytes_raw(), curve.secret_scalar(SEED)
    good = private.sign(b"message")
    row("plain", public, b"message", good, is_valid=True)
    row("another message", public, b"Message", good, is_valid=False)
    row("empty signature", public, b"message", b"", is_valid=False)
    row("all zero", public, b"message", bytes(64), is_valid=False)
    s = int.from_bytes(good[32:], "little")
    for times in (1, 2, 8):
        row(f"S + {times} L", public, b"message", good[:32] + (s + times * curve.ORDER).to_bytes(32, "little"), is_valid=False)
    for number, point in enumerate(curve.SMALL_ORDER):
        small = curve.encode(point)
        row(f"small key {number}", small, b"message", curve.forge(0, small, 7, b"message"), is_valid=False)
        row(f"small R {number}", public, b"message", curve.forge(secret, public, 0, b"message", point), is_valid=False)
        if number:
            row(
                f"R with small part {number}",
                public,
                b"message",
                curve.forge(secret, public, 7, b"message", point),
                is_valid=False,
            )
    for above in (0, 1):
        wide = (curve.P + above).to_bytes(32, "little")
        k = curve.challenge(wide, public, b"message")
        row(f"R is p + {above}", public, b"message", wide + (k * secret % curve.ORDER).to_bytes(32, "little"), is_valid=False)
        row(f"key is p + {above}", wide, b"message", curve.forge(0, wide, 7, b"message"), is_valid=False)
    return rows


def main() -> None:
    """Write every file."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("trees", trees()),
        ("paths", paths()),
        ("notes", notes()),
        ("journal", journal()),
        ("ed25519", signatures()),
    ):
        (PLACE / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
