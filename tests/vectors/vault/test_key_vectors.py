"""`specs/vectors/keys`: a published key tree opens with our code, and with a second reading of `specs/keys.md` that shares none of it."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.backends.keys.file import FileKeys
from jianlu.core.formats.segment import object_context, open_bytes
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.vault.keys import open_unit_key, tenant_secret
from jianlu.vault.model import Place
from jianlu.vault.open import open_whole
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs
from tests.vectors.vault.make_key_vectors import FOLDER, ROOT_KEY, make

VECTOR: dict[str, Any] = json.loads((FOLDER / "good.json").read_text())


def _load(using: VaultPorts, vector: dict[str, Any]) -> None:
    assert isinstance(using.key_blobs, MemoryBlobs)
    assert isinstance(using.blobs, MemoryBlobs)
    using.key_blobs.contents = {name: record.encode() for name, record in vector["records"].items()}
    using.blobs.contents = {name: bytes.fromhex(sealed) for name, sealed in vector["sealed"].items()}


def test_the_published_tree_opens_with_our_code() -> None:
    with memory_vault() as using:
        assert using.keys.describe() == FileKeys(bytes.fromhex(VECTOR["root_key"])).describe()
        _load(using, VECTOR)
        assert tenant_secret(using, tenant_id(TENANT)).hex() == VECTOR["tenant_secret"]
        unit_key = open_unit_key(using, tenant_id(TENANT), CASE)
        assert {label: unit_key.salt(label).hex() for label in VECTOR["salts"]} == VECTOR["salts"]
        place = Place(tenant_id(TENANT), CASE, object_id("plan"), 1)
        assert unit_key.open_object_key(place, using.key_blobs).hex() == VECTOR["object_key"]
        assert open_whole(place, using=using).hex() == VECTOR["plain"]


def _expand(key: bytes, label: bytes, length: int = 32) -> bytes:
    return hmac.digest(key, label + b"\1", "sha256")[:length]


def _open_record(record: str, wrapping_key: bytes) -> bytes:
    fields = json.loads(record)
    nonce, wrapped = bytes.fromhex(fields.pop("nonce")), bytes.fromhex(fields.pop("wrapped"))
    if not nonce:
        nonce, wrapped = wrapped[:12], wrapped[12:]
    else:
        assert fields["wrapped_by"] == _expand(wrapping_key, b"jianlu/key-id@v1", 8).hex()
    return AESGCM(wrapping_key).decrypt(nonce, wrapped, json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("vector", [VECTOR, make()], ids=["published", "made now"])
def test_a_tree_opens_by_the_page_alone(vector: dict[str, Any]) -> None:
    records, root = vector["records"], bytes.fromhex(vector["root_key"])
    assert root == ROOT_KEY
    tenant_key = _open_record(records[f"{TENANT}/tenant.key"], _expand(root, b"jianlu/root-wrapping@v1"))
    assert _expand(tenant_key, b"jianlu/tenant-secret@v1").hex() == vector["tenant_secret"]
    unit_key = _open_record(records[f"{TENANT}/{CASE}/unit.key"], _expand(tenant_key, b"jianlu/tenant-wrapping@v1"))
    object_key = _open_record(records[f"{TENANT}/{CASE}/plan.v1.key"], _expand(unit_key, b"jianlu/unit-wrapping@v1"))
    assert object_key.hex() == vector["object_key"]
    commitment_key = _expand(unit_key, b"jianlu/unit-commitment@v1")
    for label, salt in vector["salts"].items():
        assert _expand(commitment_key, b"jianlu/salt@v1\0" + label.encode()).hex() == salt
    context = object_context(tenant=TENANT, unit=CASE, object="plan", version=1)
    (sealed,) = vector["sealed"].values()
    assert open_bytes(object_key, context, bytes.fromhex(sealed)).hex() == vector["plain"]
