"""Connections to a bucket: address, credentials, TLS, bounded retries, and its errors in our six families.

An address is `s3+https://HOST[:PORT]/BUCKET[/PREFIX]`; without TLS only a loopback host is spoken to. Credentials are read from a file of
their own and are in no message: what a server answers is named by its code alone.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.vault.blob_names import check_blob_name

ATTEMPTS = 4
"""Tries of one request, the first included; the waits between them are drawn from doubling bounds, at most 20 s."""

CONNECT_S, READ_S = 5, 60
"""How long a server may take to accept a connection, and to send the next bytes."""

_CONNECTIONS = 16
_CREDENTIALS_BYTES_MAX = 4096
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
_ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "NotFound"}
_FULL = {"QuotaExceeded", "InsufficientStorage", "507", "XMinioStorageFull", "EntityTooLarge"}
_STRANGE = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthorizationHeaderMalformed"}


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where a bucket is: `endpoint` (`https://host:port`), `bucket`, `prefix` (empty, or ending in a slash)."""

    endpoint: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3+{self.endpoint}/{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """An access key and its secret; neither is ever shown."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return "S3Credentials(...)"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that can be spoken to: `client` is botocore's, safe for many threads.

    `owner` is the verifier key of the ledger whose home uses it; empty where it is only tried.
    """

    client: Any
    name: str
    prefix: str
    owner: str = ""

    def of(self, name: str) -> dict[str, str]:
        """What names the blob `name` in a request; InvalidError when it is no blob name."""
        return {"Bucket": self.name, "Key": self.prefix + check_blob_name(name)}


def parse_address(text: str) -> S3Address:
    """The address that `text` says; InvalidError when it is none, names credentials, or would be spoken to without TLS."""
    parts = urlsplit(text)
    scheme = parts.scheme.removeprefix("s3+")
    bucket, _, prefix = parts.path.strip("/").partition("/")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidError("the address of a bucket holds no credentials and no query: name a file of credentials beside it")
    if parts.scheme not in ("s3+https", "s3+http") or not parts.hostname or not _BUCKET.fullmatch(bucket):
        raise InvalidError("the address of a bucket is s3+https://HOST[:PORT]/BUCKET[/PREFIX]")
    if scheme == "http" and not _is_loopback(parts.hostname):
        raise InvalidError("a bucket on another machine is spoken to by TLS alone: write s3+https://")
    if prefix:
        check_blob_name(prefix)
    return S3Address(f"{scheme}://{parts.netloc}", bucket, f"{prefix}/" if prefix else "")


def read_credentials(path: Path) -> S3Credentials:
    """Access key and secret from the first two lines of `path`.

    DeniedError when others can read it, UnavailableError when nobody can, InvalidError when it holds no credentials.
    """
    try:
        with path.open("rb") as opened:
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise DeniedError(
                    f"{path.name} can be read by others: chmod 600 it, or treat its credentials as known and replace them"
                )
            lines = opened.read(_CREDENTIALS_BYTES_MAX).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError(
            f"the credentials {path.name!r} of a bucket cannot be read: see [[vault.stores]] in the settings"
        ) from error
    if len(lines) < 2 or not all(line.strip() for line in lines[:2]):
        raise InvalidError(f"{path.name} names no credentials: its first line is the access key, its second the secret")
    return S3Credentials(lines[0].strip(), lines[1].strip())


def connect(
    address: S3Address,
    credentials: S3Credentials,
    *,
    region: str = "us-east-1",
    authorities: Path | None = None,
    is_virtual_hosted: bool = False,
    attempts: int = ATTEMPTS,
    owner: str = "",
) -> Bucket:
    """The bucket, not asked for anything yet. `authorities` (PEM) replaces the system's; `attempts` bounds the tries of each request."""
    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "virtual" if is_virtual_hosted else "path", "payload_signing_enabled": True},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            region_name=region,
            config=config,
            verify=str(authorities) if authorities else None,
        )
    except (BotoCoreError, ValueError, OSError) as error:
        raise InvalidError(f"the bucket cannot be spoken to as the settings say ({type(error).__name__})") from error
    return Bucket(client, address.bucket, address.prefix, owner)


@contextmanager
def answers() -> Iterator[None]:
    """Turns what a request to a bucket raises into our errors; the server's code is named, nothing else of its answer."""
    try:
        yield
    except ClientError as error:
        raise _ours(error) from error
    except FlexibleChecksumError as error:
        raise IntegrityError("a bucket returned bytes that its own checksum denies: scrub it, and look at the storage") from error
    except (BotoCoreError, OSError) as error:
        raise UnavailableError(
            f"the bucket does not answer ({type(error).__name__}): check its address, then try again"
        ) from error
    except Exception as error:  # urllib3 lets its own errors out of a stream that breaks off
        if type(error).__module__.partition(".")[0] != "urllib3":
            raise
        raise UnavailableError(f"the bucket's answer broke off ({type(error).__name__}): try again") from error


def content_md5(content: bytes) -> str:
    """What a bucket checks a request against; buckets that lock by default demand it. No security hangs on it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def code_of(error: ClientError) -> str:
    """The server's error code, or its HTTP status where it says none."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else str(status_of(error))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _ours(error: ClientError) -> Exception:
    code, status = code_of(error), status_of(error)
    if code == "NoSuchBucket":
        return UnavailableError("the bucket is not there: make it, or correct its address in the settings")
    if code in _ABSENT:
        return NotFoundError("there is no such blob: check the name, or restore it from a replica")
    if code in _FULL:
        return UnavailableError("the bucket is full: raise its quota or add space, then try again")
    if code in _STRANGE:
        return UnavailableError(f"the bucket does not know our credentials ({code}): correct the file that holds them")
    if status == 403:
        return DeniedError(f"the bucket refuses it ({code}): a lock stands, or the rights of our credentials are too few")
    if status in (409, 412):
        return ConflictError(f"the bucket's state does not allow it ({code}): look at the blob, then try again")
    return UnavailableError(f"the bucket failed ({code}): try again, and look at the storage if it stays")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
