"""Checks the sealed objects and what they were before sealing: digests, commitments, the recording. `specs/package.md` 4.3, 4.4.

Nothing is decrypted: digests of the sealed bytes and salted commitments to the plain ones are compared with the events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError, JianluError
from jianlu.core.formats.credentials import credentials_place
from jianlu.core.formats.event import Event
from jianlu.core.formats.package import (
    DOCUMENTS_PREFIX,
    MEDIA,
    OPENINGS,
    PLAN,
    SEALED_PREFIX,
    VERDICTS,
    findings_path,
    parse_openings,
    sealed_path,
)
from jianlu.core.limits import CASE_EVENTS_MAX, DOCUMENT_BYTES_MAX
from jianlu.core.terms.digests import is_digest, opens
from jianlu.core.terms.events import EventType
from jianlu.verify._archive import Archive, Measured
from jianlu.verify._problem import NOWHERE, problem_at
from jianlu.verify.model import Problem, Where
from jianlu.verify.problems import Code

_NESTED = ("init", "rules", "content", "particulars")
"""Fields of an event's body that are object parts themselves."""

_PART_FIELDS = {"object": str, "version": int, "sealed": str, "bytes": int, "plain_bytes": int, "commit": str}


@dataclass(frozen=True, slots=True)
class Part:
    """A sealed object as an event describes it; `label` names its salt, `segment` is its number when it is a media segment."""

    object: str
    version: int
    sealed: str
    sealed_bytes: int
    plain_bytes: int
    commit: str
    label: str
    event: Event

    @property
    def path(self) -> str:
        """Its entry in the package."""
        return sealed_path(self.object, self.version)

    @property
    def place(self) -> Where:
        """Segment number and times when it is a media segment."""
        body = self.event.body
        if self.event.type is not EventType.SEGMENT_SEALED:
            return NOWHERE
        return Where(body["no"], body["from_ms"], body["to_ms"])


def read_parts(events: Sequence[Event]) -> tuple[list[Part], list[Problem]]:
    """Every object part of the case, in event order; malformed ones as problems."""
    parts: list[Part] = []
    problems: list[Problem] = []
    for event in events:
        try:
            if event.type is EventType.SEGMENT_SEALED and not all(
                _is_whole(event.body.get(key)) for key in ("no", "from_ms", "to_ms")
            ):
                raise InvalidError("a segment without number or times")
            if "object" in event.body:
                parts.append(_part(event, event.body, f"{event.n}/commit"))
            for field in _NESTED:
                if field in event.body:
                    parts.append(_part(event, event.body[field], f"{event.n}/{field}.commit"))
        except InvalidError as error:
            problems.append(problem_at(Code.EVENTS_MALFORMED, detail=f"event {event.n}: {error}"))
    return parts, problems


def check_sealed(archive: Archive, parts: Sequence[Part], measured: Mapping[str, Measured]) -> Iterator[Problem]:
    """Each object is there with its digest, none is there that no event names, segments are numbered and timed without a hole."""
    named = set()
    digests = {part.sealed: part for part in parts}
    for part in parts:
        is_segment = part.event.type is EventType.SEGMENT_SEALED
        if part.path in named:
            yield problem_at(
                Code.SEGMENTS_OUT_OF_ORDER, path=part.path, place=part.place, detail="one object is named by two events"
            )
        named.add(part.path)
        real = measured.get(part.path)
        if real is None:
            yield problem_at(Code.SEGMENT_MISSING if is_segment else Code.OBJECT_MISSING, path=part.path, place=part.place)
        elif real.sha256 != part.sealed or archive.entries[part.path].size != part.sealed_bytes:
            other = digests.get(real.sha256)
            detail = f"it holds what belongs at {other.path}" if other is not None else ""
            yield problem_at(
                Code.SEGMENT_ALTERED if is_segment else Code.OBJECT_ALTERED, path=part.path, place=part.place, detail=detail
            )
    for name in archive.entries:
        if name.startswith(SEALED_PREFIX) and name not in named:
            yield problem_at(Code.OBJECT_EXTRA, path=name)


def check_recording(archive: Archive, parts: Sequence[Part], salts: Mapping[str, bytes]) -> Iterator[Problem]:
    """The playable recording is the init segment and all media segments, in order, to the last byte.

    A box of content credentials behind its `ftyp` is taken out first; what it says is not judged here.
    """
    pieces = [part for part in parts if part.label.endswith("init.commit") or part.event.type is EventType.SEGMENT_SEALED]
    entry = archive.entries.get(MEDIA)
    if entry is None:
        return
    box, boxed = _credentials(archive, sum(part.plain_bytes for part in pieces))
    fitting, at = [], boxed
    for part in pieces:
        at += part.plain_bytes
        if at <= entry.size:
            fitting.append(part)
    if at != entry.size:
        last = pieces[len(fitting) - 1].place if fitting else NOWHERE
        yield problem_at(Code.MEDIA_LENGTH, path=MEDIA, from_ms=last.to_ms, detail=f"{entry.size} bytes, the ledger says {at}")
    for part, digest in zip(fitting, _digests(archive, fitting, box, boxed), strict=True):
        salt = salts.get(part.label)
        if salt is None or not opens(part.commit, digest, salt):
            yield problem_at(Code.MEDIA_ALTERED, path=MEDIA, place=part.place)
    for part in pieces[len(fitting) :]:
        yield problem_at(Code.SEGMENT_MISSING, path=MEDIA, place=part.place)


