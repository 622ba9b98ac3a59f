"""Locks of a bucket on a real server: set, extended, never shortened; what an administrator hides, writes over or deletes behind them."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from jianlu.backends.blobs.s3.blobs import NOTE, NOTE_BYTES, S3Blobs
from jianlu.backends.blobs.s3.connect import Bucket, connect, parse_address
from jianlu.backends.blobs.s3.locks import whole_second
from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.runtime.tls import TlsFiles, create_authority, issue_certificate, server_context
from jianlu.vault.case_log import open_case_log
from jianlu.vault.model import Draft, Place
from jianlu.vault.open import open_range
from jianlu.vault.ports import VaultPorts
from jianlu.vault.seal import seal
from jianlu.vault.stores.copies import remains_of
from jianlu.vault.stores.copying import Named, objects_named
from tests.fakes.vault.buckets import CREDENTIALS, BucketServer
from tests.fakes.vault.faulty_line import faulty_line
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs, SteppingClock
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import DAYS, said, scrubber, settle, store_of, with_stores

_numbers = itertools.count()
SOON = timedelta(hours=1)


@pytest.fixture
def prefix() -> str:
    return f"locks/{next(_numbers)}"


@pytest.fixture
def bucket(seaweed: BucketServer, prefix: str) -> S3Blobs:
    return seaweed.blobs("locking", prefix)


def fresh_bucket(seaweed: BucketServer, prefix: str) -> Bucket:
    """The bucket by a connection of its own, so that only its requests are counted."""
    return connect(parse_address(f"s3+{seaweed.endpoint}/locking/{prefix}"), CREDENTIALS)


def test_a_lock_is_extended_and_never_shortened(bucket: S3Blobs) -> None:
    now = datetime.now(UTC)
    bucket.put("t/a", [b"evidence"])
    assert bucket.locked_until("t/a") is None
    assert bucket.lock("t/a", now + SOON) == whole_second(now + SOON)
    assert bucket.lock("t/a", now + 2 * SOON) == whole_second(now + 2 * SOON)
    assert bucket.lock("t/a", now + SOON) == whole_second(now + 2 * SOON)
    assert bucket.locked_until("t/a") == whole_second(now + 2 * SOON)
    with pytest.raises(NotFoundError):
        bucket.lock("t/never", now + SOON)


def test_what_is_locked_is_hidden_by_deleting_and_stays(bucket: S3Blobs, seaweed: BucketServer) -> None:
    bucket.put("t/a", [b"evidence"])
    until = bucket.lock("t/a", datetime.now(UTC) + SOON)
    bucket.delete("t/a")
    bucket.delete("t/a")
    assert not bucket.exists("t/a")
    assert list(bucket.names("t/")) == []
    assert [(kept.name, kept.versions, kept.until) for kept in bucket.kept("t/")] == [("t/a", 1, until)]
    bucket.put("t/a", [b"again"])
    assert bucket.get("t/a") == b"again"
    assert [(kept.versions, kept.until) for kept in bucket.kept("t/")] == [(2, until)]


def test_what_is_not_locked_is_gone_with_all_its_versions(bucket: S3Blobs, seaweed: BucketServer, prefix: str) -> None:
    client = seaweed.bucket("locking").client
    bucket.put("t/a", [b"evidence"])
    client.put_object(Bucket="locking", Key=f"{prefix}/t/a", Body=b"over it")
    client.delete_object(Bucket="locking", Key=f"{prefix}/t/a")
    assert [kept.versions for kept in bucket.kept("t/")] == [2]
    bucket.delete("t/a")
    assert list(bucket.kept("t/")) == []


def test_a_part_of_a_second_is_rounded_up() -> None:
    moment = datetime(2036, 11, 23, 12, 0, 0, 1, tzinfo=UTC)
    assert whole_second(moment) == datetime(2036, 11, 23, 12, 0, 1, tzinfo=UTC)
    assert whole_second(moment.replace(microsecond=0)) == datetime(2036, 11, 23, 12, tzinfo=UTC)


def test_ranges_of_a_sealed_object_are_opened_out_of_a_bucket(seaweed: BucketServer, prefix: str) -> None:
    far, plain = seaweed.blobs("locking", prefix), bytes(range(256)) * 250
    with memory_vault() as vault:
        using = with_stores(vault, store_of("far", far))
        place = Place(tenant_id(TENANT), CASE, object_id("long"), 1)
        seal(Draft(place, plain), using=using)
        ends = [0, 1, 16383, 16384, 16385, 32768, 49152, len(plain) - 1, len(plain)]
        for start, end in itertools.combinations_with_replacement(ends, 2):
            assert open_range(place, start, end - start, using=using) == plain[start:end]
            assert open_range(place, start, end - start, using=using, checks_length=True) == plain[start:end]
        with pytest.raises(InvalidError):
            open_range(place, len(plain), 1, using=using)
        sealed = bytearray(far.get(place.blob_name))
        far.delete(place.blob_name)
        sealed[20_000] ^= 1
        far.put(place.blob_name, [bytes(sealed)])
        assert open_range(place, 0, 100, using=using) == plain[:100]
        with pytest.raises(IntegrityError):
            open_range(place, 17_000, 100, using=using)


def counted(bucket: S3Blobs) -> list[str]:
    """The requests that are sent to the bucket from now on: method, and what of the object they are about."""
    seen: list[str] = []

    def note(request: Any, **_: object) -> None:
        seen.append(f"{request.method} {urlsplit(request.url).query}".strip())

    bucket.bucket.client.meta.events.register("before-send.s3", note)
    return seen


@pytest.mark.parametrize(
    ("note", "chunks"),
    [("as it was put", 3), ("as it was put", 400), ("of another object", 3), ("unreadable", 3), ("none", 3)],
)
def test_a_range_costs_one_request_and_whatever_somebody_writes_beside_the_object_opens_nothing_else(
    seaweed: BucketServer, prefix: str, note: str, chunks: int
) -> None:
    far, plain = S3Blobs(fresh_bucket(seaweed, prefix), part_bytes=5 << 20), bytes(range(256)) * 64 * chunks
    with memory_vault() as vault:
        using = with_stores(vault, store_of("far", far))
        place = Place(tenant_id(TENANT), CASE, object_id("long"), 1)
        seal(Draft(place, plain), using=using)
        if note != "as it was put":
            other = base64.b64encode(bytes(range(NOTE_BYTES))).decode()
            written = {"of another object": {NOTE: other}, "unreadable": {NOTE: "%"}, "none": {}}[note]
            at = {"Bucket": "locking", "Key": f"{prefix}/{place.blob_name}"}
            far.bucket.client.copy_object(**at, CopySource=at, MetadataDirective="REPLACE", Metadata=written)
        seen = counted(far)
        assert open_range(place, 20_000, 9_000, using=using) == plain[20_000:29_000]
        assert seen == ["GET"] * (1 if note == "as it was put" else 2)


def test_a_new_copy_costs_a_put_a_reading_and_a_lock_that_is_read_back(
    seaweed: BucketServer, prefix: str, tmp_path: Path
) -> None:
    far = S3Blobs(fresh_bucket(seaweed, prefix))
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as vault:
        using = with_stores(vault, store_of("here", MemoryBlobs()), store_of("far", far, far))
        walk, seen = scrubber(using), counted(far)
        open_case_log(using, TENANT, CASE).seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
        walk.turn()
        assert seen == ["PUT", "GET", "PUT retention", "GET retention"]
        assert far.locked_until(f"{TENANT}/{CASE}/plan.v1.sealed") is not None


def test_a_bucket_that_locks_longer_by_itself_keeps_its_lock(bucket: S3Blobs) -> None:
    now = datetime.now(UTC)
    bucket.put("t/a", [b"evidence"])
    longer = bucket.lock("t/a", now + 2 * SOON)
    assert bucket.lock("t/a", now + SOON, is_new=True) == longer
    assert bucket.locked_until("t/a") == longer


def test_what_is_put_unread_says_whether_its_name_was_free(bucket: S3Blobs) -> None:
    assert bucket.put_unread("t/a", [b"evidence"])
    assert not bucket.put_unread("t/a", [b"other"])
    assert bucket.get("t/a") == b"evidence"


@pytest.fixture
def sale(seaweed: BucketServer, prefix: str, tmp_path: Path) -> Iterator[VaultPorts]:
    """A sale in a folder in memory, with copies in the bucket, all placed and locked."""
    far = seaweed.blobs("locking", prefix)
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as vault:
        using = with_stores(vault, store_of("here", MemoryBlobs()), store_of("far", far, far))
        record_sale(using)
        settle(scrubber(using))
        yield using


def an_object(using: VaultPorts) -> Named:
    """One of the sale's objects."""
    (event,) = [event for event in said(using, EventType.SEGMENT_SEALED) if event.body["no"] == 2]
    return objects_named(event)[0]


