"""Blobs in an S3 bucket: put only if absent, in parts when long, and acknowledged only when the bucket gave back the very bytes.

A put is `If-None-Match: *`, so that of many writers one wins. A reply that is lost after the commit looks like a conflict and is
settled by reading back: the same content is no conflict. In a bucket with versions a blob is its newest version; deleting removes every
version that no lock keeps and hides the rest.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from jianlu.backends.blobs.s3.connect import Bucket, answers, code_of, content_md5, status_of
from jianlu.backends.blobs.s3.locks import S3Locks
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.vault.blob_names import folder_of_prefix, is_blob_name
from jianlu.vault.ports import Buffer, Kept, Ranged

NAME = "s3"
VERSION = "1"

PART_BYTES = 16 << 20
"""One request carries at most so much; longer blobs are sent in parts, of which a bucket takes 10,000: 156 GiB."""

PARTS_MAX = 10_000

NOTE, NOTE_BYTES = "jianlu-head", 64
"""The metadata in which an object's first bytes stand beside it, as many as a sealed object's head has."""

_READ_BYTES = 1 << 20
_TOTAL = re.compile(r"/(\d{1,16})$")
_RACES_MAX = 5


class S3Blobs:
    """`vault.ports.Blobs` and `vault.ports.Locks` in one bucket, below its prefix.

    Every put is read back whole and hashed before it is acknowledged; UnavailableError when the bucket does not answer,
    IntegrityError when it acknowledged other bytes than it returns. Of a long blob two parts are in memory at once.
    """

    def __init__(self, bucket: Bucket, *, part_bytes: int = PART_BYTES) -> None:
        """`part_bytes` is at least 5 MiB wherever a bucket holds parts to that minimum."""
        self._bucket = bucket
        self._client = bucket.client
        self._part_bytes = part_bytes
        self._locks = S3Locks(bucket)

    is_far = True

    @property
    def bucket(self) -> Bucket:
        """The bucket, for the probe."""
        return self._bucket

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        """As the port: exclusive, idempotent, durable and read back on return."""
        place = self._bucket.of(name)
        pieces = _Pieces(parts, self._part_bytes)
        is_new = self._put(place, pieces)
        if self._digest_of(place) != pieces.digest:
            if is_new:
                raise IntegrityError(
                    "a bucket returns other bytes than it acknowledged: take it out of service and look at the storage"
                )
            raise ConflictError("a blob of that name with other content is there: blobs are never overwritten")

    def put_unread(self, name: str, parts: Iterable[Buffer]) -> bool:
        """As `vault.ports.UnreadPuts`; False too where a try of ours took the name and its reply was lost."""
        return self._put(self._bucket.of(name), _Pieces(parts, self._part_bytes))

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """As the port."""
        if length == 0:
            self.size(name)
            return b""
        if not start and length is None:
            with answers():
                content: bytes = self._client.get_object(**self._bucket.of(name))["Body"].read()
            return content
        return self._range(name, start, length).content

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """As `vault.ports.SizedHeads`."""
        found = self._range(name, 0, length)
        return found.content, found.whole

    def ranged(self, name: str, start: int, length: int) -> Ranged:
        """As `vault.ports.SizedHeads`: the head is what `put` wrote into the object's metadata, which every answer brings."""
        return self._range(name, start, length)

    def _range(self, name: str, start: int, length: int | None) -> Ranged:
        end = "" if length is None else start + length - 1
        try:
            with answers():
                answer = self._client.get_object(**self._bucket.of(name), Range=f"bytes={start}-{end}")
                whole = _TOTAL.search(answer.get("ContentRange", ""))
                if whole is None:
                    raise UnavailableError("the bucket does not answer for ranges: run `jianlu stores probe` on it")
                return Ranged(answer["Body"].read(), _noted(answer.get("Metadata", {})), int(whole[1]))
        except UnavailableError as error:
            if isinstance(error.__cause__, ClientError) and status_of(error.__cause__) == 416:
                return Ranged(b"", b"", 0)
            raise

    def size(self, name: str) -> int:
        """As the port."""
        with answers():
            return int(self._client.head_object(**self._bucket.of(name))["ContentLength"])

    def exists(self, name: str) -> bool:
        """As the port."""
        try:
            self.size(name)
        except NotFoundError:
            return False
        return True

    def names(self, prefix: str = "") -> Iterator[str]:
        """As the port; keys of the bucket that are no blob names are not ours and left out."""
        folder_of_prefix(prefix)
        start = self._bucket.prefix
        found: list[str] = []
        with answers():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.name, Prefix=start + prefix)
            for page in pages:
                found.extend(str(each["Key"]).removeprefix(start) for each in page.get("Contents", ()))
        yield from sorted(each for each in found if is_blob_name(each))

    def delete(self, name: str) -> None:
        """As the port; what a lock keeps is hidden and listed by `kept` until it can be deleted."""
        self._locks.remove(name)

    def lock(self, name: str, until: datetime, *, is_new: bool = False) -> datetime:
        """As `vault.ports.Locks`."""
        return self._locks.lock(name, until, is_new=is_new)

    def locked_until(self, name: str) -> datetime | None:
        """As `vault.ports.Locks`."""
        return self._locks.locked_until(name)

    def kept(self, prefix: str) -> Iterator[Kept]:
        """As `vault.ports.Locks`."""
        return self._locks.kept(prefix)

    def sweep(self, before: datetime) -> int:
        """Give up uploads that began before an instant and never ended; returns how many. Writers of longer uploads lose theirs."""
        found = 0
        with answers():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket.name, Prefix=self._bucket.prefix
            )
            for upload in (each for page in pages for each in page.get("Uploads", ()) if each["Initiated"] < before):
                self._client.abort_multipart_upload(Bucket=self._bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
                found += 1
        return found

    def _put(self, place: dict[str, str], pieces: _Pieces) -> bool:
        first = next(pieces, b"")
        second = next(pieces, None)
        return self._put_whole(place, first) if second is None else self._put_long(place, first, second, pieces)

    def _put_whole(self, place: dict[str, str], content: bytes) -> bool:
        """Whether the bucket took it; False when the name was taken, perhaps by a try of ours whose reply was lost."""
        return self._unless_taken(
            lambda: self._client.put_object(
                **place, Body=content, ContentMD5=content_md5(content), Metadata=_note_of(content), IfNoneMatch="*"
            )
        )

    def _put_long(self, place: dict[str, str], first: bytes, second: bytes, rest: Iterator[bytes]) -> bool:
        with answers():
            begun = self._client.create_multipart_upload(**place, Metadata=_note_of(first))
            upload = {**place, "UploadId": begun["UploadId"]}
        try:
            parts = {"Parts": self._send_parts(upload, _chain(first, second, rest))}
            return self._unless_taken(
                lambda: self._client.complete_multipart_upload(**upload, MultipartUpload=parts, IfNoneMatch="*")
            )
        finally:
            with suppress(JianluError), answers():  # done already where it was completed; else the next sweep gives it up
                self._client.abort_multipart_upload(**upload)

    def _send_parts(self, upload: dict[str, str], pieces: Iterator[bytes]) -> list[dict[str, Any]]:
        """Send part after part; the next is gathered while one is under way."""
        done: list[dict[str, Any]] = []
        under_way: Future[dict[str, Any]] | None = None
        with ThreadPoolExecutor(1) as beside:
            for number, piece in enumerate(pieces, 1):
                if number > PARTS_MAX:
                    raise InvalidError("the blob is longer than a bucket takes in parts: seal it in several objects")
                if under_way is not None:
                    done.append(under_way.result())
                under_way = beside.submit(self._send_part, upload, number, piece)
            if under_way is not None:
                done.append(under_way.result())
        return done

    def _send_part(self, upload: dict[str, str], number: int, piece: bytes) -> dict[str, Any]:
        with answers():
            answer = self._client.upload_part(**upload, PartNumber=number, Body=piece, ContentMD5=content_md5(piece))
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _unless_taken(self, request: Any) -> bool:
        """Make the request; False when the name is taken. A race that the bucket could not settle is run again, boundedly."""
        for _ in range(_RACES_MAX):
            try:
                with answers():
                    request()
                return True
            except JianluError as error:
                cause = error.__cause__
                if not isinstance(cause, ClientError):
                    raise
                if status_of(cause) == 412 or code_of(cause) == "NoSuchUpload":  # or completed before, and the reply was lost
                    return False
                if status_of(cause) != 409:
                    raise
        raise UnavailableError("the bucket could not settle who puts a blob there: try again")

    def _digest_of(self, place: dict[str, str]) -> str:
        """SHA-256 of what the bucket returns for the blob now."""
        digest = hashlib.sha256()
        with answers():
            body = self._client.get_object(**place)["Body"]
            for piece in body.iter_chunks(_READ_BYTES):
                digest.update(piece)
        return digest.hexdigest()


def _note_of(content: bytes) -> dict[str, str]:
    """A blob's first bytes as metadata of its object; of a shorter blob there is nothing to note."""
    return {NOTE: base64.b64encode(content[:NOTE_BYTES]).decode()} if len(content) >= NOTE_BYTES else {}


def _noted(metadata: Mapping[str, str]) -> bytes:
    """What `_note_of` wrote, or nothing where it cannot be read: whoever holds the bucket can write anything there."""
    try:
        return base64.b64decode(metadata.get(NOTE, ""), validate=True)[:NOTE_BYTES]
    except ValueError:
        return b""


class _Pieces:
    """The concatenation of `parts` in pieces of `piece_bytes`, fewer only at the end, hashed on the way; empty yields nothing."""

    def __init__(self, parts: Iterable[Buffer], piece_bytes: int) -> None:
        self._parts = iter(parts)
        self._piece_bytes = piece_bytes
        self._rest = bytearray()
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of everything that was given out."""
        return self._hash.hexdigest()

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> bytes:
        while len(self._rest) < self._piece_bytes:
            part = next(self._parts, None)
            if part is None:
                break
            self._rest += part
        if not self._rest:
            raise StopIteration
        piece = bytes(memoryview(self._rest)[: self._piece_bytes])
        del self._rest[: self._piece_bytes]
        self._hash.update(piece)
        return piece


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
