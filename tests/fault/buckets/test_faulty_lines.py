"""Buckets behind a line that fails: nothing acknowledged is lost, nothing half is kept, and every error is ours."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

import pytest

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.core.errors import ConflictError, IntegrityError, NotFoundError, UnavailableError
from tests.fakes.vault.buckets import CREDENTIALS, PART_BYTES, BucketServer
from tests.fakes.vault.faulty_line import Fault, FaultyLine, faulty_line

_numbers = itertools.count()
LONG = [b"a" * PART_BYTES, b"b" * PART_BYTES, b"c" * 7]


@pytest.fixture(scope="module")
def line(seaweed: BucketServer) -> Iterator[FaultyLine]:
    with faulty_line(seaweed.endpoint) as made:
        yield made


class Far:
    """One blob store behind the line, and the same without it."""

    def __init__(self, line: FaultyLine, server: BucketServer) -> None:
        prefix = f"faults/{next(_numbers)}"
        line.seen.clear()
        line.plan = lambda method, path, before: "pass"
        self.blobs: S3Blobs = server.blobs("locking", prefix, endpoint=line.endpoint)
        self.directly: S3Blobs = server.blobs("locking", prefix)
        self._uploads = server.bucket("locking").client
        self._prefix = prefix

    def uploads(self) -> int:
        """Uploads in parts that were begun and neither ended nor given up."""
        found = self._uploads.list_multipart_uploads(Bucket="locking", Prefix=self._prefix).get("Uploads", ())
        return sum(each["Key"].startswith(self._prefix) for each in found)


@pytest.fixture
def far(line: FaultyLine, seaweed: BucketServer) -> Far:
    return Far(line, seaweed)


def once(line: FaultyLine, fault: Fault, *, method: str, mark: str = "") -> None:
    """Do `fault` to the first request of a method whose path has `mark`."""
    left = [1]

    def plan(asked: str, path: str, before: int) -> Fault:
        if asked == method and mark in path and left:
            left.pop()
            return fault
        return "pass"

    line.plan = plan


@pytest.mark.parametrize("fault", ["refuse", "lose", "cut"])
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_one_failed_request_of_a_short_blob_is_tried_again(line: FaultyLine, far: Far, method: str, fault: Fault) -> None:
    once(line, fault, method=method)
    try:
        far.blobs.put("t/a", [b"evidence"])
    except UnavailableError:
        assert (method, fault) == ("GET", "cut")  # the body of an answer: whoever put it puts it again
        far.blobs.put("t/a", [b"evidence"])
    assert far.directly.get("t/a") == b"evidence"
    assert [kept.versions for kept in far.directly.kept("t/")] == [1]


def test_a_lost_reply_after_the_commit_is_no_conflict_with_oneself(line: FaultyLine, far: Far) -> None:
    once(line, "lose", method="PUT")
    far.blobs.put("t/a", [b"evidence"])
    assert [fault for method, _, fault in line.seen if method == "PUT"] == ["lose", "pass"]
    with pytest.raises(ConflictError):
        far.blobs.put("t/a", [b"other"])


@pytest.mark.parametrize("fault", ["refuse", "lose"])
@pytest.mark.parametrize("mark", ["?uploads", "partNumber=1", "partNumber=2", "partNumber=3", "?uploadId="])
def test_one_failed_request_in_the_middle_of_parts_is_tried_again(line: FaultyLine, far: Far, mark: str, fault: Fault) -> None:
    once(line, fault, method="PUT" if "part" in mark else "POST", mark=mark)
    far.blobs.put("t/long", LONG)
    assert fault in [each for _, _, each in line.seen]
    assert far.directly.size("t/long") == 2 * PART_BYTES + 7
    assert far.directly.get("t/long", PART_BYTES - 1, 2) == b"ab"
    assert [kept.versions for kept in far.directly.kept("t/")] == [1]


@pytest.mark.parametrize("mark", ["?uploads", "partNumber=2", "?uploadId="])
def test_parts_that_fail_for_good_leave_nothing_and_can_be_put_again(line: FaultyLine, far: Far, mark: str) -> None:
    line.plan = lambda method, path, before: "refuse" if mark in path and method in ("PUT", "POST") else "pass"
    with pytest.raises(UnavailableError, match="failed"):
        far.blobs.put("t/long", LONG)
    assert sum(fault == "refuse" for _, _, fault in line.seen) <= 4
    line.plan = lambda method, path, before: "pass"
    assert not far.directly.exists("t/long")
    assert far.uploads() == 0
    far.blobs.put("t/long", LONG)
    assert far.directly.size("t/long") == 2 * PART_BYTES + 7


@pytest.mark.parametrize("fault", ["refuse", "lose", "cut"])
def test_a_line_that_never_answers_ends_in_our_error_and_soon(line: FaultyLine, far: Far, fault: Fault) -> None:
    far.blobs.put("t/a", [b"evidence" * 100])
    line.seen.clear()
    line.plan = lambda method, path, before: fault
    for use in (
        lambda: far.blobs.get("t/a"),
        lambda: far.blobs.put("t/b", [b"x"]),
        lambda: list(far.blobs.names("t/")),
        lambda: far.blobs.delete("t/a"),
    ):
        with pytest.raises(UnavailableError):
            use()
    assert len(line.seen) <= 12
    line.plan = lambda method, path, before: "pass"
    assert far.directly.get("t/a") == b"evidence" * 100


def test_an_answer_that_is_cut_short_is_never_taken_for_the_blob(line: FaultyLine, far: Far) -> None:
    far.directly.put("t/a", [b"0123456789" * 1000])
    once(line, "cut", method="GET")
    with pytest.raises(UnavailableError):
        far.blobs.get("t/a")
    assert far.blobs.get("t/a", 5, 3) == b"567"


def test_a_bucket_that_returns_other_bytes_than_it_acknowledged_is_found_out_at_once(line: FaultyLine, far: Far) -> None:
    line.plan = lambda method, path, before: "garble" if method == "GET" and "?" not in path else "pass"
    with pytest.raises(IntegrityError, match="acknowledged"):
        far.blobs.put("t/a", [b"evidence"])
    with pytest.raises(IntegrityError, match="acknowledged"):
        far.blobs.put("t/long", LONG)


def test_uploads_that_nobody_ended_are_given_up_by_the_sweep(line: FaultyLine, far: Far) -> None:
    line.plan = lambda method, path, before: "refuse" if method == "DELETE" or "partNumber" in path else "pass"
    with pytest.raises(UnavailableError):
        far.blobs.put("t/long", LONG)
    line.plan = lambda method, path, before: "pass"
    assert far.uploads() == 1
    upload = far._uploads.list_multipart_uploads(Bucket="locking", Prefix=far._prefix)["Uploads"][0]
    assert far.blobs.sweep(upload["Initiated"]) == 0
    assert far.blobs.sweep(upload["Initiated"].replace(year=upload["Initiated"].year + 1)) == 1
    assert far.uploads() == 0


def test_neither_credentials_nor_content_are_logged_or_sent(line: FaultyLine, far: Far, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    line.headers.clear()
    line.plan = lambda method, path, before: "refuse"
    with pytest.raises(UnavailableError) as caught:
        far.blobs.put("t/a", [b"what-was-said"])
    told = caplog.text + str(caught.value) + repr(caught.value.__cause__) + repr(CREDENTIALS)
    assert CREDENTIALS.secret_key not in told + "".join(line.headers)
    assert CREDENTIALS.access_key not in told
    assert "what-was-said" not in told


def test_a_blob_that_is_not_there_is_not_found_whatever_the_line_did_before(line: FaultyLine, far: Far) -> None:
    once(line, "refuse", method="GET")
    with pytest.raises(NotFoundError):
        far.blobs.get("t/never")
