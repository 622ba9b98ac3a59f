"""The probe tells a bucket that locks from one that only pretends: three real servers, none of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jianlu.backends.blobs.s3.probe import FOLDER, probe_bucket
from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.vault.ports import Store
from jianlu.vault.stores.copies import Probed, require_fit
from tests.fakes.vault.buckets import BucketServer, find_rclone, start_moto, start_rclone
from tests.fakes.vault.memory import MemoryBlobs


def probed(server: BucketServer, bucket: str) -> Probed:
    return probe_bucket(server.bucket(bucket, "probed"), datetime.now(UTC))


def store(promise: str) -> Store:
    return Store("far", "s3+https://far.example/b", MemoryBlobs(), promises_lock=promise == "compliance")


@pytest.fixture(scope="module")
def moto() -> Iterator[BucketServer]:
    with start_moto() as server:
        server.make("pretending", locks=True)
        yield server


@pytest.fixture(scope="module")
def rclone() -> Iterator[BucketServer]:
    program = find_rclone()
    if program is None:
        pytest.skip("rclone is not installed (`make setup` does): whether the probe finds out its ignored locks is not proved")
    with start_rclone(program) as server:
        server.make("pretending", locks=True)
        yield server


def test_every_step_holds_on_a_server_that_locks(seaweed: BucketServer) -> None:
    found = probed(seaweed, "locking")
    assert found.failed == ()
    assert found.label == "compliance"
    assert len(found.steps) == 26
    require_fit(store("compliance"), found)


def test_a_bucket_without_locks_is_a_store_and_nothing_more(seaweed: BucketServer) -> None:
    found = probed(seaweed, "plain")
    assert all(step.is_held for step in found.steps if not step.is_lock)
    assert found.label == "none"
    require_fit(store("none"), found)
    with pytest.raises(ConflictError, match="does not"):
        require_fit(store("compliance"), found)


def test_a_server_that_lets_locks_be_shortened_is_caught(moto: BucketServer) -> None:
    found = probed(moto, "pretending")
    assert "shortening-refused" in found.failed
    assert "delete-of-version-refused" not in found.failed
    assert found.label == "pretends"
    with pytest.raises(ConflictError):
        require_fit(store("compliance"), found)


def test_a_server_that_takes_locks_and_ignores_them_is_caught(rclone: BucketServer) -> None:
    found = probed(rclone, "pretending")
    assert {"delete-of-version-refused", "overwriting-keeps-version", "put-only-if-absent"} <= set(found.failed)
    assert found.label == "unfit"
    assert Probed(tuple(step for step in found.steps if step.is_lock)).label == "pretends"
    with pytest.raises(ConflictError):
        require_fit(store("compliance"), found)


def test_a_probe_leaves_a_bucket_as_it_was_but_for_what_is_locked(seaweed: BucketServer) -> None:
    blobs = seaweed.blobs("locking", "probed")
    probed(seaweed, "locking")
    assert {each.name.partition("/")[0] for each in blobs.kept("")} <= {FOLDER}
    assert all(each.until is not None for each in blobs.kept(f"{FOLDER}/") if "later" in each.name or "parts" in each.name)
    assert seaweed.bucket("plain").client.get_bucket_versioning(Bucket="plain").get("Status") is None


def test_a_server_that_is_away_is_no_pretender() -> None:
    with pytest.raises(UnavailableError):
        probe_bucket(BucketServer("http://127.0.0.1:9").bucket("away"), datetime.now(UTC))
