"""How fast a bucket is beside a folder: a range of a large object opened cold, objects sealed with two copies, and scrubbing.

`python benchmarks/stores.py [--megabytes 1000] [--ranges 200] [--segments 100] [--segment-kilobytes 1000]`. The bucket is a real
SeaweedFS server on loopback, started and ended here, with Object Lock. A cold range has its keys read from their files and a connection
that is up; the raw GET asks the same server for the same bytes of the same object, in turn right before and right after. The two copies
of what is sealed are a second folder and the bucket, made while sealing goes on in as many cases as there are processors; sustained means
until the last copy was read back by its digest. The limit beside it does the same with no cipher, ledger or index: the bytes are written
to both folders and synced, put into the bucket, and read back from all three, by as many threads.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
WARM = 6
"""Turns that are not counted, half of them in either order."""


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
    for turn in range(rounds + WARM):
        start = draw.randrange(0, megabytes * 1_000_000 - RANGE_BYTES)
        asked = f"bytes={start}-{start + RANGE_BYTES - 1}"
        ways = [
            (raw, lambda asked=asked: client.get_object(Bucket="bench", Key=key, Range=asked)["Body"].read()),
            (opened, lambda start=start: open_range(place, start, RANGE_BYTES, using=using)),
        ]
        for times, read in ways if turn % 2 else reversed(ways):
            began = time.perf_counter()
            assert len(read()) == RANGE_BYTES
            if turn >= WARM:
                times.append(time.perf_counter() - began)
    ratios = statistics.median(opened) / statistics.median(raw), quantile(opened, 0.99) / quantile(raw, 0.99)
    for name, times in (("raw GET", raw), ("opened cold", opened)):
        print(
            f"64 KiB of {megabytes} MB, {name}: median {statistics.median(times) * 1e3:.1f} ms, p99 {quantile(times, 0.99) * 1e3:.1f} ms"
        )
    print(f"opened cold / raw GET: median {ratios[0]:.2f}, p99 {ratios[1]:.2f} ({rounds} rounds)")


def ingest(using: VaultPorts, server: BucketServer, folder: Path, segments: int, kilobytes: int) -> None:
    contents = [os.urandom(kilobytes * 1000) for _ in range(segments)]
    megabytes, lanes = segments * kilobytes / 1000, os.cpu_count() or 1
    walk = Scrubber(using, tenant_id(TENANT), lambda _: None, days=30, bytes_s=1 << 40)
    limit = bare(server, folder, contents, lanes)

    def record(lane: int) -> None:
        log = open_case_log(using, TENANT, "c" + chr(ord("a") + lane) * 26)
        for number, content in enumerate(contents[lane::lanes], start=1):
            log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", content, {"no": number, "from_ms": 0, "to_ms": 1})

    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(lanes) as pool:
        recording = [pool.submit(record, lane) for lane in range(lanes)]
        while (wait := walk.turn()) is not None or not all(each.done() for each in recording):
            time.sleep(0.005 if wait is None else wait)
        for each in recording:
            each.result()
    while walk.turn() == 0.0:
        pass
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"sealed, with two copies read back, {lanes} cases at once: {megabytes / spent:.1f} MB/s ({used / spent:.2f} of a core of ours)"
    )
    print(f"the same bytes bare: {megabytes / limit:.1f} MB/s; sealed / bare in time: {spent / limit:.2f}")
    walk.begin()
    began = time.perf_counter()
    while walk.turn() is not None:
        pass
    spent = time.perf_counter() - began
    print(f"scrubbed three stores of {megabytes:.0f} MB each, no rate set: {3 * megabytes / spent:.0f} MB/s")


def bare(server: BucketServer, folder: Path, contents: list[bytes], lanes: int) -> float:
    """Seconds for `contents` written to two folders and synced, put into the bucket, and read back and hashed from all three."""
    client = server.bucket("bench").client
    folders = [folder / "bare-1", folder / "bare-2"]
    for each in folders:
        each.mkdir()

    def put(number: int) -> None:
        content = contents[number]
        digest = hashlib.sha256(content).digest()
        for each in folders:
            with (each / str(number)).open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            assert hashlib.sha256((each / str(number)).read_bytes()).digest() == digest
        client.put_object(Bucket="bench", Key=f"bare/{number}", Body=content)
        got = client.get_object(Bucket="bench", Key=f"bare/{number}")["Body"].read()
        assert hashlib.sha256(got).digest() == digest

    began = time.perf_counter()
    with ThreadPoolExecutor(lanes) as pool:
        list(pool.map(put, range(len(contents))))
    return time.perf_counter() - began


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
            ingest(using, server, Path(name), asked.segments, asked.segment_kilobytes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
