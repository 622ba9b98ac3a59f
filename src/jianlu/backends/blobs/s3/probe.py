"""The probe: every step that a lock must withstand, done to the bucket itself, because some servers take a lock and ignore it.

It works below `jianlu-probe/` and leaves a few bytes that are locked for `LOCK_S`; a later probe removes them, and leaves alone what one
beside it may still be at. Each step has a code and says what the bucket did; what they amount to together is `vault/stores/copies.py`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.backends.blobs.s3.connect import Bucket, answers, code_of, content_md5
from jianlu.backends.blobs.s3.locks import COMPLIANCE, S3Locks, whole_second
from jianlu.core.errors import ConflictError, DeniedError, JianluError
from jianlu.vault.stores.copies import Probed, Step

FOLDER = "jianlu-probe"
LOCK_S = 60
"""How long what a probe leaves is locked: longer than the probe takes."""

OVER = timedelta(hours=2)
"""A probe that began so long ago is over, whatever became of it; of a younger one, by another process, nothing is touched."""

ABANDONED = timedelta(days=1)
"""An upload in parts that began so long ago has lost whoever began it: the longest takes hours."""

_PART_BYTES = 5 << 20
_BEGAN = "%Y%m%dt%H%M%S"
_RUN = re.compile(rf"{FOLDER}/(\d{{8}}t\d{{6}})-[0-9a-f]{{16}}/.*")
_CONTENT, _OTHER = b"what the probe put there", b"what nobody may put there"


def probe_bucket(bucket: Bucket, now: datetime) -> Probed:
    """What the bucket can do, step by step; `now` is our clock. UnavailableError when it does not answer at all."""
    with answers():
        bucket.client.list_objects_v2(Bucket=bucket.name, MaxKeys=1)
    blobs = S3Blobs(bucket, part_bytes=_PART_BYTES)
    _clean(bucket, blobs, now)
    folder = f"{FOLDER}/{now.astimezone(UTC).strftime(_BEGAN)}-{secrets.token_hex(8)}"
    until = whole_second(now + timedelta(seconds=LOCK_S))
    done = [*_Use(blobs, folder).steps()]
    done += _Locking(bucket, folder, until).steps()
    return Probed(tuple(done))


class _Use:
    """What every place must be able to do."""

    def __init__(self, blobs: S3Blobs, folder: str) -> None:
        self._blobs, self._folder = blobs, folder

    def steps(self) -> list[Step]:
        named: list[tuple[str, Callable[[], bool]]] = [
            ("put-and-read-back", self._put_and_read_back),
            ("put-only-if-absent", lambda: self._refuses_other("once", [_OTHER])),
            ("range", lambda: self._blobs.get(self._name("once"), 5, 3) == _CONTENT[5:8]),
            ("put-in-parts", self._put_in_parts),
            ("put-in-parts-only-if-absent", lambda: self._refuses_other("long", self._long(b"y"))),
            ("list", lambda: list(self._blobs.names(f"{self._folder}/")) == [self._name("long"), self._name("once")]),
            ("delete", self._delete),
        ]
        return [Step(code, _outcome(act), is_lock=False) for code, act in named]

    def _put_and_read_back(self) -> bool:
        self._blobs.put(self._name("once"), [_CONTENT])
        return self._blobs.get(self._name("once")) == _CONTENT

    def _put_in_parts(self) -> bool:
        self._blobs.put(self._name("long"), self._long(b"x"))
        return self._blobs.size(self._name("long")) == _PART_BYTES + 1

    def _refuses_other(self, name: str, parts: list[bytes]) -> bool:
        before = self._blobs.get(self._name(name), 0, 16)
        try:
            self._blobs.put(self._name(name), parts)
        except ConflictError:
            return self._blobs.get(self._name(name), 0, 16) == before
        return False

    def _delete(self) -> bool:
        for name in ("once", "long"):
            self._blobs.delete(self._name(name))
        return not self._blobs.exists(self._name("once")) and not self._blobs.exists(self._name("long"))

    def _long(self, letter: bytes) -> list[bytes]:
        return [letter * _PART_BYTES, letter]

    def _name(self, name: str) -> str:
        return f"{self._folder}/{name}"


class _Locking:
    """What a lock must withstand, tried on versions of its own; a step that cannot be tried counts as failed."""

    def __init__(self, bucket: Bucket, folder: str, until: datetime) -> None:
        self._bucket, self._client, self._folder, self._until = bucket, bucket.client, folder, until
        self._locks = S3Locks(bucket)
        self._version = {**bucket.of(f"{folder}/locked"), "VersionId": "null"}
        self._later = {**bucket.of(f"{folder}/later"), "VersionId": "null"}

    def steps(self) -> list[Step]:
        named: list[tuple[str, Callable[[], bool]]] = [
            ("lock-is-configured", self._is_configured),
            ("put-with-lock", self._put_with_lock),
            ("lock-reads-back", lambda: self._locks.version_locked_until(self._version) == self._until),
            ("delete-of-version-refused", lambda: self._refused(self._delete, self._version)),
            ("delete-of-version-with-bypass-refused", lambda: self._refused(self._delete_with_bypass, self._version)),
            ("delete-in-bulk-refused", lambda: self._refused(self._delete_in_bulk, self._version)),
            ("shortening-refused", lambda: self._refused(self._shorten, self._version)),
            ("shortening-with-bypass-refused", lambda: self._refused(self._shorten_with_bypass, self._version)),
            ("governance-refused", lambda: self._refused(self._govern, self._version)),
            ("taking-off-refused", lambda: self._refused(self._take_off, self._version)),
            ("extending-reads-back", self._extend),
            ("overwriting-keeps-version", lambda: self._keeps(self._overwrite)),
            ("copying-over-keeps-version", lambda: self._keeps(self._copy_over)),
            ("delete-marker-keeps-version", lambda: self._keeps(self._mark_deleted)),
            ("version-under-marker-refused", lambda: self._refused(self._delete, self._version)),
            ("later-lock-holds", self._lock_later),
            ("later-lock-shortening-refused", lambda: self._refused(self._shorten, self._later)),
            ("lock-on-parts-holds", self._lock_in_parts),
            ("suspending-versions-refused", self._suspending_refused),
        ]
        return [Step(code, _outcome(act), is_lock=True) for code, act in named]

    def _is_configured(self) -> bool:
        configured = self._client.get_object_lock_configuration(Bucket=self._bucket.name)["ObjectLockConfiguration"]
        versions = self._client.get_bucket_versioning(Bucket=self._bucket.name).get("Status")
        return bool(configured.get("ObjectLockEnabled") == "Enabled" and versions == "Enabled")

    def _put_with_lock(self) -> bool:
        place = self._bucket.of(f"{self._folder}/locked")
        lock = {"ObjectLockMode": COMPLIANCE, "ObjectLockRetainUntilDate": self._until}
        answer = self._client.put_object(**place, Body=_CONTENT, ContentMD5=content_md5(_CONTENT), **lock)
        self._version = {**place, "VersionId": answer.get("VersionId", "null")}
        return self._is_there(self._version)

    def _extend(self) -> bool:
        self._until += timedelta(seconds=LOCK_S)
        self._retain(self._version, COMPLIANCE, self._until)
        return self._locked_until(self._version) == self._until

    def _lock_later(self) -> bool:
        place = self._bucket.of(f"{self._folder}/later")
        answer = self._client.put_object(**place, Body=_CONTENT)
        self._later = {**place, "VersionId": answer.get("VersionId", "null")}
        self._retain(self._later, COMPLIANCE, self._until)
        return self._locked_until(self._later) == self._until and self._refused(self._delete, self._later)

    def _lock_in_parts(self) -> bool:
        place = self._bucket.of(f"{self._folder}/parts")
        upload = {**place, "UploadId": self._client.create_multipart_upload(**place)["UploadId"]}
        part = self._client.upload_part(**upload, PartNumber=1, Body=_CONTENT)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        answer = self._client.complete_multipart_upload(**upload, MultipartUpload=parts)
        version = {**place, "VersionId": answer.get("VersionId", "null")}
        self._retain(version, COMPLIANCE, self._until)
        return self._locked_until(version) == self._until and self._refused(self._delete, version)

    def _suspending_refused(self) -> bool:
        """With the bucket as it was afterwards, whatever it let us do: one without versions is left alone, for it could not be put back."""
        if not self._is_configured():
            return False
        wanted = {"Bucket": self._bucket.name, "VersioningConfiguration": {"Status": "Suspended"}}
        try:
            self._client.put_bucket_versioning(**wanted)
        except ClientError:
            return True
        self._client.put_bucket_versioning(Bucket=self._bucket.name, VersioningConfiguration={"Status": "Enabled"})
        return False

    def _refused(self, act: Callable[[dict[str, str]], Any], version: dict[str, str]) -> bool:
        """Whether `act` on a version was refused and left it there under its lock; what the server says is not believed alone."""
        locked = self._locked_until(version)
        with suppress(ClientError):
            act(version)
        return locked is not None and self._is_there(version) and self._locked_until(version) == locked

    def _keeps(self, act: Callable[[dict[str, str]], Any]) -> bool:
        """Whether a version is still there, under its lock, after something was put over it by name."""
        act({name: value for name, value in self._version.items() if name != "VersionId"})
        return self._is_there(self._version) and self._locked_until(self._version) == self._until

    def _is_there(self, version: dict[str, str]) -> bool:
        try:
            body = self._client.get_object(**version)["Body"]
        except ClientError:
            return False
        return bool(body.read() == _CONTENT)

    def _locked_until(self, version: dict[str, str]) -> datetime | None:
        """As the version's own lock says or, where the server does not answer for that, as its head does."""
        try:
            return self._locks.version_locked_until(version)
        except JianluError:
            head = self._client.head_object(**version)
        until = head.get("ObjectLockRetainUntilDate") if head.get("ObjectLockMode") == COMPLIANCE else None
        return until.astimezone(UTC) if isinstance(until, datetime) else None

    def _retain(self, version: dict[str, str], mode: str, until: datetime, **more: Any) -> None:
        self._client.put_object_retention(**version, Retention={"Mode": mode, "RetainUntilDate": until}, **more)

    def _delete(self, version: dict[str, str]) -> None:
        self._client.delete_object(**version)

    def _delete_with_bypass(self, version: dict[str, str]) -> None:
        self._client.delete_object(**version, BypassGovernanceRetention=True)

    def _delete_in_bulk(self, version: dict[str, str]) -> None:
        listed = {"Key": version["Key"], "VersionId": version["VersionId"]}
        self._client.delete_objects(Bucket=version["Bucket"], Delete={"Objects": [listed]}, BypassGovernanceRetention=True)

    def _shorten(self, version: dict[str, str]) -> None:
        self._retain(version, COMPLIANCE, self._until - timedelta(seconds=LOCK_S // 2))

    def _shorten_with_bypass(self, version: dict[str, str]) -> None:
        self._retain(version, COMPLIANCE, self._until - timedelta(seconds=LOCK_S // 2), BypassGovernanceRetention=True)

    def _govern(self, version: dict[str, str]) -> None:
        self._retain(version, "GOVERNANCE", self._until + timedelta(seconds=LOCK_S), BypassGovernanceRetention=True)

    def _take_off(self, version: dict[str, str]) -> None:
        self._client.put_object_retention(**version, Retention={}, BypassGovernanceRetention=True)

    def _overwrite(self, place: dict[str, str]) -> None:
        self._client.put_object(**place, Body=_OTHER)

    def _copy_over(self, place: dict[str, str]) -> None:
        source = {"Bucket": place["Bucket"], "Key": place["Key"]}
        self._client.copy_object(**place, CopySource=source, MetadataDirective="REPLACE", Metadata={"jianlu": "probe"})

    def _mark_deleted(self, place: dict[str, str]) -> None:
        self._client.delete_object(**place)


def _outcome(act: Callable[[], bool]) -> str:
    """`held`, `failed`, or the code with which the server refused to take part."""
    try:
        with answers():
            return "held" if act() else "failed"
    except DeniedError as error:
        return f"refused {_code(error)}"
    except JianluError as error:
        return f"error {_code(error)}"


def _code(error: JianluError) -> str:
    return code_of(error.__cause__) if isinstance(error.__cause__, ClientError) else type(error).__name__


def _clean(bucket: Bucket, blobs: S3Blobs, now: datetime) -> None:
    """What probes left that are over and no lock keeps, and uploads that nobody ended; a server that cannot even list them keeps it."""
    with suppress(JianluError):
        blobs.sweep(now - ABANDONED)
        for name in {*S3Locks(bucket).named(f"{FOLDER}/"), *blobs.names(f"{FOLDER}/")}:
            if _is_over(name, now):
                blobs.delete(name)


def _is_over(name: str, now: datetime) -> bool:
    """Whether the probe that this is left of is over, by the time in its folder's name; one that says none is of an older version."""
    run = _RUN.fullmatch(name)
    try:
        return run is None or datetime.strptime(run[1], _BEGAN).replace(tzinfo=UTC) < now - OVER
    except ValueError:
        return True
