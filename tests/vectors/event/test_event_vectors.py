"""The event vectors of `specs/vectors/event` hold for the reader: good lines parse back to themselves, bad ones are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.event import FIRST_PREV, check_chain, make_event, parse_event
from jianlu.core.terms.digests import commitment_to, digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, derive_case_ref, tenant_id

VECTORS = Path(__file__).parents[3] / "specs" / "vectors" / "event"
GOOD = (VECTORS / "good.jsonl").read_bytes().splitlines()
BAD = [json.loads(line) for line in (VECTORS / "bad.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("entry", GOOD)
def test_a_good_entry_parses_back_to_its_own_bytes(entry: bytes) -> None:
    event = parse_event(entry)
    again = make_event(event.type, tenant=event.tenant, case=event.case, n=event.n, prev=event.prev, at=event.at, body=event.body)
    assert again.content == entry


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector["why"])
def test_a_bad_entry_is_refused(vector: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        parse_event(bytes.fromhex(vector["hex"]))


def test_the_good_entries_are_one_chain() -> None:
    chain = [parse_event(entry) for entry in GOOD]
    check_chain(chain)
    with pytest.raises(IntegrityError):
        check_chain(chain[1:])


def test_the_derivations_of_the_spec_have_their_values() -> None:
    fixed = json.loads((VECTORS / "derivations.json").read_text())
    salt = bytes.fromhex(fixed["commitment"]["salt"])
    assert commitment_to(digest_of(fixed["commitment"]["content"].encode()), salt) == fixed["commitment"]["value"]
    reference = fixed["case_ref"]
    assert derive_case_ref(bytes.fromhex(reference["tenant_secret"]), reference["case_number"]) == reference["value"]


def test_an_event_cannot_carry_a_name_or_speech() -> None:
    """Survives a careless caller: Chinese text or long text in a body never reaches the ledger."""
    where = {
        "tenant": tenant_id("demo-bank"),
        "case": case_ref("c" + "a" * 26),
        "n": 0,
        "prev": FIRST_PREV,
        "at": "2026-11-22T00:00:00.000Z",
    }
    for body in ({"by": "张三"}, {"by": "x" * 201}, {"名": "x"}):
        with pytest.raises(InvalidError):
            make_event(EventType.PLAN_FROZEN, body=body, **where)  # type: ignore[arg-type]
