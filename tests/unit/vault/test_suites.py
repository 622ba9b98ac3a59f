"""Two suites in one vault: each object and key is in the suite that its record says, and nothing passes for what it is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jianlu.backends.keys.file import FileKeys
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.core.formats.segment import HEAD_BYTES, SM4_KEY_BYTES, object_context, read_suite, seal_bytes
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.runtime.key_settings import KeySettings
from jianlu.vault.keys import create_unit_key, derive_wrapping_key, open_unit_key, tenant_secret, unwrap_key, wrap_key
from jianlu.vault.model import Draft, Place
from jianlu.vault.open import open_range, open_whole
from jianlu.vault.ports import VaultPorts
from jianlu.vault.seal import seal
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs

BANK = tenant_id(TENANT)
PLAN, FINDINGS = (Place(BANK, CASE, object_id(name), 1) for name in ("plan", "findings"))


@pytest.fixture
def sm_vault(small_vault: VaultPorts) -> VaultPorts:
    return replace(small_vault, suite=Suite.SM)


def contents(blobs: object) -> dict[str, bytes]:
    assert isinstance(blobs, MemoryBlobs)
    return blobs.contents


@pytest.mark.parametrize("length", [0, 18, 16 * 1024, 9 << 20], ids=["empty", "short", "a chunk", "piped"])
def test_what_is_sealed_in_the_second_suite_opens_whole_and_by_range(sm_vault: VaultPorts, length: int) -> None:
    plain = (bytes(range(251)) * (length // 251 + 1))[:length]
    sealed = seal(Draft(PLAN, plain), using=sm_vault)
    assert read_suite(contents(sm_vault.blobs)[PLAN.blob_name][:HEAD_BYTES]) is Suite.SM
    assert open_whole(PLAN, using=sm_vault, sealed_digest=sealed.sealed_digest) == plain
    assert open_range(PLAN, length // 3, length // 2, using=sm_vault) == plain[length // 3 : length // 3 + length // 2]


def test_every_record_below_the_root_says_the_suite(sm_vault: VaultPorts) -> None:
    seal(Draft(PLAN, b"plan"), using=sm_vault)
    suites = {name: json.loads(record)["suite"] for name, record in contents(sm_vault.key_blobs).items()}
    assert suites == {PLAN.key_name: "SM4-GCM", f"{TENANT}/{CASE}/unit.key": "SM4-GCM", f"{TENANT}/tenant.key": "file/1"}


def test_a_home_that_changed_its_suite_opens_what_it_sealed_before(small_vault: VaultPorts, sm_vault: VaultPorts) -> None:
    seal(Draft(PLAN, b"in the first suite"), using=small_vault)
    seal(Draft(FINDINGS, b"in the second"), using=sm_vault)
    for using in (small_vault, sm_vault):
        assert open_whole(PLAN, using=using) == b"in the first suite"
        assert open_whole(FINDINGS, using=using) == b"in the second"
    suites = [read_suite(contents(small_vault.blobs)[place.blob_name]) for place in (PLAN, FINDINGS)]
    assert suites == [Suite.INTERNATIONAL, Suite.SM]


def test_salts_and_references_of_cases_are_the_same_in_both_suites(small_vault: VaultPorts, sm_vault: VaultPorts) -> None:
    made = create_unit_key(small_vault, BANK, CASE)
    assert open_unit_key(sm_vault, BANK, CASE).salt("0/commit") == made.salt("0/commit")
    assert tenant_secret(small_vault, BANK) == tenant_secret(sm_vault, BANK)


def test_an_object_in_another_suite_than_its_key_record_is_refused(small_vault: VaultPorts, sm_vault: VaultPorts) -> None:
    """Whoever holds a key may seal anything with it; still the record decides, so no object is downgraded behind its back."""
    seal(Draft(PLAN, b"plan"), using=sm_vault)
    key = open_unit_key(sm_vault, BANK, CASE).open_object_key(PLAN, sm_vault.key_blobs)
    context = object_context(tenant=BANK, unit=CASE, object="plan", version=1)
    contents(sm_vault.blobs)[PLAN.blob_name] = seal_bytes(key, context, b"plan")
    with pytest.raises(IntegrityError, match="another suite than its key"):
        open_whole(PLAN, using=small_vault)


@pytest.mark.parametrize("suite", Suite)
def test_a_record_whose_suite_is_altered_is_refused(small_vault: VaultPorts, suite: Suite) -> None:
    seal(Draft(PLAN, b"plan"), using=replace(small_vault, suite=suite))
    (other,) = set(Suite) - {suite}
    kept = dict(contents(small_vault.key_blobs))
    for name in (PLAN.key_name, f"{TENANT}/{CASE}/unit.key"):
        for said in (other.wrapping, "SM4-CBC", ""):
            record = kept[name].replace(suite.wrapping.encode(), said.encode())
            contents(small_vault.key_blobs).update(kept | {name: record})
            with pytest.raises(IntegrityError):
                open_whole(PLAN, using=small_vault)


def test_a_record_of_one_suite_does_not_unwrap_as_one_of_the_other() -> None:
    key, root = bytes(range(32)), bytes(32)
    wrapping = {suite: derive_wrapping_key(root, b"jianlu/unit-wrapping@v1", suite) for suite in Suite}
    assert [len(wrapping[suite]) for suite in Suite] == [32, SM4_KEY_BYTES]
    for suite, other in [(Suite.INTERNATIONAL, Suite.SM), (Suite.SM, Suite.INTERNATIONAL)]:
        record = wrap_key(key, wrapping[suite], "unit/t/u", suite=suite)
        assert unwrap_key(record, wrapping[suite], "unit/t/u", suite=suite) == key
        with pytest.raises(IntegrityError, match="another key or suite"):
            unwrap_key(record, wrapping[other], "unit/t/u", suite=other)


def test_a_flipped_bit_in_any_record_or_object_of_the_second_suite_is_refused(sm_vault: VaultPorts) -> None:
    seal(Draft(PLAN, b"evidence"), using=sm_vault)
    for blobs, step in ((sm_vault.key_blobs, 11), (sm_vault.blobs, 1)):
        kept = contents(blobs)
        for name, content in list(kept.items()):
            for at in range(0, len(content), step):
                kept[name] = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
                with pytest.raises(IntegrityError):
                    open_whole(PLAN, using=sm_vault)
            kept[name] = content
    assert open_whole(PLAN, using=sm_vault) == b"evidence"


def test_a_try_that_ended_before_its_object_was_there_goes_on_in_the_suite_of_its_key(small_vault: VaultPorts) -> None:
    """Killed between key and object, then the setting was changed: the key record is the older one, and object and record agree."""
    seal(Draft(PLAN, b"plan"), using=small_vault)
    small_vault.blobs.delete(PLAN.blob_name)
    changed = replace(small_vault, suite=Suite.SM)
    seal(Draft(PLAN, b"plan"), using=changed)
    assert open_whole(PLAN, using=changed) == b"plan"
    assert read_suite(contents(changed.blobs)[PLAN.blob_name]) is Suite.INTERNATIONAL
    with pytest.raises(ConflictError):
        seal(Draft(PLAN, b"plan"), using=changed)


def test_the_file_keeper_wraps_with_sm4_and_says_so(sm_vault: VaultPorts) -> None:
    plain, sm = FileKeys(bytes(range(32))), FileKeys(bytes(range(32)), Suite.SM)
    assert (plain.describe().version, sm.describe().version) == ("1", "2")
    assert plain.describe().key_id != sm.describe().key_id
    wrapped = sm.wrap(b"key", b"place")
    assert sm.unwrap(wrapped, b"place") == b"key"
    for keeper, blob, context in [
        (plain, wrapped, b"place"),
        (sm, wrapped, b"other"),
        (sm, wrapped[:-1], b"place"),
        (sm, b"", b""),
    ]:
        with pytest.raises(IntegrityError):
            keeper.unwrap(blob, context)
    using = replace(sm_vault, keys=sm)
    seal(Draft(Place(BANK, OTHER_CASE, object_id("plan"), 1), b"plan"), using=using)
    assert json.loads(contents(using.key_blobs)[f"{TENANT}/tenant.key"])["suite"] == "file/2"
    with pytest.raises(IntegrityError, match="another root key"):
        open_unit_key(replace(using, keys=plain), BANK, OTHER_CASE)


@pytest.mark.parametrize(
    "backend",
    [
        {"backend": "pkcs11", "module": "m", "token": "t", "pin": "p"},
        {"backend": "openbao", "url": "https://k", "token_file": "t"},
    ],
)
def test_a_keeper_that_has_no_sm4_does_not_pretend_to_wrap_with_it(backend: dict[str, str]) -> None:
    assert KeySettings.model_validate({"key": "k", **backend}).suite == "international"
    with pytest.raises(InvalidError, match="AES-256-GCM alone"):
        KeySettings.model_validate({"key": "k", "suite": "sm", **backend})
