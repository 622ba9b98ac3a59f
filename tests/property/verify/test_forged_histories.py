"""Events of right form and wrong content, properly logged and signed by a forger with both keys: an answer, never an exception."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.ledger.signer import load_signer
from jianlu.verify.check import check_package
from jianlu.verify.render import LANGUAGES, render
from tests.e2e.sabotage.forge import Entries, rebuild
from tests.fakes.quiet_home import Sealed
from tests.property.verify.forged_history import events_in, rechained, with_history

pytestmark = pytest.mark.slow

NUMBERS = st.sampled_from([0, -1, 1, 2, 3, 2_000, 2**31, 2**53 - 1, -(2**53) + 1])
TEXTS = st.sampled_from(["", "x", "speech", "phrases", "session", "../../etc/passwd", "seg-000001", "a" * 200, "0" * 64])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["object", "version", "no"]), inner, max_size=3),
    max_leaves=6,
)


def _verified(entries: Entries, bodies: list[Any], sealed: Sealed) -> int | None:
    """The exit code for a package whose events have these bodies; None when no event can have one of them."""
    try:
        chain = rechained(events_in(entries), bodies)
    except InvalidError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        ledger_signer = load_signer(sealed.home / "secrets" / "ledger.key")
        forged = with_history(entries, chain, path / "ledger", ledger_signer)
        result = check_package(rebuild(path / "forged.jlp", forged, signer=sealed.package_signer))
    assert all(render(result, language) for language in LANGUAGES)
    assert isinstance(result.as_document(), dict)
    return result.exit_code


def test_the_forger_alone_changes_nothing(sealed: Sealed, entries: Entries) -> None:
    assert _verified(entries, [event.body for event in events_in(entries)], sealed) == 10


@settings(max_examples=60)
@given(choices=st.data())
def test_an_event_with_another_value_ends_in_an_answer(sealed: Sealed, entries: Entries, choices: st.DataObject) -> None:
    bodies = [parse_canonical(canonical_bytes(event.body)) for event in events_in(entries)]
    for _ in range(choices.draw(st.integers(1, 4))):
        body = choices.draw(st.sampled_from([body for body in bodies if body]))
        key = choices.draw(st.sampled_from(sorted(body)))
        if isinstance(body[key], dict) and body[key] and choices.draw(st.booleans()):
            body = body[key]
            key = choices.draw(st.sampled_from(sorted(body)))
        body[key] = choices.draw(VALUES)
    assert _verified(entries, bodies, sealed) in (None, 10, 90)


@settings(max_examples=30)
@given(choices=st.data())
def test_an_event_without_a_value_ends_in_an_answer(sealed: Sealed, entries: Entries, choices: st.DataObject) -> None:
    bodies = [parse_canonical(canonical_bytes(event.body)) for event in events_in(entries)]
    body = choices.draw(st.sampled_from([body for body in bodies if body]))
    del body[choices.draw(st.sampled_from(sorted(body)))]
    assert _verified(entries, bodies, sealed) in (None, 10, 90)


@settings(max_examples=30)
@given(choices=st.data())
def test_events_dropped_doubled_or_reordered_in_a_whole_chain_are_noticed(
    sealed: Sealed, entries: Entries, choices: st.DataObject
) -> None:
    """The chain and the ledger hold, the recording does not: what was said at capture is missing or there twice."""
    events = events_in(entries)
    segments = [n for n, event in enumerate(events) if "no" in event.body]
    order = list(range(len(events)))
    chosen = choices.draw(st.sampled_from(segments))
    match choices.draw(st.sampled_from(["drop", "double", "swap"])):
        case "drop":
            order.remove(chosen)
        case "double":
            order.insert(chosen, chosen)
        case _:
            other = segments[0] if chosen != segments[0] else segments[-1]
            order[chosen], order[other] = order[other], order[chosen]
    kept = [events[n] for n in order]
    bodies = [dict(event.body) for event in kept]
    bodies[-1]["events"] = len(bodies)
    chain = rechained(kept, bodies)
    with tempfile.TemporaryDirectory() as folder:
        forged = with_history(entries, chain, Path(folder) / "ledger", load_signer(sealed.home / "secrets" / "ledger.key"))
        result = check_package(rebuild(Path(folder) / "forged.jlp", forged, signer=sealed.package_signer))
    assert result.exit_code == 90