def scrub_later(using: VaultPorts) -> list[tuple[str, str]]:
    """What the next scrub repaired: store and reason."""
    assert isinstance(using.clock, SteppingClock)
    using.clock.moment += timedelta(days=DAYS)
    settle(scrubber(using))
    return [(event.body["store"], event.body["reason"]) for event in said(using, EventType.STORE_COPY_REPAIRED)]


@pytest.mark.parametrize("deed", ["deletes behind the lock", "hides it", "writes over it"])
def test_what_an_administrator_of_the_storage_does_is_noticed_and_mended(
    sale: VaultPorts, seaweed: BucketServer, prefix: str, deed: str
) -> None:
    name, far = an_object(sale).place.blob_name, sale.stores[1]
    assert far.locks is not None
    whole, until, client = far.blobs.get(name), far.locks.locked_until(name), seaweed.bucket("locking").client
    place = {"Bucket": "locking", "Key": f"{prefix}/{name}"}
    if deed == "hides it":
        client.delete_object(**place)
    elif deed == "writes over it":
        client.put_object(**place, Body=b"nothing was said")
    else:
        with pytest.raises(ClientError):
            client.delete_object(**place, VersionId=client.head_object(**place)["VersionId"])
        seaweed.delete_behind_the_lock("locking", f"{prefix}/{name}")
        assert list(far.locks.kept(name)) == []
    assert scrub_later(sale) == [("far", "altered" if deed == "writes over it" else "missing")]
    assert far.blobs.get(name) == whole
    assert far.locks.locked_until(name) == until