def _credentials(archive: Archive, expected: int) -> tuple[int, int]:
    """Where the box of content credentials is, and its length: 0 where the recording has its length without one, or the box cannot be."""
    if archive.entries[MEDIA].size == expected:
        return 0, 0
    try:
        return credentials_place(lambda at, length: archive.piece(MEDIA, at, length))
    except InvalidError:
        return 0, 0


def _digests(archive: Archive, fitting: Sequence[Part], box: int, boxed: int) -> Iterator[str]:
    """Digests of the pieces as they were before a box of `boxed` bytes was put into the first of them, at `box`."""
    lengths = [part.plain_bytes for part in fitting]
    if not boxed or not lengths or not box <= lengths[0] <= DOCUMENT_BYTES_MAX:
        yield from archive.digest_ranges(MEDIA, lengths)
        return
    init = archive.piece(MEDIA, 0, box) + archive.piece(MEDIA, box + boxed, lengths[0] - box)
    yield hashlib.sha256(init).hexdigest()
    yield from archive.digest_ranges(MEDIA, lengths[1:], lengths[0] + boxed)


def check_documents(parts: Sequence[Part], salts: Mapping[str, bytes], measured: Mapping[str, Measured]) -> Iterator[Problem]:
    """Plan, findings, verdicts and other documents are what their events committed to."""
    for part in parts:
        path = document_path(part)
        if path is None:
            continue
        real, salt = measured.get(path), salts.get(part.label)
        if real is None:
            yield problem_at(Code.ENTRY_MISSING, path=path)
        elif salt is None or not opens(part.commit, real.sha256, salt):
            yield problem_at(Code.COMMITMENT, path=path)
    findings = {document_path(part) for part in parts}
    for path in measured:
        if path.startswith(("findings/", DOCUMENTS_PREFIX)) and path not in findings:
            yield problem_at(Code.OBJECT_EXTRA, path=path, detail="no event names this document")


def read_salts(archive: Archive) -> tuple[dict[str, bytes], list[Problem]]:
    """The salts of the package, or the problem with them."""
    try:
        return parse_openings(archive.document(OPENINGS)), []
    except JianluError as error:
        return {}, [problem_at(Code.DOCUMENT, path=OPENINGS, detail=str(error))]


def document_path(part: Part) -> str | None:
    """The entry that holds `part` opened.

    None for media, for the packs, whose files the plan names by digest, and for a live session's particulars, which name people.
    """
    if part.event.type is EventType.SCRIPT_FROZEN and part.label.endswith("/content.commit"):
        return f"{DOCUMENTS_PREFIX}{part.object}"
    if not part.label.endswith("/commit"):
        return None
    match part.event.type:
        case EventType.PLAN_FROZEN:
            return PLAN
        case EventType.VERDICTS_JUDGED:
            return VERDICTS
        case EventType.FINDINGS_RECORDED:
            inspector = part.event.body.get("inspector")
            return findings_path(inspector) if isinstance(inspector, str) else None
        case EventType.RECORDING_STARTED | EventType.SEGMENT_SEALED | EventType.SEGMENT_MIRRORED:
            return None  # media: in session.mp4, or a second recorder's, which are carried sealed
        case _:
            return f"{DOCUMENTS_PREFIX}{part.object}"


def _part(event: Event, fields: Any, label: str) -> Part:
    if not isinstance(fields, dict):
        raise InvalidError("an object part is not an object")
    for name, form in _PART_FIELDS.items():
        if not isinstance(fields.get(name), form) or isinstance(fields.get(name), bool):
            raise InvalidError(f"an object part lacks {name}")
    if not is_digest(fields["sealed"]) or not is_digest(fields["commit"]):
        raise InvalidError("an object part has a malformed digest")
    if min(fields["bytes"], fields["plain_bytes"], fields["version"]) < 0 or event.n > CASE_EVENTS_MAX:
        raise InvalidError("an object part has a negative size")
    return Part(
        object=fields["object"],
        version=fields["version"],
        sealed=fields["sealed"],
        sealed_bytes=fields["bytes"],
        plain_bytes=fields["plain_bytes"],
        commit=fields["commit"],
        label=label,
        event=event,
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
