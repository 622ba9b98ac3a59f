"""Object Lock in compliance mode on the versions of a bucket: set, extended, never shortened, read back after every change.

A lock is believed only as far as the bucket says it back; whether the bucket means it, `probe` finds out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from jianlu.backends.blobs.s3.connect import Bucket, answers, code_of
from jianlu.core.errors import DeniedError, IntegrityError, JianluError
from jianlu.vault.blob_names import folder_of_prefix, is_blob_name
from jianlu.vault.ports import Kept

COMPLIANCE = "COMPLIANCE"
_UNLOCKED = {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest", "NoSuchRetention"}


class S3Locks:
    """What of `S3Blobs` has to do with versions and their locks."""

    def __init__(self, bucket: Bucket) -> None:
        """Nothing is asked of the bucket yet."""
        self._bucket = bucket
        self._client = bucket.client
        self._has_versions: bool | None = None

    def lock(self, name: str, until: datetime, *, is_new: bool = False) -> datetime:
        """As `vault.ports.Locks`: IntegrityError when the bucket does not say the lock back."""
        wanted = whole_second(until)
        standing = None if is_new else self.locked_until(name)
        if standing is not None and standing >= wanted:
            return standing
        try:
            with answers():
                retention = {"Mode": COMPLIANCE, "RetainUntilDate": wanted}
                self._client.put_object_retention(**self._bucket.of(name), Retention=retention)
        except DeniedError:
            if not is_new:
                raise
            return self.lock(name, until)  # the bucket locks by itself what is put there, and longer
        standing = self.locked_until(name)
        if standing is None or standing < wanted:
            raise IntegrityError("a bucket accepted a lock and does not keep it: run `jianlu stores probe` and do not rely on it")
        return standing

    def locked_until(self, name: str) -> datetime | None:
        """As `vault.ports.Locks`: governance mode counts as no lock, because it can be lifted."""
        return self.version_locked_until(self._bucket.of(name))

    def version_locked_until(self, version: dict[str, str]) -> datetime | None:
        """Until when this version (bucket, key, perhaps version id) is locked in compliance mode."""
        try:
            with answers():
                retention = self._client.get_object_retention(**version).get("Retention", {})
        except JianluError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) in _UNLOCKED:
                return None
            raise
        until = retention.get("RetainUntilDate")
        return until.astimezone(UTC) if retention.get("Mode") == COMPLIANCE and until is not None else None

    def remove(self, name: str) -> None:
        """Delete every version of the blob that no lock keeps; what stays is hidden behind a delete marker."""
        place = self._bucket.of(name)
        if not self._versions_are_kept():
            with answers():
                self._client.delete_object(**place)
            return
        found = [each for each in self._versions(place["Key"]) if each["Key"] == place["Key"]]
        if any(each["IsLatest"] and not each["is_marker"] for each in found):
            with answers():
                self._client.delete_object(**place)  # hidden first: a crash leaves no older version in its place
            found = [each for each in self._versions(place["Key"]) if each["Key"] == place["Key"]]
        left = [each for each in found if not each["is_marker"] and not self._delete_version(each)]
        for marker in (each for each in found if each["is_marker"] and not left):
            self._delete_version(marker)

    def kept(self, prefix: str) -> Iterator[Kept]:
        """As `vault.ports.Locks`, hidden versions included."""
        folder_of_prefix(prefix)
        counts: dict[str, int] = defaultdict(int)
        untils: dict[str, datetime] = {}
        for each in self._versions(self._bucket.prefix + prefix):
            name = str(each["Key"]).removeprefix(self._bucket.prefix)
            if each["is_marker"] or not is_blob_name(name):
                continue
            counts[name] += 1
            version = {"Bucket": self._bucket.name, "Key": each["Key"], "VersionId": each["VersionId"]}
            until = self.version_locked_until(version)
            if until is not None:
                untils[name] = max(until, untils.get(name, until))
        for name in sorted(counts):
            yield Kept(name, counts[name], untils.get(name))

    def named(self, prefix: str) -> list[str]:
        """Names of which the bucket has a version or a marker, sorted; whether they are locked is not asked."""
        found = {str(each["Key"]).removeprefix(self._bucket.prefix) for each in self._versions(self._bucket.prefix + prefix)}
        return sorted(each for each in found if is_blob_name(each))

    def _delete_version(self, version: dict[str, Any]) -> bool:
        """Whether it is gone; False when the bucket refuses."""
        try:
            with answers():
                self._client.delete_object(Bucket=self._bucket.name, Key=version["Key"], VersionId=version["VersionId"])
        except DeniedError:
            return False
        return True

    def _versions(self, prefix: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with answers():
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket.name, Prefix=prefix)
            for page in pages:
                found += [{**each, "is_marker": False} for each in page.get("Versions", ())]
                found += [{**each, "is_marker": True} for each in page.get("DeleteMarkers", ())]
        return found

    def _versions_are_kept(self) -> bool:
        if self._has_versions is None:
            with answers():
                status = self._client.get_bucket_versioning(Bucket=self._bucket.name).get("Status")
            self._has_versions = status in ("Enabled", "Suspended")
        return self._has_versions


def whole_second(until: datetime) -> datetime:
    """`until` in UTC, rounded up to a second: buckets keep no parts of one, and cutting them off would shorten the lock."""
    there = until.astimezone(UTC)
    return there if there.microsecond == 0 else there.replace(microsecond=0) + timedelta(seconds=1)
