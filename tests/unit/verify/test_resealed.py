"""The record of objects sealed anew, as a pure fold: what it says, and everything that it refuses (`specs/resealed.md`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.resealed import Forms, fold_forms, resealed_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, object_id, tenant_id
from jianlu.core.terms.suites import Suite
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT

BANK, UNIT, OTHER, PLAN = tenant_id(TENANT), case_ref(CASE), case_ref(OTHER_CASE), object_id("plan")
AES, SM = Suite.INTERNATIONAL.value, Suite.SM.value
RESEALED, STARTED, COMPLETED, RETAINED = (
    EventType.OBJECT_RESEALED,
    EventType.REMOVAL_STARTED,
    EventType.REMOVAL_COMPLETED,
    EventType.FORMERS_RETAINED,
)
Said = tuple[EventType, Mapping[str, Any]]


def body(**other: Any) -> dict[str, Any]:
    names = {"of": CASE, "object": "plan", "version": 1, "form": 1, "was": "0" * 64, "sealed": "1" * 64, "bytes": 100}
    return {**names, "from": AES, "to": SM, "commit": "2" * 64, "event": "3" * 64, **other}


def second(**other: Any) -> dict[str, Any]:
    return body(**{"form": 2, "was": "1" * 64, "sealed": "4" * 64, "from": SM, "to": AES, **other})


def fold(*said: Said) -> Forms:
    events: list[Event] = []
    for n, (kind, content) in enumerate(said):
        prev, at = events[-1].digest if events else FIRST_PREV, "2026-11-27T09:00:00.000Z"
        events.append(make_event(kind, tenant=BANK, case=OTHER, n=n, prev=prev, at=at, body=content))
    return fold_forms(events, CASE)


REMOVAL = {"of": CASE, "objects": 1}


def test_the_newest_form_is_the_object_and_the_others_go_as_it_is_said() -> None:
    forms = fold((RESEALED, body()), (RESEALED, second(form=5)))
    assert forms.form_of(PLAN, 1) == 5 and forms.former == [(PLAN, 1, 0), (PLAN, 1, 1)]
    assert forms.form_of(object_id("packs"), 1) == 0 and not forms.is_gone((PLAN, 1, 0))
    forms = fold((RESEALED, body()), (STARTED, REMOVAL), (RESEALED, second()))
    assert (forms.going, forms.former) == ({(PLAN, 1, 0)}, [(PLAN, 1, 0), (PLAN, 1, 1)])
    assert forms.is_gone((PLAN, 1, 0)) and not forms.is_gone((PLAN, 1, 1))
    forms = fold((RESEALED, body()), (STARTED, REMOVAL), (COMPLETED, REMOVAL), (RESEALED, second()))
    assert (forms.gone, forms.going, forms.former) == ({(PLAN, 1, 0)}, set(), [(PLAN, 1, 1)])


def test_a_removal_that_was_called_off_took_nothing() -> None:
    forms = fold((RESEALED, body()), (STARTED, REMOVAL), (RETAINED, {**REMOVAL, "reason": "hold"}))
    assert not forms.is_gone((PLAN, 1, 0)) and forms.former == [(PLAN, 1, 0)]


def test_what_an_event_says_is_what_it_is_made_of() -> None:
    for content in (body(), body(within="CN+SG")):
        event = make_event(RESEALED, tenant=BANK, case=UNIT, n=0, prev=FIRST_PREV, at="2026-11-27T09:00:00.000Z", body=content)
        assert resealed_of(event).body == content


REFUSED: dict[str, Sequence[Said]] = {
    "another unit": [(RESEALED, body(of=OTHER_CASE))],
    "a removal of another unit": [(RESEALED, body()), (STARTED, {**REMOVAL, "of": OTHER_CASE})],
    "an event that does not belong there": [(EventType.SEGMENT_SEALED, {"of": CASE})],
    "the same form again": [(RESEALED, body()), (RESEALED, second(form=1))],
    "a lower form": [(RESEALED, body(form=3)), (RESEALED, second(form=2))],
    "it replaces another digest": [(RESEALED, body()), (RESEALED, second(was="0" * 64))],
    "it was in another suite": [(RESEALED, body()), (RESEALED, second(**{"from": AES, "to": SM}))],
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_record_that_contradicts_itself_is_refused(why: str) -> None:
    with pytest.raises(IntegrityError):
        fold(*REFUSED[why])


@pytest.mark.parametrize("field", sorted(body()))
def test_no_field_may_be_missing_or_odd(field: str) -> None:
    odd: list[Any] = [None, True, 0, -1, "", "X" * 64, "../etc", [], {}, [1], {"a": 1}]
    bodies = [{name: value for name, value in body().items() if name != field}, *({**body(), field: value} for value in odd)]
    for content in bodies:
        with pytest.raises((IntegrityError, InvalidError)):
            fold((RESEALED, content))


def test_the_longest_record_is_an_event() -> None:
    """An event has 1,024 bytes: the longest names of everything must fit."""
    content = body(object="a" * 64, version=2**31 - 1, form=2**31 - 1, bytes=2**53 - 1, within="CN-31")
    assert fold((RESEALED, content)).all[0].version == 2**31 - 1
