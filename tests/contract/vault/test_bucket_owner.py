"""Two homes, or two processes of one, at one bucket: a prefix is one home's, of two writers one wins, and no probe is in another's way.

Survived here: two homes with one address in their settings, on real servers, one of which takes every put and calls it done.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.backends.blobs.s3.owner import MARK, claim, probe_and_claim, require_ours
from jianlu.backends.blobs.s3.probe import FOLDER, _clean, probe_bucket
from jianlu.core.errors import ConflictError, IntegrityError
from jianlu.core.terms.ids import tenant_id
from jianlu.vault.ports import Store
from jianlu.vault.stores._states import read_states
from jianlu.vault.stores.copies import Probed
from jianlu.vault.stores.scrub import Scrubber
from tests.fakes.vault.buckets import BucketServer, find_rclone, start_rclone
from tests.fakes.vault.faulty_line import Fault, FaultyLine, faulty_line
from tests.fakes.vault.home import TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import DAYS, settle, store_of, with_stores

ONE, OTHER = "one.example/log+0f1e2d3c+AQ", "other.example/log+9a8b7c6d+AQ"
_numbers = itertools.count()


@pytest.fixture
def prefix() -> str:
    return f"owned/{next(_numbers)}"


@pytest.fixture(scope="module")
def line(seaweed: BucketServer) -> Iterator[FaultyLine]:
    with faulty_line(seaweed.endpoint) as made:
        yield made


@pytest.fixture(scope="module")
def rclone() -> Iterator[BucketServer]:
    program = find_rclone()
    if program is None:
        pytest.skip(
            "rclone is not installed (`make setup` does): what becomes of two writers on a server that takes both is not proved"
        )
    with start_rclone(program) as server:
        server.make("careless", locks=False)
        yield server


def owned(server: BucketServer, prefix: str, owner: str, bucket: str = "locking") -> S3Blobs:
    return S3Blobs(replace(server.bucket(bucket, prefix), owner=owner))


def store(blobs: S3Blobs, *, promises_lock: bool = True) -> Store:
    return Store("far", "s3+https://far.example/b", blobs, blobs, promises_lock=promises_lock)


def in_the_midst(line: FaultyLine, method: str, mark: str, deed: Callable[[], object]) -> list[int]:
    """Have `deed` done once, when the first request of a method whose path has `mark` has come and is not passed on yet."""
    left = [1]

    def plan(asked: str, path: str, before: int) -> Fault:
        if asked == method and mark in path and left:
            left.pop()
            deed()
        return "pass"

    line.plan = plan
    return left


def test_a_prefix_is_the_home_s_that_was_there_first_and_the_other_is_told_what_to_do(seaweed: BucketServer, prefix: str) -> None:
    one, other = owned(seaweed, prefix, ONE), owned(seaweed, prefix, OTHER)
    now = datetime.now(UTC)
    assert probe_and_claim(store(one), one, now).label == "compliance"
    one.put("bank-a/c1/plan.v1.sealed", [b"evidence"])
    before = sorted(one.names())
    with pytest.raises(
        ConflictError, match=r"another home \(one\.example/log\).*prefix of its own.*delete jianlu-home/owner"
    ) as told:
        probe_and_claim(store(other), other, now)
    assert len(str(told.value)) <= 200, "a store's state shows so much"
    assert sorted(other.names()) == before, "nothing was tried there"
    require_ours(one)
    claim(one)
    beside = owned(seaweed, f"{prefix}-b", OTHER)
    claim(beside)
    require_ours(beside)


@pytest.mark.thorough
def test_a_bucket_that_is_refused_or_only_tried_is_nobody_s(seaweed: BucketServer, prefix: str) -> None:
    now = datetime.now(UTC)
    refused = owned(seaweed, prefix, ONE, "plain")
    assert probe_and_claim(store(refused), refused, now).label == "none"
    tried = owned(seaweed, f"{prefix}-b", "", "plain")
    assert probe_and_claim(store(tried, promises_lock=False), tried, now).label == "none"
    assert not refused.exists(MARK) and not tried.exists(MARK)
    other = owned(seaweed, prefix, OTHER, "plain")
    probe_and_claim(store(other, promises_lock=False), other, now)
    assert other.exists(MARK)


def test_of_homes_that_come_at_once_one_has_the_prefix(seaweed: BucketServer, prefix: str) -> None:
    start, refused = threading.Barrier(6), list[str]()

    def come(owner: str) -> None:
        blobs = owned(seaweed, prefix, owner)
        start.wait()
        try:
            claim(blobs)
        except ConflictError:
            refused.append(owner)

    owners = [f"home-{number}.example/log+00000000+AQ" for number in range(6)]
    threads = [threading.Thread(target=come, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(owners) - set(refused)
    require_ours(owned(seaweed, prefix, winner))
    for owner in refused:
        with pytest.raises(ConflictError, match="another home"):
            require_ours(owned(seaweed, prefix, owner))


@pytest.mark.parametrize("content", [b"", b"{}", b"no mark of ours", b'{"format":"jianlu/store-owner/v1","ledger":7}'])
def test_a_mark_of_no_known_form_is_another_s_and_one_that_was_deleted_is_put_again(
    seaweed: BucketServer, prefix: str, content: bytes
) -> None:
    blobs = owned(seaweed, prefix, ONE, "plain")
    blobs.put(MARK, [content])
    for use in (require_ours, claim):
        with pytest.raises(ConflictError, match=r"another home \(not named\)"):
            use(blobs)
    blobs.delete(MARK)
    claim(blobs)
    require_ours(blobs)


def test_a_home_never_copies_into_the_prefix_of_another_and_says_why(seaweed: BucketServer, prefix: str, tmp_path: Path) -> None:
    """Two homes, each with its own ledger and tenant key, and one address of copies in the settings of both."""
    claim(owned(seaweed, prefix, ONE))
    far = owned(seaweed, prefix, OTHER)

    def probe(each: Store) -> Probed | None:
        return probe_and_claim(each, far, datetime.now(UTC)) if each.name == "far" else None

    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as vault:
        using = with_stores(vault, store_of("here", MemoryBlobs()), store(far))
        record_sale(using)
        settle(Scrubber(using, tenant_id(TENANT), probe, days=DAYS, bytes_s=1 << 40))
        with vault.index.connect() as connection:
            assert "another home" in read_states(connection)["far"].problem
    assert list(far.names()) == [MARK]


@pytest.mark.thorough
def test_a_probe_that_comes_and_goes_in_the_midst_of_another_is_not_in_its_way(
    line: FaultyLine, seaweed: BucketServer, prefix: str
) -> None:
    """As when a worker looks at the stores while the web process opens the home: neither takes the other's bytes for leftovers."""
    found: list[str] = []
    for mark, method in (("/once", "GET"), ("/locked", "GET")):
        left = in_the_midst(
            line, method, mark, lambda: found.append(probe_bucket(seaweed.bucket("locking", prefix), datetime.now(UTC)).label)
        )
        outer = probe_bucket(seaweed.bucket("locking", prefix, endpoint=line.endpoint), datetime.now(UTC))
        assert not left and (outer.label, outer.failed) == ("compliance", ())
    assert found == ["compliance"] * 2


