"""One copy of one sealed object: looked at by its digest, made from a verified one, mended, and never made of what was destroyed.

A copy counts after the store gave its bytes back and they have the digest that the ledger holds; what a store acknowledges or lists counts
for nothing. When which copy is looked at is `walk.py`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.formats.resealed import Resealed, resealed_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import TenantId
from jianlu.vault._checked import CheckedBlobs, checked
from jianlu.vault.handling import may_keep
from jianlu.vault.keys import is_gone
from jianlu.vault.model import Place, object_parts
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.reseals import GoneForms

PIECE_BYTES = 8 << 20
"""Read and sent at a time: memory stays flat whatever the object's length."""

_MENDING = tuple(threading.Lock() for _ in range(64))


class Found(StrEnum):
    """What a store returns for an object: the very bytes, others, none, or bytes of what may not be kept where the store is."""

    VERIFIED = "verified"
    ALTERED = "altered"
    MISSING = "missing"
    MISPLACED = "misplaced"


class Ensured(StrEnum):
    """What became of a copy: it was right, it was made, it cannot be had from anywhere, its object was destroyed, it may not be there."""

    VERIFIED = "verified"
    MADE = "made"
    LOST = "lost"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Named:
    """An object as the ledger names it: its place, the digest and number of its sealed bytes, the areas that may have copies of it."""

    place: Place
    digest: str
    bytes: int
    within: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found of a copy, what became of it, and the store that it was made from (empty if it was not made).

    `is_fresh`: nothing had its name before, as the store said when it took it.
    """

    found: Found
    ensured: Ensured
    source: str = ""
    is_fresh: bool = False


def objects_named(event: Event) -> list[Named]:
    """The objects that `event` names, or says were sealed anew; none when a part is malformed (the verifier reports that)."""
    try:
        if event.type is EventType.OBJECT_RESEALED:
            return [named_of(event.tenant, resealed_of(event))]
        return [
            Named(Place(event.tenant, event.case, part.object, part.version), part.sealed_digest, part.sealed_bytes, part.within)
            for part in object_parts(event)
        ]
    except InvalidError:
        return []


def named_of(tenant: TenantId, resealed: Resealed) -> Named:
    """The form of an object that was sealed anew."""
    place = Place(tenant, resealed.of, resealed.object, resealed.version, resealed.form)
    return Named(place, resealed.sealed, resealed.bytes, resealed.within)


def confined_to(event: Event) -> list[tuple[str, str]]:
    """For each object of `event` that may be kept in some areas only: the areas, and the clause that says so."""
    try:
        return [(part.within, part.confined_by) for part in object_parts(event) if part.within]
    except InvalidError:
        return []


def look(store: Store, named: Named) -> Found:
    """What `store` returns for the object now, every byte of it hashed. UnavailableError when the store does not answer."""
    blobs, digest = checked(store.blobs), hashlib.sha256()
    try:
        first, size = blobs.head(named.place.blob_name, min(named.bytes, PIECE_BYTES))
        if size != named.bytes:
            return Found.ALTERED
        digest.update(first)
        for piece in _pieces(store, named, start=len(first)):
            digest.update(piece)
    except NotFoundError:
        return Found.MISSING
    except IntegrityError:
        return Found.ALTERED
    return Found.VERIFIED if digest.hexdigest() == named.digest else Found.ALTERED


def put_copy(using: VaultPorts, store: Store, named: Named) -> Outcome | None:
    """A copy where none is expected: put without a look for it, which overwrites nothing, and read back.

    None where that is not to be, or came to no verified copy: `ensure_copy` then, which looks at what is there. Whether the object was
    destroyed meanwhile is for the caller to ask, of many at once (`withdraw_gone`). UnavailableError as `ensure_copy`.
    """
    if is_gone(using, named.place) or not may_keep(store, named.within):
        return None
    made = _made(using.stores, store, named)
    return made if made is not None and look(store, named) is Found.VERIFIED else None


def withdraw_gone(using: VaultPorts, store: Store, copies: Sequence[Named], gone: GoneForms) -> set[Place]:
    """The places of those `copies` whose unit or part was destroyed, or whose form was removed, before this call: nothing of them stays."""
    kinds = {(each.place.tenant, each.place.unit, kind_of(each.place.object)): each.place for each in copies}
    destroyed = {kind for kind, place in kinds.items() if is_gone(using, place)}
    found = {each.place for each in copies if (each.place.tenant, each.place.unit, kind_of(each.place.object)) in destroyed}
    found |= gone.among(each.place for each in copies)
    for place in found:
        checked(store.blobs).delete(place.blob_name)
    return found


def ensure_copy(
    using: VaultPorts,
    store: Store,
    named: Named,
    *,
    on_wrong: Callable[[Found], None] = lambda _: None,
    gone: GoneForms | None = None,
) -> Outcome:
    """Have the object in `store` as the ledger names it, made anew from the first other store that has it verified.

    `on_wrong` is told what was found before anything is changed, so that a crash in between hides nothing.

    What was altered is taken away first; where no other store has the object, everything is left as it is for whoever looks into it. Of a
    destroyed unit or part, and of a form that was removed for a newer one (`gone`), nothing is made, and what is there is deleted. Nothing
    is made or mended in a store that lies outside the areas in which the object may be kept; what lies there is told and left to people.
    UnavailableError when a store that is needed does not answer.
    """
    if is_gone(using, named.place):
        checked(store.blobs).delete(named.place.blob_name)
        return Outcome(Found.MISSING, Ensured.GONE)
    if not may_keep(store, named.within):
        is_there = checked(store.blobs).exists(named.place.blob_name)
        if is_there:
            on_wrong(Found.MISPLACED)
        return Outcome(Found.MISPLACED if is_there else Found.MISSING, Ensured.REFUSED)
    found = look(store, named)
    if found is Found.VERIFIED:
        return Outcome(found, Ensured.VERIFIED)
    gone = GoneForms(using, named.place.tenant) if gone is None else gone
    if gone.has(named.place):
        checked(store.blobs).delete(named.place.blob_name)
        return Outcome(found, Ensured.GONE)
    on_wrong(found)
    with _mending(named) if found is Found.ALTERED else nullcontext():
        return _mend(using, store, named, found, gone)


def _mend(using: VaultPorts, store: Store, named: Named, found: Found, gone: GoneForms) -> Outcome:
    """What is missing made, what is altered replaced, as `ensure_copy` says."""
    if found is Found.ALTERED and not _is_elsewhere(using.stores, store, named):
        return Outcome(found, Ensured.LOST)
    if found is Found.ALTERED:
        checked(store.blobs).delete(named.place.blob_name)
    made = _made(using.stores, store, named)
    if made is None:
        return Outcome(found, Ensured.LOST)
    if look(store, named) is not Found.VERIFIED:
        raise IntegrityError(f"the store {store.name} does not return what is put there: take it out of service, and look at it")
    if withdraw_gone(using, store, [named], gone):
        return Outcome(found, Ensured.GONE)
    return replace(made, found=found)


def _mending(named: Named) -> threading.Lock:
    """Held by whoever replaces an altered copy of the object.

    The stores are read side by side: of two that each take their own copy for altered and the other's for right, both would go.
    """
    return _MENDING[hash(named.place.blob_name) % len(_MENDING)]


def _is_elsewhere(stores: Sequence[Store], store: Store, named: Named) -> bool:
    return any(look(other, named) is Found.VERIFIED for other in _others(stores, store))


def _made(stores: Sequence[Store], store: Store, named: Named) -> Outcome | None:
    """The copy put, and of which store it is, hashed on the way; whoever counts on it reads it back.

    None when no store has the object; UnavailableError when none has it and one that might did not answer.
    """
    silent: UnavailableError | None = None
    for other in _others(stores, store):
        source, is_fresh = _Source(other, named), False
        try:
            with suppress(ConflictError):  # somebody put something there meanwhile: what it is, is looked at afterwards
                is_fresh = checked(store.blobs).put_unread(named.place.blob_name, source.pieces())
        except (NotFoundError, _OtherBytesError):
            continue
        except UnavailableError as error:
            if not source.is_at_fault:
                raise
            silent = error
            continue
        return Outcome(Found.MISSING, Ensured.MADE, other.name, is_fresh)
    if silent is not None:
        raise silent
    return None


def _others(stores: Sequence[Store], store: Store) -> list[Store]:
    return [other for other in stores if other.name != store.name]


class _OtherBytesError(IntegrityError):
    """A source returned other bytes than the ledger names: nothing of them is kept."""


class _Source:
    """The object's bytes as a store has them; the last piece is given out only when all of them have the right digest."""

    def __init__(self, store: Store, named: Named) -> None:
        self._store, self._named = store, named
        self.is_at_fault = False

    def pieces(self) -> Iterator[bytes]:
        """NotFoundError where the store has none, _OtherBytesError where it has others."""
        digest, left = hashlib.sha256(), self._named.bytes
        self.is_at_fault = True
        for piece in _pieces(self._store, self._named):
            digest.update(piece)
            left -= len(piece)
            if left == 0 and digest.hexdigest() != self._named.digest:
                raise _OtherBytesError("a copy is not what the ledger names: the next scrub of its store mends it")
            self.is_at_fault = False
            yield piece
            self.is_at_fault = True
        self.is_at_fault = False


def _pieces(store: Store, named: Named, start: int = 0) -> Iterator[bytes]:
    blobs = checked(store.blobs)
    for at in range(start, named.bytes, PIECE_BYTES):
        yield _piece(blobs, named, at)


def _piece(blobs: CheckedBlobs, named: Named, start: int) -> bytes:
    try:
        return blobs.get_exactly(named.place.blob_name, start, min(PIECE_BYTES, named.bytes - start))
    except IntegrityError as error:
        raise _OtherBytesError("a copy is shorter than the ledger names: the next scrub of its store mends it") from error