def test_a_bucket_mends_the_folder_that_lost_everything(sale: VaultPorts) -> None:
    here = sale.stores[0].blobs
    assert isinstance(here, MemoryBlobs)
    whole = dict(here.contents)
    here.contents.clear()
    assert scrub_later(sale) == [("here", "missing")] * len(whole)
    assert here.contents == whole


def test_the_proof_names_what_a_lock_keeps_in_the_bucket(sale: VaultPorts) -> None:
    for name in list(sale.blobs.names(f"{TENANT}/{CASE}/")):
        sale.blobs.delete(name)
    left = remains_of(sale, f"{TENANT}/{CASE}/")
    assert {each.store for each in left} == {"far"}
    assert len(left) == 8
    assert {str(each.kept.until)[:10] for each in left} == {"2036-11-23"}


def test_a_bucket_is_reached_by_tls_with_its_authority_alone(seaweed: BucketServer, tmp_path: Path, prefix: str) -> None:
    files = TlsFiles(*(tmp_path / name for name in ("ca.crt", "ca.key", "server.crt", "server.key")))
    create_authority(files, datetime.now(UTC))
    issue_certificate(files, (), datetime.now(UTC))
    with faulty_line(seaweed.endpoint, server_context(files.certificate, files.private_key)) as line:
        address = parse_address(f"s3+{line.endpoint}/locking/{prefix}")
        blobs = S3Blobs(connect(address, CREDENTIALS, authorities=files.authority, attempts=1))
        blobs.put("t/a", [b"evidence"])
        assert blobs.get("t/a") == b"evidence"
        strange = S3Blobs(connect(address, CREDENTIALS, attempts=1))
        with pytest.raises(UnavailableError, match="SSL"):
            strange.get("t/a")


@pytest.mark.parametrize(
    "address",
    [
        "s3+http://objects.example/bucket",
        "s3+https://key:secret@objects.example/bucket",
        "s3+https://objects.example/bucket?secret=x",
        "s3+https://objects.example/",
        "s3+https://objects.example/Bucket",
        "s3+https://objects.example/bucket/../other",
        "https://objects.example/bucket",
        "s3+file:///etc/bucket",
    ],
)
def test_no_other_addresses_are_spoken_to(address: str) -> None:
    with pytest.raises(InvalidError):
        parse_address(address)


def test_strange_credentials_are_told_without_being_shown(seaweed: BucketServer) -> None:
    wrong = replace(CREDENTIALS, secret_key="not-the-secret-of-it")
    blobs = S3Blobs(connect(parse_address(f"s3+{seaweed.endpoint}/locking"), wrong, attempts=1))
    with pytest.raises(UnavailableError, match="credentials") as caught:
        blobs.put("t/a", [b"x"])
    assert "not-the-secret-of-it" not in str(caught.value)