def test_what_a_probe_left_goes_when_it_is_over(seaweed: BucketServer, prefix: str) -> None:
    blobs, now = seaweed.blobs("plain", prefix), datetime.now(UTC)
    old, young = ((now - age).strftime("%Y%m%dt%H%M%S") for age in (timedelta(hours=3), timedelta(minutes=5)))
    kept = f"{FOLDER}/{young}-{'a' * 16}/once"
    gone = [f"{FOLDER}/{old}-{'b' * 16}/once", f"{FOLDER}/{'c' * 16}/once", f"{FOLDER}/99999999t999999-{'d' * 16}/once"]
    for name in (kept, *gone):
        blobs.put(name, [b"left"])
    _clean(blobs.bucket, blobs, now)
    assert [name for name in (kept, *gone) if blobs.exists(name)] == [kept]


@pytest.mark.thorough
def test_a_writer_whose_bytes_were_written_over_before_it_read_them_back_is_told(rclone: BucketServer) -> None:
    """The server acknowledges both; whoever reads other bytes than it put has nothing acknowledged."""
    with faulty_line(rclone.endpoint) as way:
        first = S3Blobs(rclone.bucket("careless", "race", endpoint=way.endpoint))
        second = S3Blobs(rclone.bucket("careless", "race"))
        left = in_the_midst(way, "GET", "/t/a", lambda: second.put("t/a", [b"by the second"]))
        with pytest.raises(IntegrityError, match="other bytes than it acknowledged"):
            first.put("t/a", [b"by the first"])
        assert not left and second.get("t/a") == b"by the second"


def test_a_writer_that_comes_second_on_a_server_that_keeps_its_word_is_told_and_changes_nothing(
    line: FaultyLine, seaweed: BucketServer, prefix: str
) -> None:
    first = S3Blobs(seaweed.bucket("locking", prefix, endpoint=line.endpoint))
    second = seaweed.blobs("locking", prefix)
    left = in_the_midst(line, "PUT", "/t/a", lambda: second.put("t/a", [b"by the second"]))
    with pytest.raises(ConflictError, match="never overwritten"):
        first.put("t/a", [b"by the first"])
    assert not left and second.get("t/a") == b"by the second"
    assert [kept.versions for kept in second.kept("t/")] == [1]
