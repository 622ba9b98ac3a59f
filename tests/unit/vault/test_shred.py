"""Shredding survives a failure at every step, and finishes when it is called again."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.keys import open_unit_key
from jianlu.vault.ports import VaultPorts
from jianlu.vault.shred import Shredded, shred_unit
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.sale import destroy, give_up, record_sale

BANK = tenant_id(TENANT)


class StumblingBlobs(MemoryBlobs):
    """Deletes `steps` blobs, then fails."""

    def __init__(self, contents: dict[str, bytes], steps: int) -> None:
        super().__init__()
        self.contents = contents
        self._steps = steps

    def delete(self, name: str) -> None:
        if self._steps == 0:
            raise OSError(errno.EIO, "device")
        self._steps -= 1
        super().delete(name)


def contents(blobs: object) -> dict[str, bytes]:
    assert isinstance(blobs, MemoryBlobs)
    return blobs.contents


@pytest.mark.parametrize("steps", [0, 1, 4, 8, 9, 12, 16])
def test_a_failure_in_the_middle_is_finished_by_the_next_call(small_vault: VaultPorts, steps: int) -> None:
    log = record_sale(small_vault)
    give_up(small_vault)
    stumbling = replace(
        small_vault,
        key_blobs=StumblingBlobs(contents(small_vault.key_blobs), min(steps, 9)),
        blobs=StumblingBlobs(contents(small_vault.blobs), max(steps - 9, 0)),
    )
    with pytest.raises(UnavailableError):
        shred_unit(stumbling, BANK, CASE)
    with pytest.raises(ConflictError):
        open_case_log(small_vault, TENANT, CASE).open_object("plan")
    shred_unit(small_vault, BANK, CASE)
    assert list(small_vault.blobs.names(f"{TENANT}/{CASE}/")) == []
    assert list(small_vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
    assert compare_index(small_vault, log.tenant, log.case) == []


def test_shredding_twice_changes_nothing(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    give_up(small_vault)
    assert shred_unit(small_vault, BANK, CASE) == Shredded(keys=9, objects=8)
    assert shred_unit(small_vault, BANK, CASE) == Shredded(keys=0, objects=0)


def test_a_unit_that_never_was_may_be_shredded(small_vault: VaultPorts) -> None:
    assert shred_unit(small_vault, BANK, CASE) == Shredded(keys=0, objects=0)
    with pytest.raises(NotFoundError):
        open_unit_key(small_vault, BANK, CASE)


def test_a_copy_of_the_objects_is_worthless_without_the_unit_key(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    copied, copied_keys = dict(contents(small_vault.blobs)), dict(contents(small_vault.key_blobs))
    destroy(log, small_vault)
    contents(small_vault.blobs).update(copied)
    del copied_keys[f"{TENANT}/{CASE}/unit.key"]
    contents(small_vault.key_blobs).clear()
    contents(small_vault.key_blobs).update(copied_keys)
    with pytest.raises(NotFoundError):
        open_case_log(small_vault, TENANT, CASE).open_object("plan")
