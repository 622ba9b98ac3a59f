"""Whatever bytes come from outside, the parsers answer with a value or with "invalid" or "not intact"; and what they
accept has one spelling."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint, parse_checkpoint_text, verify_checkpoint
from jianlu.core.formats.note import (
    NoteSignature,
    VerifierKey,
    assemble_note,
    parse_note,
    parse_verifier_key,
    verifier_key,
    verify_note,
)
from jianlu.core.formats.proof import TlogProof, leaf_hash, parse_proof, verify_proof
from jianlu.core.formats.tile import TileName, decode_bundle, decode_tile, encode_bundle, parse_tile_path
from jianlu.core.limits import LOG_ENTRIES_MAX, NOTE_SIGNATURES_MAX, PROOF_HASHES_MAX
from jianlu.ledger._journal import encode_record

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key("example.com/log", PRIVATE.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint("example.com/log", 1, leaf_hash(b"only"))

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z"), blacklist_characters="+"), min_size=1, max_size=60)
LINES = st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60), min_size=1, max_size=6)


def signed(text: str, key: VerifierKey = KEY) -> bytes:
    return assemble_note(text, [NoteSignature(key.name, key.key_id, PRIVATE.sign(text.encode()))])


NOTE = signed(CHECKPOINT.text)
PROOF = TlogProof(0, (), NOTE).content
BUNDLE = encode_bundle([b"first", b"", b"third"])
SAMPLES = [
    NOTE,
    PROOF,
    BUNDLE,
    KEY.text.encode(),
    CHECKPOINT.text.encode(),
    b"tile/0/x001/234.p/7",
    encode_record(5, [b"a", b"b"]),
]


def mutated() -> st.SearchStrategy[bytes]:
    """A good sample with a few bytes replaced, dropped or doubled; or anything."""

    def damage(sample: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
        for at, drop, put in edits:
            start = at % (len(sample) + 1)
            sample = sample[:start] + put + sample[start + drop :]
        return sample

    edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.binary(max_size=3)), max_size=3)
    return st.one_of(st.binary(max_size=300), st.builds(damage, st.sampled_from(SAMPLES), edits))


@given(mutated())
def test_parsers_answer_any_bytes_with_a_value_or_one_of_two_errors(content: bytes) -> None:
    text = content.decode(errors="replace")
    for parse in (
        lambda: parse_note(content),
        lambda: verify_note(content, [KEY]),
        lambda: claimed_checkpoint(content),
        lambda: verify_checkpoint(content, [KEY]),
        lambda: parse_checkpoint_text(text),
        lambda: parse_verifier_key(text),
        lambda: parse_proof(content),
        lambda: verify_proof(content, b"only", [KEY]),
        lambda: parse_tile_path(text),
        lambda: decode_tile(content, 3),
        lambda: decode_bundle(content, 3),
    ):
        assert _answer(parse) is not None


def _answer(parse: Callable[[], object]) -> object:
    """What `parse` says, or the message of one of the two errors; any other error fails the test."""
    try:
        return parse()
    except (InvalidError, IntegrityError) as error:
        return str(error)


@given(mutated())
def test_what_is_accepted_has_one_spelling(content: bytes) -> None:
    text = content.decode(errors="replace")
    for parse, spelling in (
        (lambda: parse_note(content).content, content),
        (lambda: parse_checkpoint_text(text).text, text),
        (lambda: parse_verifier_key(text).text, text),
        (lambda: parse_proof(content).content, content),
        (lambda: parse_tile_path(text).path, text),
    ):
        try:
            found = parse()
        except (InvalidError, IntegrityError):
            continue
        assert found == spelling


@given(st.integers(0, 8 * len(NOTE) - 1))
def test_a_flipped_bit_in_a_checkpoint_is_always_refused(bit: int) -> None:
    altered = bytearray(NOTE)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises((InvalidError, IntegrityError)):
        verify_checkpoint(bytes(altered), [KEY], origin=KEY.name)


@given(LINES, NAMES)
def test_a_note_that_was_put_together_comes_apart_again(lines: list[str], name: str) -> None:
    text = "\n".join(lines) + "\n"
    key = verifier_key(name, KEY.public_key)
    note = verify_note(signed(text, key), [key])
    assert note.text == text
    assert [signature.name for signature in note.signatures] == [name]
    assert parse_verifier_key(key.text) == key


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


@given(st.integers(-1, 63), st.integers(0, 10**18 - 1), st.integers(1, 256))
def test_a_tile_path_names_one_tile(level: int, index: int, width: int) -> None:
    name = TileName(level, index, width)
    assert parse_tile_path(name.path) == name


def test_a_signature_by_an_unknown_key_is_ignored_and_a_wrong_one_by_a_known_key_is_not() -> None:
    other = verifier_key("other.example/witness", bytes(32))
    line = NoteSignature(other.name, other.key_id, bytes(64))
    both = assemble_note(CHECKPOINT.text, [line, *parse_note(NOTE).signatures])
    assert verify_checkpoint(both, [KEY]) == CHECKPOINT
    with pytest.raises(IntegrityError, match="wrong"):
        verify_checkpoint(both, [KEY, other])
    with pytest.raises(IntegrityError, match="trusted key"):
        verify_checkpoint(NOTE, [other])


def test_a_checkpoint_of_another_ledger_is_refused_even_when_a_trusted_key_signed_it() -> None:
    foreign = signed(Checkpoint("example.com/other", 1, CHECKPOINT.root).text)
    with pytest.raises(IntegrityError, match="another ledger"):
        verify_checkpoint(foreign, [KEY])
    with pytest.raises(IntegrityError, match="not of"):
        verify_checkpoint(NOTE, [KEY], origin="example.com/other")


def test_endless_notes_and_proofs_are_refused_by_their_bounds() -> None:
    line = NOTE.decode().split("\n\n")[1]
    with pytest.raises(InvalidError, match="signatures"):
        parse_note((CHECKPOINT.text + "\n" + line * (NOTE_SIGNATURES_MAX + 1)).encode())
    with pytest.raises(InvalidError, match="bytes"):
        parse_note(b"a" * 70_000 + b"\n\n")
    hashes = tuple(bytes(32) for _ in range(PROOF_HASHES_MAX + 1))
    with pytest.raises(InvalidError, match="hashes"):
        parse_proof(TlogProof(0, hashes, NOTE).content)
    with pytest.raises(InvalidError, match="number"):
        parse_checkpoint_text(Checkpoint("a", LOG_ENTRIES_MAX + 1, bytes(32)).text)
