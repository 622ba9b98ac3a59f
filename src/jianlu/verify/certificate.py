"""Verifies one certificate of destruction: `specs/custody.md`, its section on certificates, in its order. Nothing it says is believed.

That two people started it, that no hold stood and every term had ended by then, and that it was completed, follows from the ledger's
entries alone; the ledger from its signed checkpoint; when all this stood there, from the tokens over its anchors, checked as those of a
package. That the keys are gone from every copy, nobody can see from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.certificate import (
    COMPLETED_FORMAT,
    PART_COMPLETED_FORMAT,
    PART_STARTED_FORMAT,
    STARTED_FORMAT,
    Certificate,
    OpenedDocument,
    parse_certificate,
)
from jianlu.core.formats.checkpoint import Checkpoint, verify_checkpoint
from jianlu.core.formats.custody import Refusal, kept_of, refusal_of
from jianlu.core.formats.event import Event, check_chain, parse_event
from jianlu.core.formats.package import ANCHORS_PREFIX
from jianlu.core.formats.proof import leaf_hash, verify_consistency, verify_inclusion
from jianlu.core.formats.statement import statement_of
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.verify._problem import problem_at
from jianlu.verify.anchors import Held, Vouched, check_files
from jianlu.verify.model import EXIT_COMPLETE, EXIT_NOT_INTACT, Problem, Stamped
from jianlu.verify.objects import read_parts
from jianlu.verify.problems import Code
from jianlu.verify.trust import SavedCheckpoint, Trust

_OF_REFUSAL = {Refusal.HOLD: Code.DESTROYED_HELD, Refusal.RETENTION: Code.DESTROYED_EARLY, Refusal.OPEN: Code.CASE_NOT_CLOSED}


@dataclass(slots=True)
class CertificateResult:
    """The whole answer. `said` is what the sealed documents of the destruction say, empty when anything is wrong.

    `stamps` are the tokens that hold, as of a package; one covers when the completed destruction lies under it.
    """

    problems: list[Problem] = field(default_factory=list)
    version: int = 0
    tenant: str = ""
    case: str = ""
    part: str = ""
    ledger: str = ""
    is_trusted: bool = False
    saved_checkpoint: str = "not given"
    until: str = ""
    clause: str = ""
    started_at: str = ""
    completed_at: str = ""
    objects: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    stamps: tuple[Stamped, ...] = ()

    @property
    def attested(self) -> tuple[Stamped, ...]:
        """The tokens of authorities of the trust file that cover the completed destruction; without any, its time is not evidenced."""
        return tuple(stamp for stamp in self.stamps if stamp.covers_case and stamp.is_checked) if self.is_intact else ()

    @property
    def is_intact(self) -> bool:
        """Everything that it says follows from the ledger."""
        return bool(self.case) and not self.problems

    @property
    def exit_code(self) -> int:
        """0 when it holds, 90 when it does not."""
        return EXIT_COMPLETE if self.is_intact else EXIT_NOT_INTACT

    def as_document(self) -> dict[str, Any]:
        """The result as JSON values: the contract of `verify --json` for a certificate."""
        return {
            "certificate": "destruction",
            "version": self.version,
            "intact": self.is_intact,
            "tenant": self.tenant,
            "case": self.case,
            "part": self.part,
            "until": self.until,
            "clause": self.clause,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "objects": self.objects,
            "said": self.said,
            "stamps": [stamp.as_document() for stamp in self.stamps],
            "time_evidenced": bool(self.attested),
            "problems": [{"what": each.what, "detail": each.detail} for each in self.problems],
            "signer": {"ledger": self.ledger, "trusted": self.is_trusted, "saved_checkpoint": self.saved_checkpoint},
        }


def check_certificate(content: bytes, *, trust: Trust | None = None, saved: SavedCheckpoint | None = None) -> CertificateResult:
    """The answer for the certificate `content`; raises nothing: whatever is wrong with it is a problem in the result."""
    result = CertificateResult()
    try:
        certificate = parse_certificate(content)
    except InvalidError as error:
        result.problems.append(problem_at(Code.CERTIFICATE, detail=str(error)))
        return result
    result.version = certificate.version
    result.tenant, result.case, result.part, result.ledger = (
        certificate.tenant,
        certificate.case,
        certificate.part,
        certificate.key.text,
    )
    result.is_trusted = trust is not None and certificate.key.text in {key.text for key in trust.ledgers}
    if trust is not None and not result.is_trusted:
        result.problems.append(problem_at(Code.SIGNER, detail=certificate.key.name))
    try:
        checkpoint = verify_checkpoint(certificate.checkpoint, [certificate.key], origin=certificate.key.name)
    except JianluError as error:
        result.problems.append(problem_at(Code.CHECKPOINT, detail=str(error)))
        return result
    unlinked = list(_saved(saved, certificate, checkpoint))
    result.problems += unlinked
    if saved is not None:
        result.saved_checkpoint = "not consistent" if unlinked else "consistent"
    case = _chain(certificate.case_events, certificate, result)
    custody = _chain([each.entry for each in certificate.custody_events], certificate, result)
    result.problems += _places(certificate, checkpoint)
    result.problems += _anchors(certificate, checkpoint, trust, result)
    if not result.problems:
        result.problems += _lawful(certificate, case, custody, result)
    if result.problems:
        result.said = {}
    return result


def write_anchors(content: bytes, folder: Path) -> None:
    """The anchors of the certificate `content` as files below `folder`, where a package has them: for whoever asks openssl.

    InvalidError for what is no certificate, UnavailableError when a file cannot be written. Nothing is checked.
    """
    for name, file in parse_certificate(content).anchors.items():
        path = folder / ANCHORS_PREFIX / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be written ({error.strerror}): name another folder") from error


def _saved(saved: SavedCheckpoint | None, certificate: Certificate, checkpoint: Checkpoint) -> Iterable[Problem]:
    """Against a checkpoint that the caller kept: of the same size it must be the same, of another the appended proof decides."""
    if saved is None:
        return
    try:
        kept = saved.verified(certificate.key)
        if kept.size == checkpoint.size and kept.root != checkpoint.root:
            raise IntegrityError("two checkpoints of one size have two roots")
        is_linked = kept.size == checkpoint.size or (kept.size > checkpoint.size and saved.check_extends(checkpoint, kept))
    except JianluError as error:
        yield problem_at(Code.CHECKPOINT_FORKED, detail=str(error))
        return
    if not is_linked:
        yield problem_at(Code.CHECKPOINT_UNPROVEN, detail=f"append the proof from {checkpoint.size} to a newer checkpoint")


def _chain(entries: Sequence[bytes], certificate: Certificate, result: CertificateResult) -> list[Event]:
    """The events, when they are one whole chain of this tenant from its beginning; problems otherwise."""
    try:
        events = [parse_event(entry) for entry in entries]
    except InvalidError as error:
        result.problems.append(problem_at(Code.EVENTS_MALFORMED, detail=str(error)))
        return []
    try:
        if not events or any(event.tenant != certificate.tenant for event in events):
            raise IntegrityError("the events are of another institution, or none")
        check_chain(events)
    except IntegrityError as error:
        result.problems.append(problem_at(Code.EVENTS_BROKEN, detail=str(error)))
    return events


def _places(certificate: Certificate, checkpoint: Checkpoint) -> Iterable[Problem]:
    """Each event of custody, and the case's last, is in the ledger that the checkpoint states, in this order."""
    closed = certificate.case_closed
    if not certificate.case_events or closed.entry != certificate.case_events[-1]:
        yield problem_at(Code.EVENTS_BROKEN, detail="the proof is not for the case's last event")
    for each in (closed, *certificate.custody_events):
        try:
            verify_inclusion(leaf_hash(each.entry), each.index, checkpoint.size, each.hashes, checkpoint.root)
        except JianluError as error:
            yield problem_at(Code.EVENT_NOT_LOGGED, detail=str(error))
    indices = [each.index for each in certificate.custody_events]
    if indices != sorted(set(indices)) or (indices and _started_index(certificate) < closed.index):
        yield problem_at(Code.EVENTS_BROKEN, detail="the events are not in the order of the ledger")


