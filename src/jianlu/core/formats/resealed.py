"""Objects that were sealed anew (`specs/resealed.md`, version 1), pure: what an event says, and the form in which each object is now.

They are folds over the events of one unit's reseal chain, so that the vault, which obeys them, and a stranger's verifier share them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import is_digest
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, ObjectId, case_ref, object_id
from jianlu.core.terms.suites import Suite

Form = tuple[ObjectId, int, int]
"""Object, version, and number: 0 as it was sealed first, then ascending, with gaps where a try was given up."""

_SUITES = {suite.value: suite for suite in Suite}


@dataclass(frozen=True, slots=True)
class Resealed:
    """That a form of an object of the unit `of` was sealed anew, as `form`, from suite `before` to `after`.

    `was` and `sealed` are the digests of the sealed bytes before and after, `bytes` the number of either. `commit` is the commitment to the
    plaintext that the event of digest `event` made, which named the object first: the new form was opened and agreed with it.
    """

    of: CaseRef
    object: ObjectId
    version: int
    form: int
    was: str
    sealed: str
    bytes: int
    before: Suite
    after: Suite
    commit: str
    event: str
    within: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """The body of its event."""
        return {
            "of": self.of,
            "object": self.object,
            "version": self.version,
            "form": self.form,
            "was": self.was,
            "sealed": self.sealed,
            "bytes": self.bytes,
            "from": self.before.value,
            "to": self.after.value,
            "commit": self.commit,
            "event": self.event,
            **({"within": self.within} if self.within else {}),
        }


@dataclass(slots=True)
class Forms:
    """What a reseal chain says: every form in order, the newest of each object, the forms that were replaced, are gone or about to go."""

    all: list[Resealed] = field(default_factory=list)
    newest: dict[tuple[str, int], Resealed] = field(default_factory=dict)
    replaced: list[Form] = field(default_factory=list)
    gone: set[Form] = field(default_factory=set)
    going: set[Form] = field(default_factory=set)

    @property
    def former(self) -> list[Form]:
        """Every form that another replaced and that is not gone, in the order in which they were replaced."""
        return [form for form in self.replaced if form not in self.gone]

    def is_gone(self, form: Form) -> bool:
        """Whether the ledger says that this form was removed, or is being removed."""
        return form in self.gone or form in self.going

    def form_of(self, object: ObjectId, version: int) -> int:
        """The number of the object's newest form."""
        found = self.newest.get((object, version))
        return 0 if found is None else found.form


def resealed_of(event: Event) -> Resealed:
    """What an event `vault:object:resealed` says; InvalidError when it is another kind, or a field is missing or malformed."""
    body = event.body
    counts = [body.get(name) for name in ("version", "form", "bytes")]
    if event.type is not EventType.OBJECT_RESEALED or not all(_is_positive(count) for count in counts):
        raise InvalidError("an event says of no object, version and form that it was sealed anew")
    if not all(is_digest(body.get(name)) for name in ("was", "sealed", "commit", "event")):
        raise InvalidError("an event of an object that was sealed anew lacks a digest")
    suites = [_SUITES.get(str(body.get(name))) for name in ("from", "to")]
    within = body.get("within", "")
    if (
        None in suites
        or suites[0] is suites[1]
        or not all(isinstance(text, str) for text in (body.get("of"), body.get("object"), within))
    ):
        raise InvalidError("an event of an object that was sealed anew names no unit, object or two suites that are known")
    return Resealed(
        of=case_ref(body["of"]),
        object=object_id(body["object"]),
        version=body["version"],
        form=body["form"],
        was=body["was"],
        sealed=body["sealed"],
        bytes=body["bytes"],
        before=_SUITES[body["from"]],
        after=_SUITES[body["to"]],
        commit=body["commit"],
        event=body["event"],
        within=within,
    )


def fold_forms(events: Iterable[Event], unit: str) -> Forms:
    """What the events of the reseal chain of `unit` say, in their order.

    A removal takes every form that was replaced before it began, and no other; one that is followed by `vault:formers:retained` was called
    off before anything went. IntegrityError when an event is of another unit, or a form does not follow the one that it replaces.
    """
    forms = Forms()
    for event in events:
        if event.body.get("of") != unit:
            raise IntegrityError("an event of a reseal chain is about another unit: run `jianlu ledger fsck`")
        match event.type:
            case EventType.OBJECT_RESEALED:
                _take(forms, event)
            case EventType.REMOVAL_STARTED:
                forms.going = set(forms.former)
            case EventType.REMOVAL_COMPLETED:
                forms.gone |= forms.going
                forms.going = set()
            case EventType.FORMERS_RETAINED:
                forms.going = set()
            case _:
                raise IntegrityError("a reseal chain has an event that does not belong there: run `jianlu ledger fsck`")
    return forms


def _take(forms: Forms, event: Event) -> None:
    try:
        found = resealed_of(event)
    except InvalidError as error:
        raise IntegrityError(f"event {event.n} of a reseal chain is malformed ({error}): run `jianlu ledger fsck`") from error
    before = forms.newest.get((found.object, found.version))
    if before is not None and (found.form <= before.form or (found.was, found.before) != (before.sealed, before.after)):
        raise IntegrityError(
            f"event {event.n} of a reseal chain does not follow the form that it replaces: run `jianlu ledger fsck`"
        )
    forms.all.append(found)
    forms.replaced.append((found.object, found.version, before.form if before else 0))
    forms.newest[found.object, found.version] = found


def _is_positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
