"""`specs/vectors/keys`: a published key tree opens with our code, and with a second reading of `specs/keys.md` that shares none of it."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from jianlu.backends.keys.file import FileKeys
from jianlu.core.formats.segment import object_context, open_bytes
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.vault.keys import open_unit_key, tenant_secret
from jianlu.vault.model import Place
from jianlu.vault.open import open_whole
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs
from tests.vectors.sm.textbook_gcm import gcm_seal
from tests.vectors.vault.make_key_vectors import FOLDER, ROOT_KEY, make

VECTOR: dict[str, Any] = json.loads((FOLDER / "good.json").read_text())
VECTOR_SM: dict[str, Any] = json.loads((FOLDER / "good-sm.json").read_text())


def _load(using: VaultPorts, vector: dict[str, Any]) -> None:
    assert isinstance(using.key_blobs, MemoryBlobs)
    assert isinstance(using.blobs, MemoryBlobs)
    using.key_blobs.contents = {name: record.encode() for name, record in vector["records"].items()}
    using.blobs.contents = {name: bytes.fromhex(sealed) for name, sealed in vector["sealed"].items()}


@pytest.mark.parametrize("vector", [VECTOR, VECTOR_SM], ids=["international", "sm"])
def test_the_published_tree_opens_with_our_code(vector: dict[str, Any]) -> None:
    with memory_vault() as given:
        suite = Suite.SM if vector is VECTOR_SM else Suite.INTERNATIONAL
        using = replace(given, keys=FileKeys(bytes.fromhex(vector["root_key"]), suite), suite=suite)
        described = using.keys.describe()
        assert f"{described.name}/{described.version}" == vector["keeper"]
        _load(using, vector)
        assert tenant_secret(using, tenant_id(TENANT)).hex() == vector["tenant_secret"]
        unit_key = open_unit_key(using, tenant_id(TENANT), CASE)
        assert {label: unit_key.salt(label).hex() for label in vector["salts"]} == vector["salts"]
        place = Place(tenant_id(TENANT), CASE, object_id("plan"), 1)
        assert unit_key.open_object_key(place, using.key_blobs).hex() == vector["object_key"]
        assert open_whole(place, using=using).hex() == vector["plain"]


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


def _expand_sm3(key: bytes, label: bytes, length: int) -> bytes:
    made = HMAC(key, SM3())
    made.update(label + b"\1")
    return made.finalize()[:length]


def _open_sm_record(record: str, key: bytes, purpose: bytes) -> bytes:
    """The wrapped key, by GCM read from its standard: its own tag is made again, since that GCM only seals."""
    fields = json.loads(record)
    nonce, wrapped = bytes.fromhex(fields.pop("nonce")), bytes.fromhex(fields.pop("wrapped"))
    wrapping_key = _expand_sm3(key, purpose + b"+SM4-GCM", 16)
    if nonce:
        assert (fields["suite"], fields["wrapped_by"]) == ("SM4-GCM", _expand_sm3(wrapping_key, b"jianlu/key-id@v1", 8).hex())
    else:
        assert (fields["suite"], fields["wrapped_by"]) == ("file/2", _expand_sm3(key, b"jianlu/key-id@v1", 8).hex())
        nonce, wrapped = wrapped[:12], wrapped[12:]
    encrypt = Cipher(algorithms.SM4(wrapping_key), modes.ECB()).encryptor().update  # noqa: S305 - the block cipher, for GCM
    opened = gcm_seal(encrypt, nonce, wrapped[:-16], b"")[:-16]
    authenticated = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    assert gcm_seal(encrypt, nonce, opened, authenticated) == wrapped
    return opened


@pytest.mark.parametrize("vector", [VECTOR_SM, make(Suite.SM)], ids=["published", "made now"])
def test_a_tree_of_the_second_suite_opens_by_the_page_alone(vector: dict[str, Any]) -> None:
    records, root = vector["records"], bytes.fromhex(vector["root_key"])
    tenant_key = _open_sm_record(records[f"{TENANT}/tenant.key"], root, b"jianlu/root-wrapping@v1")
    assert _expand(tenant_key, b"jianlu/tenant-secret@v1").hex() == vector["tenant_secret"]
    unit_key = _open_sm_record(records[f"{TENANT}/{CASE}/unit.key"], tenant_key, b"jianlu/tenant-wrapping@v1")
    object_key = _open_sm_record(records[f"{TENANT}/{CASE}/plan.v1.key"], unit_key, b"jianlu/unit-wrapping@v1")
    assert object_key.hex() == vector["object_key"]
    commitment_key = _expand(unit_key, b"jianlu/unit-commitment@v1")
    for label, salt in vector["salts"].items():
        assert _expand(commitment_key, b"jianlu/salt@v1\0" + label.encode()).hex() == salt
