"""Seal: plaintext becomes a durable sealed object (`specs/sealed-segment.md`) under a key of its own, in the suite of the home.

The plaintext is never written anywhere; memory stays flat whatever its length. Telling the ledger is `case_log`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from jianlu.core.errors import ConflictError
from jianlu.vault._checked import checked
from jianlu.vault.keys import UnitKey, create_unit_key
from jianlu.vault.model import Draft, Sealed
from jianlu.vault.pipeline import SealedStream
from jianlu.vault.ports import VaultPorts


def seal(draft: Draft, *, using: VaultPorts, unit_key: UnitKey | None = None) -> Sealed:
    """Seal `draft` at its place; key record and object are durable on return.

    `unit_key` saves opening it again; without it the shred unit's key is opened, or made. A place is sealed once: ConflictError when an
    object is there. UnavailableError when the store is full or failing: nothing is kept that would stand in the way of another try.
    """
    place = draft.place
    key = unit_key or create_unit_key(using, place.tenant, place.unit)
    blobs, key_blobs = checked(using.blobs), checked(using.key_blobs)
    if blobs.exists(place.blob_name):
        raise ConflictError("an object is sealed there already: seal the next version")
    with ThreadPoolExecutor(1) as beside:
        if key_blobs.exists(place.key_name):  # left by a try that ended before its object was there
            object_key, suite = key.open_sealing_key(place, using.key_blobs)
            key_stored = None
        else:
            suite = using.suite
            object_key, record = key.make_object_key(place, suite)
            key_stored = beside.submit(key_blobs.put, place.key_name, [record])  # both syncs at once
        stream = SealedStream(object_key, place.context(suite), draft.content, suite=suite)
        blobs.put(place.blob_name, stream)
        if key_stored is not None:
            key_stored.result()
    return Sealed(
        place=place,
        sealed_digest=stream.sealed_digest,
        sealed_bytes=stream.sealed_bytes,
        plain_digest=stream.plain_digest,
        plain_bytes=stream.plain_bytes,
    )