@dataclass(frozen=True, slots=True)
class _Carried:
    """The certificate's anchors as `AnchorFiles`: under the names that they have in a package."""

    files: Mapping[str, bytes]

    @property
    def entries(self) -> Iterable[str]:
        return [f"{ANCHORS_PREFIX}{name}" for name in self.files]

    def document(self, name: str, bytes_max: int, /) -> bytes:
        content = self.files.get(name.removeprefix(ANCHORS_PREFIX))
        if content is None or len(content) > bytes_max:
            raise InvalidError(f"the certificate has no {name}, or one of more than {bytes_max} bytes")
        return content


def _anchors(
    certificate: Certificate, checkpoint: Checkpoint, trust: Trust | None, result: CertificateResult
) -> Iterable[Problem]:
    """The tokens, as those of a package; each anchor's history is proved by hashes, since a certificate has no tiles."""

    def check_earlier(earlier: Checkpoint) -> None:
        hashes = certificate.consistency[earlier.size]
        verify_consistency(earlier.size, checkpoint.size, earlier.root, checkpoint.root, hashes)

    completed = certificate.custody_events[-1].index if certificate.custody_events else None
    found = Vouched()
    yield from check_files(
        _Carried(certificate.anchors), Held(certificate.key, checkpoint, completed, check_earlier), trust, found
    )
    result.stamps = tuple(found.stamps)


def _started_index(certificate: Certificate) -> int:
    kind = EventType.PART_DESTRUCTION_STARTED if certificate.part else EventType.DESTRUCTION_STARTED
    marks = [f'"type":"{kind.value}"'.encode(), *([f'"part":"{certificate.part}"'.encode()] if certificate.part else [])]
    return next((each.index for each in certificate.custody_events if all(mark in each.entry for mark in marks)), -1)


