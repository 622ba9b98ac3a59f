"""Whose a bucket's prefix is: a mark that names the ledger of the home that keeps copies there, so that no other home does.

Two homes under one prefix would give up each other's long uploads, and whoever looks into the bucket could not say whose an object is. The
mark is a blob like others, put only if absent, so that of two homes that come at once one has it.
"""

from __future__ import annotations

from datetime import datetime

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.backends.blobs.s3.probe import probe_bucket
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.vault.ports import Store
from jianlu.vault.stores.copies import Probed, require_fit

MARK = "jianlu-home/owner"
"""The blob, below the bucket's prefix."""

FORMAT = "jianlu/store-owner/v1"
_MARK_BYTES_MAX = 4096
_SHOWN = 80


def probe_and_claim(store: Store, blobs: S3Blobs, now: datetime) -> Probed:
    """What the bucket of the store can do; where it does what the store must, it is its owner's from then on.

    ConflictError, and nothing is tried, where it is another home's. Raises as `probe_bucket`.
    """
    require_ours(blobs)
    probed = probe_bucket(blobs.bucket, now)
    try:
        require_fit(store, probed)
    except ConflictError:
        return probed  # whoever asked refuses it and says why: nothing of ours stays there
    claim(blobs)
    return probed


def require_ours(blobs: S3Blobs) -> None:
    """ConflictError when the prefix has the mark of another home; a bucket of no home is anybody's. UnavailableError as every request."""
    owner = blobs.bucket.owner
    try:
        found = blobs.get(MARK, 0, _MARK_BYTES_MAX) if owner else b""
    except NotFoundError:
        return
    if owner and found != _content(owner):
        raise ConflictError(
            f"another home ({_named(found)}) keeps its objects under this prefix: give this one a prefix of its own in [[vault.stores]]; "
            f"if that home is no more, delete {MARK}"
        )


def claim(blobs: S3Blobs) -> None:
    """Put the mark where none is; ConflictError, as `require_ours`, when another home was first."""
    if not blobs.bucket.owner:
        return
    try:
        blobs.put(MARK, [_content(blobs.bucket.owner)])
    except ConflictError:
        require_ours(blobs)
        raise


def _content(owner: str) -> bytes:
    return canonical_bytes({"format": FORMAT, "ledger": owner})


def _named(found: bytes) -> str:
    """Origin of the ledger that a mark names, for people; a mark of no known form names none."""
    try:
        fields = parse_canonical(found, bytes_max=_MARK_BYTES_MAX)
    except InvalidError:
        return "not named"
    said = fields.get("ledger") if isinstance(fields, dict) else None
    origin = said.partition("+")[0] if isinstance(said, str) else ""
    return origin[:_SHOWN] if origin.isprintable() and origin else "not named"
