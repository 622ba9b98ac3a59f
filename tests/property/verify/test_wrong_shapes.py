"""Documents of right JSON and wrong shape, in packages that are otherwise consistent and signed by the institution's own key.

The worst forger holds the key. Whatever such a package says, the verifier ends with an answer, never with an exception, and
never calls it intact.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.package import MANIFEST, MANIFEST_NOTE, note_text
from jianlu.core.terms.digests import digest_of
from jianlu.deliver.packages._container import Container
from jianlu.ledger.signer import sign_note
from jianlu.verify.check import check_package
from jianlu.verify.model import Result
from jianlu.verify.render import LANGUAGES, render
from tests.e2e.sabotage.forge import Entries, rebuild
from tests.fakes.quiet_home import Sealed

DOCUMENTS = ["plan.json", "verdicts.json", "openings.json", "ledger/positions.json", *(f"findings/{name}.json" for name in (
    "voice", "speech", "phrases", "faces", "picture", "sound", "sync",
))]  # fmt: skip

UNOPENED = ("salts", "0/rules.commit")
"""Nothing is opened with it: the plan holds the packs by their digests (specs/package.md, 4)."""

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**53, -(2**53), 10**30]),
    st.sampled_from(["", "x", "plan.json", "../x", "\u202e\x1b[2J", "met", "ran", "{about}", "a" * 5000, "\ud800"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abz_:/", max_size=6), inner, max_size=4),
    max_leaves=12,
)


def _verified(entries: Entries, sealed: Sealed, write: Callable[[Path, Entries], object] | None = None) -> Result:
    """The verifier's answer for a package of `entries`, signed anew; it is also told in words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forged.jlp"
        if write is None:
            rebuild(path, entries, signer=sealed.package_signer)
        else:
            write(path, entries)
        result = check_package(path)
    assert isinstance(result.as_document(), dict)
    for language in LANGUAGES:
        told = render(result, language)
        assert told.replace("\n", "").isprintable()
        told.encode()
    return result


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document."""
    yield path
    inner = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


def _put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with `value` in place of what is at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def _bytes(document: Any) -> bytes:
    """Canonical bytes where the value has any, else JSON as a careless forger writes it."""
    try:
        return canonical_bytes(document)
    except (ValueError, TypeError, InvalidError):
        return json.dumps(document).encode()


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=12)
@given(values=st.data())
def test_a_document_with_a_wrong_value_inside_is_a_problem(
    name: str, sealed: Sealed, entries: Entries, values: st.DataObject
) -> None:
    document = parse_canonical(entries[name])
    path = values.draw(st.sampled_from(list(_places(document))))
    changed = _bytes(_put(document, path, values.draw(VALUES)))
    if changed != entries[name]:
        assert _verified({**entries, name: changed}, sealed).exit_code == 90


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=6)
@given(number=st.integers(0, 10**6))
def test_a_document_with_a_value_missing_is_a_problem(name: str, sealed: Sealed, entries: Entries, number: int) -> None:
    document = parse_canonical(entries[name])
    paths = [path for path in _places(document) if path and path != UNOPENED]
    if not paths:
        return
    path = paths[number % len(paths)]
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    assert _verified({**entries, name: canonical_bytes(changed)}, sealed).exit_code == 90


@pytest.mark.parametrize("name", ["ledger/events", "ledger/checkpoint", *DOCUMENTS])
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xff", b"\x00\x00" * 500, b"[" * 5000, b'{"a":' * 5000, b"null", b"[]", b"{}", b"1" * 5000, b'"\xed\xa0\x80"'],
    ids=["empty", "not utf-8", "zeroes", "deep list", "deep object", "null", "list", "object", "huge number", "surrogate"],
)
def test_an_entry_of_another_nature_is_a_problem(name: str, content: bytes, sealed: Sealed, entries: Entries) -> None:
    assert _verified({**entries, name: content}, sealed).exit_code == 90


@settings(max_examples=40)
@given(values=st.data())
def test_an_event_with_a_wrong_value_inside_is_a_problem(sealed: Sealed, entries: Entries, values: st.DataObject) -> None:
    events = list(_split(entries["ledger/events"]))
    number = values.draw(st.integers(0, len(events) - 1))
    document = parse_canonical(events[number])
    path = values.draw(st.sampled_from(list(_places(document))))
    changed = _bytes(_put(document, path, values.draw(VALUES)))
    if changed == events[number]:
        return
    events[number] = changed[:65535]
    bundle = b"".join(len(event).to_bytes(2, "big") + event for event in events)
    assert _verified({**entries, "ledger/events": bundle}, sealed).exit_code == 90


@settings(max_examples=40)
@given(values=st.data())
def test_a_manifest_with_a_wrong_value_inside_is_a_problem(sealed: Sealed, entries: Entries, values: st.DataObject) -> None:
    document = parse_canonical(entries[MANIFEST])
    shallow = [path for path in _places(document) if len(path) < 2 or path[1] in (0, 1, 2)]
    path = values.draw(st.sampled_from(shallow))
    changed = _bytes(_put(document, path, values.draw(VALUES)))
    if changed == entries[MANIFEST]:
        return

    def write(target: Path, content: Entries) -> None:
        with Container(target) as container:
            for name, value in content.items():
                if name not in (MANIFEST, MANIFEST_NOTE):
                    container.add(name, value)
            container.add(MANIFEST, changed)
            note = note_text(document["tenant"], document["case"], digest_of(changed))
            container.add(MANIFEST_NOTE, sign_note(note, sealed.package_signer))

    result = _verified(entries, sealed, write)
    # Whoever holds the key may date the manifest and name another ledger's twin; all else contradicts something.
    assert result.exit_code == 90 or path in (("created_at",),)


def _split(bundle: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        yield bundle[at + 2 : end]
        at = end