def _lawful(certificate: Certificate, case: list[Event], custody: list[Event], result: CertificateResult) -> Iterable[Problem]:
    """Who destroyed might, and did; fills the result with what was found."""
    part = certificate.part
    found = _started_and_completed(custody, part)
    if found is None:
        yield problem_at(Code.NOT_DESTROYED, detail="the custody chain does not end with one destruction, started and completed")
        return
    started, completed = found
    is_its = all(event.body.get("of") == certificate.case for event in custody) and case[0].case == certificate.case
    if not is_its or completed.body.get("started") != started.digest or case[-1].body.get("events") != len(case):
        yield problem_at(Code.NOT_DESTROYED, detail="the events are not of the case that the certificate names")
        return
    yield from _over(case, custody[: started.n], started, result.stamps, part)
    result.until, result.clause = str(started.body.get("until", "")), str(started.body.get("clause", ""))
    result.started_at, result.completed_at = started.at, completed.at
    parts, malformed = read_parts(case)
    result.objects = sum(not part or kind_of(each.object) == part for each in parts)
    if malformed or completed.body.get("objects") != result.objects:
        yield problem_at(Code.NOT_DESTROYED, detail="it was not looked for as many objects as the case's events name")
    try:
        first = _opened(certificate, started, PART_STARTED_FORMAT if part else STARTED_FORMAT)
        last = _opened(certificate, completed, PART_COMPLETED_FORMAT if part else COMPLETED_FORMAT)
    except JianluError as error:
        yield problem_at(Code.COMMITMENT, detail=str(error))
        return
    if first.get("by") == first.get("second") or not first.get("second"):
        yield problem_at(Code.NOT_DESTROYED, detail="one person asked and approved")
    stated, problems = _stated(certificate, custody)
    yield from problems
    places = last.get("places")
    if not isinstance(places, list) or not places or any(not isinstance(each, dict) or each.get("left") != 0 for each in places):
        yield problem_at(Code.NOT_DESTROYED, detail="something was left somewhere")
    result.said = {"started": first, "completed": last, "stated": stated}


def _started_and_completed(custody: Sequence[Event], part: str) -> tuple[Event, Event] | None:
    """The last two events, the one destruction of the whole; of a part the last and the one that it names, with what may come between."""
    kinds = [event.type for event in custody]
    if not part:
        is_one = kinds.count(EventType.DESTRUCTION_STARTED) == 1
        is_last = kinds[-2:] == [EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED]
        return (custody[-2], custody[-1]) if is_one and is_last else None
    began, done = (
        [event for event in custody if event.type is kind and event.body.get("part") == part]
        for kind in (EventType.PART_DESTRUCTION_STARTED, EventType.PART_DESTRUCTION_COMPLETED)
    )
    is_open = EventType.DESTRUCTION_STARTED not in kinds
    return (began[0], done[0]) if len(began) == len(done) == 1 and custody[-1] is done[0] and is_open else None


def _over(
    case: Sequence[Event], custody: Sequence[Event], started: Event, stamps: Sequence[Stamped], part: str
) -> Iterable[Problem]:
    """No hold stood, and every term had ended, those by the days that were stated; and the start says which governed.

    The institution's clock says when it started; an authority whose token covers the end says until when it was done. The earlier counts.
    """
    try:
        clock = parse_instant(started.at)
        at, whose = min(
            [(clock, "clock"), *((each.at, each.authority) for each in stamps if each.covers_case and each.is_checked)]
        )
        refusal = refusal_of(case, custody, at, part=part)
        kept = kept_of([*case, *custody], part)
    except InvalidError as error:
        yield problem_at(Code.EVENTS_MALFORMED, detail=str(error))
        return
    if refusal is not None:
        yield problem_at(_OF_REFUSAL[refusal], detail=f"as it stood at {instant_text(at)}, by {whose}")
    elif kept is None or started.body.get("until") != kept.until:
        yield problem_at(Code.NOT_DESTROYED, detail="the start of the destruction names another end than its terms have")


def _stated(certificate: Certificate, custody: Sequence[Event]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """What was sealed with each stated day, opened: it says the day of its event, and two people."""
    said, problems = list[dict[str, Any]](), list[Problem]()
    for event in custody:
        if event.type is EventType.TRIGGER_STATED:
            try:
                content = _content(certificate.documents, event)
                said.append({"n": event.n, **asdict(statement_of(content, event))})
            except JianluError as error:
                problems.append(problem_at(Code.COMMITMENT, detail=str(error)))
    return said, problems


def _opened(certificate: Certificate, event: Event, form: str) -> dict[str, Any]:
    fields = parse_canonical(_content(certificate.documents, event))
    if not isinstance(fields, dict) or (fields.get("format"), fields.get("case")) != (form, certificate.case):
        raise IntegrityError(f"what was sealed with event {event.n} of the custody is about something else")
    if fields.get("part", "") != certificate.part:
        raise IntegrityError(f"what was sealed with event {event.n} of the custody is about something else")
    return fields


def _content(documents: Sequence[OpenedDocument], event: Event) -> bytes:
    found = next((each for each in documents if each.n == event.n), None)
    commitment = event.body.get("commit")
    if found is None or not isinstance(commitment, str) or not opens(commitment, digest_of(found.content), found.salt):
        raise IntegrityError(f"what was sealed with event {event.n} of the custody is not what the certificate shows")
    return found.content
