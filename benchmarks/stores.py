"""How fast a bucket is beside a folder: a range of a large object opened cold, objects sealed with two copies, and scrubbing.

`python benchmarks/stores.py [--megabytes 1000] [--ranges 200] [--segments 100] [--segment-kilobytes 1000]`. The bucket is a real
SeaweedFS server on loopback, started and ended here, with Object Lock. A cold range has its keys read from their files and a connection
that is up; the raw GET asks the same server for the same bytes of the same object, right before and right after, in turn. The two copies of
what is sealed are a second folder and the bucket; sustained means until the last copy was read back by its digest.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import RawIOBase
from pathlib import Path

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.runtime.clock import SystemClock
from jianlu.vault.case_log import open_case_log
from jianlu.vault.model import Draft, Place
from jianlu.vault.open import open_range
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.seal import seal
from jianlu.vault.stores.copies import Copies
from jianlu.vault.stores.scrub import Scrubber
from tests.fakes.vault.buckets import BucketServer, find_seaweed, start_seaweed
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home

RANGE_BYTES = 64 << 10


class Repeated(RawIOBase):
    """So many bytes of a buffer of random ones, over and over: as incompressible as media, without a file."""

    def __init__(self, length: int) -> None:
        self._left, self._buffer = length, os.urandom(4 << 20)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self._left, len(self._buffer))
        buffer[:count] = self._buffer[:count]
        self._left -= count
        return count


@contextmanager
def a_vault(folder: Path, server: BucketServer, *, is_first: bool) -> Iterator[VaultPorts]:
    """A home in `folder` whose objects are sealed into the bucket or, not so, into a folder, with a folder and the bucket for copies."""
    create_home(folder)
    (folder / "near").mkdir()
    bucket = S3Blobs(server.bucket("bench", folder.name))
    far = Store("far", "bucket", bucket, bucket, promises_lock=not is_first)
    here, near = (Store(name, name, PosixBlobs(folder / path)) for name, path in (("here", "vault"), ("near", "near")))
    stores = (far,) if is_first else (here, near, far)
    with open_home(folder) as using:
        yield replace(using, blobs=Copies(stores), stores=stores, clock=SystemClock())


def quantile(times: list[float], share: float) -> float:
    """The time below which this share of `times` lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def range_cold(using: VaultPorts, server: BucketServer, megabytes: int, rounds: int) -> None:
    place = Place(tenant_id(TENANT), CASE, object_id("long"), 1)
    began = time.perf_counter()
    seal(Draft(place, Repeated(megabytes * 1_000_000)), using=using)
    spent = time.perf_counter() - began
    print(f"sealed into the bucket and read back, {megabytes} MB: {spent:.1f} s, {megabytes / spent:.0f} MB/s")
    key = f"{using.stores[0].blobs.bucket.prefix}{place.blob_name}"  # type: ignore[attr-defined]
    client, raw, opened = server.bucket("bench").client, list[float](), list[float]()
    draw = random.Random(1)
    for turn in range(rounds + 5):
        start = draw.randrange(0, megabytes * 1_000_000 - RANGE_BYTES)
        marks = [time.perf_counter()]
        client.get_object(Bucket="bench", Key=key, Range=f"bytes={start}-{start + RANGE_BYTES - 1}")["Body"].read()
        marks.append(time.perf_counter())
        content = open_range(place, start, RANGE_BYTES, using=using)
        marks.append(time.perf_counter())
        assert len(content) == RANGE_BYTES
        if turn >= 5:
            raw.append(marks[1] - marks[0])
            opened.append(marks[2] - marks[1])
    ratios = statistics.median(opened) / statistics.median(raw), quantile(opened, 0.99) / quantile(raw, 0.99)
    for name, times in (("raw GET", raw), ("opened cold", opened)):
        print(
            f"64 KiB of {megabytes} MB, {name}: median {statistics.median(times) * 1e3:.1f} ms, p99 {quantile(times, 0.99) * 1e3:.1f} ms"
        )
    print(f"opened cold / raw GET: median {ratios[0]:.2f}, p99 {ratios[1]:.2f} ({rounds} rounds)")


def ingest(using: VaultPorts, segments: int, kilobytes: int) -> None:
    log = open_case_log(using, TENANT, CASE)
    walk = Scrubber(using, tenant_id(TENANT), lambda _: None, days=30, bytes_s=1 << 40)
    content = os.urandom(kilobytes * 1000)
    megabytes = segments * kilobytes / 1000
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(1, segments + 1):
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", content, {"no": number, "from_ms": 0, "to_ms": 1})
    sealed = time.perf_counter()
    while walk.turn() == 0.0:
        pass
    spent = time.perf_counter() - began
    print(f"sealed {megabytes:.0f} MB in {segments} objects: {megabytes / (sealed - began):.0f} MB/s")
    print(
        f"sealed, with two copies read back: {megabytes / spent:.0f} MB/s ({(time.process_time() - cpu) / spent:.2f} of a core of ours)"
    )
    walk.begin()
    began = time.perf_counter()
    while walk.turn() is not None:
        pass
    spent = time.perf_counter() - began
    print(f"scrubbed three stores of {megabytes:.0f} MB each, no rate set: {3 * megabytes / spent:.0f} MB/s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--ranges", type=int, default=200)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--segment-kilobytes", type=int, default=1000)
    asked = parser.parse_args()
    program = find_seaweed()
    if program is None:
        print("SeaweedFS is not installed (`make setup` does): nothing is measured", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="stores-") as name, start_seaweed(program) as server:
        server.make("bench", locks=True)
        with a_vault(Path(name) / "far", server, is_first=True) as using:
            range_cold(using, server, asked.megabytes, asked.ranges)
        with a_vault(Path(name) / "near", server, is_first=False) as using:
            ingest(using, asked.segments, asked.segment_kilobytes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
