"""Any change of any byte of a real package is noticed, and nothing but an answer comes out of the verifier."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.formats.archive import read_directory
from jianlu.verify.check import check_package
from jianlu.verify.render import LANGUAGES, render
from tests.e2e.sabotage.forge import Entries
from tests.fakes.quiet_home import Sealed


def _answer(content: bytes) -> tuple[int, str]:
    """Exit code of the verifier for `content`, and what it tells people."""
    with tempfile.NamedTemporaryFile(suffix=".jlp") as file:
        file.write(content)
        file.flush()
        result = check_package(Path(file.name))
    assert result.as_document()["intact"] is (result.exit_code != 90)
    return result.exit_code, "".join(render(result, language) for language in LANGUAGES)


def _spans(package: bytes) -> dict[str, tuple[int, int]]:
    found = read_directory(lambda offset, length: package[offset : offset + length], len(package))
    return {entry.name: (entry.offset, entry.size) for entry in found}


@settings(max_examples=60)
@given(st.data())
def test_a_changed_byte_anywhere_is_noticed(sealed: Sealed, choices: st.DataObject) -> None:
    package = bytearray(sealed.package.read_bytes())
    at = choices.draw(st.integers(0, len(package) - 1))
    package[at] ^= choices.draw(st.integers(1, 255))
    assert _answer(bytes(package))[0] == 90


@settings(max_examples=80)
@given(st.data())
def test_a_changed_byte_in_each_kind_of_entry_is_noticed(sealed: Sealed, entries: Entries, choices: st.DataObject) -> None:
    package = bytearray(sealed.package.read_bytes())
    name = choices.draw(st.sampled_from(sorted(entries)))
    offset, size = _spans(bytes(package))[name]
    at = choices.draw(st.integers(0, size - 1))
    package[offset + at] ^= choices.draw(st.integers(1, 255))
    code, told = _answer(bytes(package))
    assert code == 90
    assert told.isprintable() or set(told) - {"\n"} <= {char for char in told if char.isprintable()}


@settings(max_examples=40)
@given(st.data())
def test_bytes_cut_out_repeated_or_stuffed_in_are_noticed(sealed: Sealed, choices: st.DataObject) -> None:
    package = sealed.package.read_bytes()
    start = choices.draw(st.integers(0, len(package)))
    end = choices.draw(st.integers(start, len(package)))
    stuffed = choices.draw(st.sampled_from([b"", b"\0", package[start:end] * 2, b"PK\x05\x06" + bytes(18), bytes(4096)]))
    changed = package[:start] + stuffed + package[end:]
    if changed != package:
        assert _answer(changed)[0] == 90


@settings(max_examples=60)
@given(st.binary(max_size=4096))
def test_random_bytes_are_no_package(content: bytes) -> None:
    assert _answer(content)[0] == 90


@settings(max_examples=40)
@given(st.data())
def test_a_package_that_ends_anywhere_is_noticed(sealed: Sealed, choices: st.DataObject) -> None:
    package = sealed.package.read_bytes()
    assert _answer(package[: choices.draw(st.integers(0, len(package) - 1))])[0] == 90
