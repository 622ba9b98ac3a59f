"""The key tree: places, purposes, races, and what happens when a record is altered, swapped or lost."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jianlu.backends.keys.file import FileKeys, create_root_key, load_root_key
from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from jianlu.core.terms.ids import derive_case_ref, object_id, tenant_id
from jianlu.vault.keys import UnitKey, create_unit_key, derive_key, key_id, open_unit_key, tenant_secret, unwrap_key, wrap_key
from jianlu.vault.model import Place
from jianlu.vault.ports import VaultPorts
from jianlu.vault.shred import shred_unit
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs

BANK = tenant_id(TENANT)
PLACE = Place(BANK, CASE, object_id("plan"), 1)


def records(using: VaultPorts) -> dict[str, bytes]:
    assert isinstance(using.key_blobs, MemoryBlobs)
    return using.key_blobs.contents


def test_the_tree_has_a_record_for_each_level_and_none_shows_a_key(small_vault: VaultPorts) -> None:
    unit_key = create_unit_key(small_vault, BANK, CASE)
    object_key, record = unit_key.make_object_key(PLACE)
    small_vault.key_blobs.put(PLACE.key_name, [record])
    assert unit_key.open_object_key(PLACE, small_vault.key_blobs) == object_key
    assert sorted(records(small_vault)) == [f"{TENANT}/{CASE}/plan.v1.key", f"{TENANT}/{CASE}/unit.key", f"{TENANT}/tenant.key"]
    contexts = {json.loads(content)["context"] for content in records(small_vault).values()}
    assert contexts == {f"tenant/{TENANT}", f"unit/{TENANT}/{CASE}", f"object/{TENANT}/{CASE}/plan/1"}
    assert all(object_key.hex().encode() not in content for content in records(small_vault).values())


def test_opening_again_gives_the_same_keys(small_vault: VaultPorts) -> None:
    first, second = create_unit_key(small_vault, BANK, CASE), create_unit_key(small_vault, BANK, CASE)
    assert first.salt("0/commit") == second.salt("0/commit") == open_unit_key(small_vault, BANK, CASE).salt("0/commit")


def test_the_tenant_secret_is_stable_and_each_tenants_own(small_vault: VaultPorts) -> None:
    secret = tenant_secret(small_vault, BANK)
    assert secret == tenant_secret(small_vault, BANK)
    assert secret != tenant_secret(small_vault, tenant_id("bank-b"))
    assert derive_case_ref(secret, "2026-0001") == derive_case_ref(tenant_secret(small_vault, BANK), "2026-0001")


def test_no_derived_key_equals_another_or_its_source() -> None:
    key = bytes(range(32))
    labels = [
        b"jianlu/unit-wrapping@v1",
        b"jianlu/unit-commitment@v1",
        b"jianlu/tenant-wrapping@v1",
        b"jianlu/tenant-secret@v1",
        b"jianlu/key-id@v1",
    ]
    derived = {key, *(derive_key(key, label) for label in labels)}
    assert len(derived) == 1 + len(labels)
    assert key_id(key) == derive_key(key, b"jianlu/key-id@v1", 8).hex()


def test_an_unknown_unit_has_no_key(small_vault: VaultPorts) -> None:
    with pytest.raises(NotFoundError):
        open_unit_key(small_vault, BANK, CASE)


def test_a_shredded_unit_is_not_made_again(small_vault: VaultPorts) -> None:
    create_unit_key(small_vault, BANK, CASE)
    shred_unit(small_vault, BANK, CASE)
    with pytest.raises(ConflictError, match="new reference"):
        create_unit_key(small_vault, BANK, CASE)
    with pytest.raises(NotFoundError):
        open_unit_key(small_vault, BANK, CASE)


def test_a_key_that_is_made_twice_at_once_exists_once(small_vault: VaultPorts) -> None:
    class LateBlobs(MemoryBlobs):
        """Somebody else's record appears just before ours is put."""

        def put(self, name: str, parts: object) -> None:
            if name.endswith(("unit.key", "tenant.key")) and name not in self.contents:
                rival = replace(small_vault, key_blobs=small_vault.key_blobs)
                create_unit_key(rival, BANK, CASE)
                self.contents.update(records(rival))
            super().put(name, parts)  # type: ignore[arg-type]

    ours = create_unit_key(replace(small_vault, key_blobs=LateBlobs()), BANK, CASE)
    assert ours.salt("x") == open_unit_key(small_vault, BANK, CASE).salt("x")


