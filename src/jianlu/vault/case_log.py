"""The case log: one case's events and sealed objects, in the order in which they were recorded.

An object is durable before the event that names it, and the event before the call returns; so an event without its object cannot
exist, and an object without an event is an orphan (`_orphans.py`) that the next try passes over. Opening reads the case back from
the ledger, so that a crashed session goes on where it was. One writer a case; several threads of it may append.

A log whose append was refused, or ended in an unknown way, does not know its case any more: it writes nothing from then on and is
opened anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.core.formats.event import FIRST_PREV, Event, check_chain, make_event
from jianlu.core.formats.plan import Handling, Plan, parse_plan, plan_bytes
from jianlu.core.formats.resealed import Forms
from jianlu.core.limits import SEGMENT_PLAIN_BYTES_MAX
from jianlu.core.terms.digests import commitment_to, digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import CaseRef, TenantId, case_ref, object_id, tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.vault._orphans import Orphans
from jianlu.vault.case_events import find_events, read_at
from jianlu.vault.handling import label_of, require_keepable
from jianlu.vault.index import catch_up, enter_events, indexed_events, parse_entry
from jianlu.vault.keys import PartDestroyedError, UnitKey, create_unit_key, is_part_shredded, is_shredded, open_unit_key
from jianlu.vault.model import PART_NAMES, Draft, ObjectPart, Place, Plaintext, object_parts, part_body
from jianlu.vault.open import open_range, open_stream, open_whole
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reseals import read_forms
from jianlu.vault.seal import seal
from jianlu.vault.shred import Shredded, is_given_up, shred_unit

_T = TypeVar("_T")


def open_case_log(using: VaultPorts, tenant: str, case: str) -> CaseLog:
    """The log of a case, with every event that the ledger acknowledged; an unknown case has none yet.

    Events come from the ledger; the index only says where to look, and where it is missing, behind or wrong the whole ledger is read.
    InvalidError for malformed names; IntegrityError when the case's events are not one chain, and when the index has seen more entries
    than the ledger has: a ledger that was rolled back must not be written on.
    """
    checked_tenant, checked_case = tenant_id(tenant), case_ref(case)
    recorded = find_events(using, checked_tenant, checked_case)
    check_chain([event for _, event in recorded])
    return CaseLog(using, checked_tenant, checked_case, recorded)


class CaseLog:
    """One case; made by `open_case_log`. Its shred unit is the case."""

    def __init__(self, using: VaultPorts, tenant: TenantId, case: CaseRef, recorded: Sequence[tuple[int, Event]]) -> None:
        self.tenant = tenant
        self.case = case
        self._using = using
        self._positions = [position for position, _ in recorded]
        self._events = [event for _, event in recorded]
        self._parts = {(part.object, part.version): (event, part) for event in self._events for part in object_parts(event)}
        self._unit_key: UnitKey | None = None
        self._forms = Forms()
        self._handling: tuple[Handling, ...] | None = None
        self._orphans = Orphans(using, tenant, case, self._parts)
        self._stale: type[JianluError] | None = None
        self._lock = threading.RLock()

    @property
    def events(self) -> tuple[Event, ...]:
        """The case's events 0, 1, 2, ..., all durable."""
        return tuple(self._events)

    @property
    def next_n(self) -> int:
        """The number that the next event will have; the first half of its salts' labels."""
        return len(self._events)

    @property
    def is_stale(self) -> bool:
        """Whether nothing can be written by this log any more: its last append was refused, or may be in the ledger all the same."""
        return self._stale is not None

    def position_of(self, n: int) -> int:
        """Ledger position of the case's event `n`; NotFoundError if there is none."""
        if not 0 <= n < len(self._positions):
            raise NotFoundError("the case has no event of that number")
        return self._positions[n]

    def read_on(self) -> None:
        """Take in what the case's writer appended since, as far as it is indexed: for a reader beside the one who writes.

        IntegrityError when it is not the continuation of what was read.
        """
        with self._lock:
            known = self.next_n
            positions = [row.position for row in indexed_events(self._using, self.tenant, self.case)][known:]
            fresh = [(position, parse_entry(entry, position)) for position, entry in read_at(self._using, positions)]
            fresh = [(position, event) for position, event in fresh if event.case == self.case and event.tenant == self.tenant]
            check_chain([*self._events, *(event for _, event in fresh)])
            for position, event in fresh:
                self._positions.append(position)
                self._events.append(event)
                self._parts.update({(part.object, part.version): (event, part) for part in object_parts(event)})

    def append(self, type: EventType, body: Mapping[str, Any], *, commits: Mapping[str, str] | None = None) -> Event:
        """Record an event; it is in the ledger, durable, when this returns.

        `commits` adds commitments to the body: field to the SHA-256 of the content that it commits to.
        InvalidError when the body is not one (nothing is recorded); UnavailableError or IntegrityError when the ledger fails, ConflictError
        when another writer was first: from then on this log is stale and raises the same for everything that writes. Open the case's log
        again to see what was recorded. A failing index does not stop the record: the index catches up later.
        """
        with self._lock:
            self._require_current()
            if commits:
                body = {**body, **{field: self.commit_to(digest, field) for field, digest in commits.items()}}
            prev = self._events[-1].digest if self._events else FIRST_PREV
            at = instant_text(self._using.clock.now())
            event = make_event(type, tenant=self.tenant, case=self.case, n=self.next_n, prev=prev, at=at, body=body)
            parts = list(object_parts(event))
            position = self._recorded(event.content)
            self._positions.append(position)
            self._events.append(event)
            self._parts.update({(part.object, part.version): (event, part) for part in parts})
            self._enter(position, event)
            self._orphans.clear()
            return event

    def seal_and_append(
        self,
        type: EventType,
        object: str,
        plaintext: Plaintext,
        body: Mapping[str, Any],
        *,
        part: str = "",
        commits: Mapping[str, str] | None = None,
    ) -> Event:
        """Seal `plaintext` as the object's next version and record the event that names it: object durable, then event durable.

        The object part joins `body` itself or, with `part`, becomes that field of it. ConflictError when the case was shredded,
        InvalidError where `body` has a field of the part that joins it; otherwise as `append`.
        """
        if not part and (twice := PART_NAMES & body.keys()):
            raise InvalidError(
                f"{type.value} has {', '.join(sorted(twice))} of its own, as its object's part has: give the part a field"
            )
        with self._lock:
            sealed = self.seal_part(object, plaintext, part=part)
            return self.append(type, {**body, part: sealed} if part else {**body, **sealed}, commits=commits)

    def seal_part(self, object: str, plaintext: Plaintext, *, part: str = "") -> dict[str, Any]:
        """Seal `plaintext` and return the object part for the *next* event's body, to stand there as `part` (or joined with the body).

        For events that name several objects; the commitment holds only if that event is the next one appended. DeniedError, naming the
        clause, where the case's plan forbids to keep such an object in the store, or under its key.
        """
        with self._lock:
            self._require_current()
            label = label_of(object, self._handled(), using=self._using)
            place = self._orphans.vacant_place(object_id(object))
            sealed = seal(Draft(place, plaintext), using=self._using, unit_key=self._key())
            return part_body(sealed, self.commit_to(sealed.plain_digest, f"{part}.commit" if part else "commit"), label)

    def commit_to(self, content_digest: str, path: str) -> str:
        """The commitment, to stand at `path` of the *next* event's body, to content whose SHA-256 is `content_digest`."""
        with self._lock:
            return commitment_to(content_digest, self.salt(f"{self.next_n}/{path}"))

    def salt(self, label: str) -> bytes:
        """The salt of the commitment `label`, `<event n>/<field path>`; ConflictError when the case was shredded, its salts with it."""
        return self._key().salt(label)

    def part(self, object: str, version: int | None = None) -> ObjectPart:
        """What the events say of the object (its newest version); NotFoundError when they do not name it."""
        return self._found(object, version)[1]

    def open_object(self, object: str, version: int | None = None) -> bytes:
        """The whole plaintext of an object that the events name, newest version unless said.

        IntegrityError unless the stored bytes have the digest, and the plaintext opens the commitment, that the ledger has.
        """
        (event, part), using = self._found(object, version), self._using
        if part.plain_bytes > SEGMENT_PLAIN_BYTES_MAX:
            raise InvalidError(f"object {part.object} is larger than memory should hold: read it by `open_object_stream`")
        plaintext = self._opened(
            part, lambda place, digest, key: open_whole(place, using=using, unit_key=key, sealed_digest=digest)
        )
        if not opens(part.commitment, digest_of(plaintext), self.salt(f"{event.n}/{part.salt_label}")):
            raise IntegrityError(f"object {part.object} is not what event {event.n} committed to: restore it from a replica")
        return plaintext

    def open_object_stream(self, object: str, version: int | None = None) -> Iterator[bytes]:
        """As `open_object` in parts of 4 MiB, for objects larger than memory; the stored bytes' digest is checked at the end."""
        (_, part), using = self._found(object, version), self._using

        def begun(place: Place, digest: str, key: UnitKey) -> Iterator[bytes]:
            parts = open_stream(place, using=using, unit_key=key, sealed_digest=digest)
            return chain([next(parts)], parts)

        return self._opened(part, begun)

    def open_object_range(self, object: str, start: int, length: int | None = None, version: int | None = None) -> bytes:
        """Plaintext [start, start+length) of an object, only its chunks decrypted; errors as `vault.open.open_range`."""
        (_, part), using = self._found(object, version), self._using
        return self._opened(part, lambda place, _, key: open_range(place, start, length, using=using, unit_key=key))

    @property
    def is_shredded(self) -> bool:
        """Whether the case's keys were destroyed."""
        return is_shredded(self._using, self.tenant, self.case)

    @property
    def ended(self) -> frozenset[str]:
        """The parts of the case whose destruction began, whose objects nobody can open any more. Raises as `salt`."""
        return self._key().ended

    def abandon(self, reason: str) -> Shredded:
        """Record that the recording was abandoned, by a reason code, then destroy the case's keys and objects."""
        with self._lock:
            self.append(EventType.RECORDING_ABANDONED, {"reason": reason})
            return self.shred()

    def shred(self) -> Shredded:
        """Destroy the case's keys and objects (`vault.shred`); its events stay. Record why before."""
        with self._lock:
            self._unit_key = None
            return shred_unit(self._using, self.tenant, self.case)

    def freeze(self, plan: Plan, body: Mapping[str, Any]) -> Event:
        """Seal `plan` and record it as the one that governs the case; what is sealed from then on is handled as it says.

        Raises as `require_keepable`.
        """
        with self._lock:
            self.require_keepable(plan)
            handles = {"handles": len(plan.handling)} if plan.handling else {}
            return self.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {**body, **handles})

    def require_keepable(self, plan: Plan) -> None:
        """DeniedError, naming the clause, where something of a case with `plan` could not be kept here: it must not begin."""
        require_keepable(plan.handling, using=self._using)

    @property
    def handling(self) -> tuple[Handling, ...]:
        """As the case's plan has it handled; () before it is frozen, and for records that have no plan. Raises as `open_object`."""
        with self._lock:
            return self._handled()

    def _handled(self) -> tuple[Handling, ...]:
        if self._handling is None:
            frozen = self._events[0] if self._events else None
            if frozen is None:
                return ()
            says = frozen.type is EventType.PLAN_FROZEN and bool(frozen.body.get("handles"))
            self._handling = parse_plan(self.open_object("plan")).handling if says else ()
        return self._handling

    def _recorded(self, entry: bytes) -> int:
        """The entry's position; whatever else comes of it but a refusal of its form leaves open what the case's last event is."""
        try:
            return self._using.ledger.append(entry)
        except InvalidError:
            raise
        except BaseException as error:
            self._stale = type(error) if isinstance(error, JianluError) else UnavailableError
            raise

    def _require_current(self) -> None:
        if self._stale is not None:
            raise self._stale(
                "what was recorded last in this case is not known here: open the case's log again, look, then go on"
            )

    def _key(self) -> UnitKey:
        with self._lock:
            if self._unit_key is None:
                self._unit_key = self._open_key()
            return self._unit_key

    def _open_key(self) -> UnitKey:
        if self.is_shredded or is_given_up(event.type for event in self._events):
            raise ConflictError(
                "the case's keys were destroyed: what they sealed is gone; begin a new case under a new reference"
            )
        if self._parts:
            return open_unit_key(self._using, self.tenant, self.case)
        return create_unit_key(self._using, self.tenant, self.case)

    def _opened(self, part: ObjectPart, read: Callable[[Place, str, UnitKey], _T]) -> _T:
        """What `read` makes of the object in the form last known here; of a newer one when that one is gone."""
        key, known = self._key(), self._form(part)
        try:
            return read(*known, key)
        except NotFoundError:
            if is_part_shredded(self._using, self.tenant, self.case, kind_of(part.object)):
                raise PartDestroyedError(kind_of(part.object)) from None  # since the key was opened
            self._forms = read_forms(self._using, self.tenant, self.case)
            if self._form(part) == known:
                raise
        return read(*self._form(part), key)

    def _form(self, part: ObjectPart) -> tuple[Place, str]:
        newest = self._forms.newest.get((part.object, part.version))
        place = Place(self.tenant, self.case, part.object, part.version, newest.form if newest else 0)
        return place, newest.sealed if newest else part.sealed_digest

    def _found(self, object: str, version: int | None) -> tuple[Event, ObjectPart]:
        name = object_id(object)
        newest = max((number for each, number in self._parts if each == name), default=0)
        found = self._parts.get((name, newest if version is None else version))
        if found is None:
            raise NotFoundError(f"the case has no object {name}: no event names it")
        return found

    def _enter(self, position: int, event: Event) -> None:
        try:
            if not enter_events(self._using, [(position, event)]):
                catch_up(self._using)
        except (UnavailableError, IntegrityError):
            return  # evidence goes on without its index; `open_case_log` and `reindex` catch up