def test_a_record_at_another_place_does_not_open(small_vault: VaultPorts) -> None:
    create_unit_key(small_vault, BANK, CASE)
    create_unit_key(small_vault, BANK, OTHER_CASE)
    create_unit_key(small_vault, tenant_id("bank-b"), CASE)
    kept = dict(records(small_vault))
    for source, target in ((f"{TENANT}/{OTHER_CASE}", f"{TENANT}/{CASE}"), (f"bank-b/{CASE}", f"{TENANT}/{CASE}")):
        records(small_vault)[f"{target}/unit.key"] = kept[f"{source}/unit.key"]
        with pytest.raises(IntegrityError, match="another place"):
            open_unit_key(small_vault, BANK, CASE)


def test_a_flipped_bit_in_any_record_is_refused(small_vault: VaultPorts) -> None:
    unit_key = create_unit_key(small_vault, BANK, CASE)
    small_vault.key_blobs.put(PLACE.key_name, [unit_key.make_object_key(PLACE)[1]])

    def read_all() -> None:
        open_unit_key(small_vault, BANK, CASE).open_object_key(PLACE, small_vault.key_blobs)

    read_all()
    for name, content in list(records(small_vault).items()):
        for place in range(0, len(content), 7):
            altered = bytearray(content)
            altered[place] ^= 1
            records(small_vault)[name] = bytes(altered)
            with pytest.raises(IntegrityError):
                read_all()
        records(small_vault)[name] = content
    read_all()


def test_a_home_with_another_root_key_is_refused(small_vault: VaultPorts) -> None:
    create_unit_key(small_vault, BANK, CASE)
    with pytest.raises(IntegrityError, match="another root key"):
        open_unit_key(replace(small_vault, keys=FileKeys(bytes(32))), BANK, CASE)


@pytest.mark.parametrize("unit", ["", "A", "a/b", "..", "a\x00", "a" * 65])
def test_only_well_formed_units_have_keys(small_vault: VaultPorts, unit: str) -> None:
    with pytest.raises(InvalidError):
        create_unit_key(small_vault, BANK, unit)


def test_a_record_names_its_wrapping_key_and_opens_with_no_other() -> None:
    record = wrap_key(bytes(32), bytes(range(32)), "unit/t/u")
    assert json.loads(record)["wrapped_by"] == key_id(bytes(range(32)))
    with pytest.raises(IntegrityError, match="another key"):
        unwrap_key(record, bytes(32), "unit/t/u")


def test_a_wrapped_key_of_another_length_is_refused() -> None:
    record = wrap_key(bytes(16), bytes(32), "unit/t/u")
    with pytest.raises(IntegrityError, match="length"):
        unwrap_key(record, bytes(32), "unit/t/u")


def test_the_salt_follows_the_published_derivation() -> None:
    key = bytes(range(32))
    commitment_key = derive_key(key, b"jianlu/unit-commitment@v1")
    assert UnitKey(key).salt("7/commit") == derive_key(commitment_key, b"jianlu/salt@v1\x007/commit")


def test_a_root_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    create_root_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    described = load_root_key(path).describe()
    with pytest.raises(ConflictError):
        create_root_key(path)
    assert load_root_key(path).describe() == described


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_root_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "root.key"
    create_root_key(path)
    path.chmod(mode)
    with pytest.raises(DeniedError, match="chmod 600"):
        load_root_key(path)


SPOILERS: list[Callable[[bytes], bytes]] = [
    lambda text: b"",
    lambda text: text[:-3],
    lambda text: text + b"00",
    lambda text: b"zz" + text[2:],
    lambda text: b"\xff\xfe" * 32,
]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_damaged_root_key_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "root.key"
    create_root_key(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InvalidError, match="damaged"):
        load_root_key(path)


def test_a_missing_root_key_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="jianlu init"):
        load_root_key(tmp_path / "root.key")
