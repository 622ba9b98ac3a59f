"""Doors of `core`, the ledger, the vault and people's reviews: documents, notes, proofs, tiles, tokens, containers, sealed objects."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jianlu.core.errors import InvalidError
from jianlu.core.formats import certificate, cosignature, findings, note, pack, package, plan, proof, script, tile, verdicts
from jianlu.core.formats.anchor import cosigned
from jianlu.core.formats.archive import read_directory
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint, parse_checkpoint_text, verify_checkpoint
from jianlu.core.formats.credentials import UUID, credentials_place
from jianlu.core.formats.custody import ends_of, standing_holds
from jianlu.core.formats.der import Der, parse_der
from jianlu.core.formats.event import make_event, parse_event
from jianlu.core.formats.keeping import part_kept
from jianlu.core.formats.segment import open_bytes, seal_bytes
from jianlu.core.formats.sm2_note import Sm2Key, parse_sm2_key
from jianlu.core.formats.stamp import check_stamp, parse_stamp
from jianlu.core.formats.x509 import parse_certificate, parse_certificates
from jianlu.core.terms.events import EventType
from jianlu.core.terms.suites import Suite
from jianlu.judge.review import documents
from jianlu.ledger._journal import encode_record, read_journal
from jianlu.process.inspectors.sender_clock import parse_clock
from jianlu.vault.keys import derive_wrapping_key, unwrap_key, wrap_key
from jianlu.verify.certificate import check_certificate
from jianlu.verify.render import LANGUAGES
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import parse_saved, parse_trust
from tests.fakes.vault.ended import Ending, later
from tests.fakes.vault.home import memory_vault
from tests.fakes.vault.proofs import some_signer
from tests.fakes.vault.sale import record_sale
from tests.property.parsers.law import Door, UnlawfulError
from tests.property.parsers.vectors import Material, lines, vectors

_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LEDGER_KEY = note.verifier_key("example.com/log", _PRIVATE.public_key().public_bytes_raw())
_SECRET, _PLACE, _UNIT = bytes(range(32)), b"place", "unit/t/u"
_CHECKPOINT = Checkpoint(LEDGER_KEY.name, 1, proof.leaf_hash(b"only"))


def text_of(content: bytes) -> str:
    """The text that arguments, paths and JSON strings can hold: any bytes have one, with lone surrogates where they are no UTF-8."""
    return content.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")


def _signed(content: bytes) -> bytes:
    """The note of a damaged text, signed by the ledger's own key."""
    text = content.decode("utf-8", "replace")
    return note.assemble_note(text, [note.NoteSignature(LEDGER_KEY.name, LEDGER_KEY.key_id, _PRIVATE.sign(text.encode()))])


_NOTE = _signed(_CHECKPOINT.text.encode())
_PROOF = proof.TlogProof(0, (), _NOTE).content


def doors(material: Material) -> Iterator[Door]:
    """Every door of these."""
    yield from _documents(material)
    yield from _notes(material)
    yield from _tokens()
    yield from _containers(material)
    yield from _kept(material)
    yield from _certificates(material)


def _documents(material: Material) -> Iterator[Door]:
    plans = (lines("plan/good/minimal.json")[0], lines("plan/good/eu-call.json")[0], lines("verdicts/sale.plan.json")[0])
    good_events = lines("event/good.jsonl")
    texts = tuple(each["text"].encode() for each in vectors("package/manifests.json"))
    findings_made, verdicts_made = material.entry("findings/"), material.entry("verdicts.json")
    draw = vectors("review/draw.json")
    yield Door(
        "canonical", parse_canonical, (*plans[:1], *good_events, b'{"a":[1,null,true,"\xe4\xb8\xad"]}'), written=canonical_bytes
    )
    yield Door("event", parse_event, good_events, written=_event_again)
    yield Door("plan", plan.parse_plan, (*plans, *material.entry("plan.json")), written=plan.plan_bytes, bytes_max=1 << 18)
    yield Door("script-document", script.parse_script, lines("script/good.json"), written=script.script_bytes)
    yield Door("manifest", package.parse_manifest, (*texts, *material.entry("manifest.json")), written=package.manifest_bytes)
    salts = canonical_bytes({"format": package.OPENINGS_FORMAT, "salts": {"0/plan.commit": "0" * 64, "1/x": "ab" * 32}})
    yield Door("openings", package.parse_openings, (salts, *material.entry("openings.json")), written=_openings_again)
    packs = pack.packs_bytes({"xx-small": {"pack.toml": b'id = "xx"\n'}, "b": {}})
    yield Door("packs-document", pack.parse_packs, (packs,), written=pack.packs_bytes)
    yield Door("findings", findings.parse_findings, (*findings_made, _FINDINGS), written=findings.findings_bytes)
    yield Door("verdicts", verdicts.parse_verdicts, (*verdicts_made, _VERDICTS), written=verdicts.verdicts_bytes)
    yield Door("roll", documents.parse_roll, tuple(each["roll"].encode() for each in draw), written=documents.roll_bytes)
    yield Door("sample", documents.parse_sample, tuple(each["sample"].encode() for each in draw), written=documents.sample_bytes)
    yield Door("review", documents.parse_review, (_REVIEW,), written=documents.review_bytes)
    yield Door("appeal", documents.parse_appeal, (_APPEAL,), written=documents.appeal_bytes)
    yield Door("clock-document", parse_clock, (_CLOCK,))
    bodies = (
        {
            "part": "plan",
            "until": "open",
            "clause": "p:c",
            "starts": [["contract_end", 120, 1, "p:c"]],
            "least": ["2036-11-30", "p:d"],
        },
    )
    yield Door("retention-body", _kept_of, tuple(canonical_bytes(body) for body in bodies))


def _event_again(event: Any) -> bytes:
    made = make_event(event.type, tenant=event.tenant, case=event.case, n=event.n, prev=event.prev, at=event.at, body=event.body)
    return made.content


def _openings_again(salts: dict[str, bytes]) -> bytes:
    return package.openings_bytes({label: salt.hex() for label, salt in salts.items()})


def _kept_of(content: bytes) -> Any:
    """The rules of custody over an event whose body was damaged, as a writer of the ledger may have put it there."""
    body = parse_canonical(content)
    if not isinstance(body, dict):
        raise InvalidError("no body")
    kept = part_kept(body)
    fields: dict[str, Any] = {
        "tenant": "t",
        "case": "c" + "a" * 26,
        "n": 0,
        "prev": "0" * 64,
        "at": "2026-11-22T09:30:00.000Z",
        "body": body,
    }
    events = [
        make_event(kind, **fields) for kind in (EventType.RETENTION_SET, EventType.RETENTION_EXTENDED, EventType.TRIGGER_STATED)
    ]
    ends_of(events)
    return kept, standing_holds(events)


def _notes(material: Material) -> Iterator[Door]:
    notes = tuple(each["note"].encode() for each in vectors("ledger/notes.json")["good"])
    cosignatures = vectors("witness/cosignatures.json")
    witness = cosignature.parse_witness_key(cosignatures[0]["key"])
    requests = tuple(each["body"].encode() for each in vectors("witness/requests.json"))
    yield Door(
        "note",
        note.parse_note,
        (*notes, *material.entry("manifest.note", "ledger/checkpoint")),
        written=lambda made: made.content,
    )
    yield Door("note-verified", lambda content: note.verify_note(content, [LEDGER_KEY]), notes)
    yield Door("checkpoint", claimed_checkpoint, (*notes, *material.entry("ledger/checkpoint")))
    yield Door(
        "checkpoint-text",
        lambda c: parse_checkpoint_text(text_of(c)),
        (_CHECKPOINT.text.encode(),),
        written=lambda m: bytes_of(m.text),
    )
    yield Door("checkpoint-signed", _verified, (_CHECKPOINT.text.encode(),), sealed=_signed)
    yield Door(
        "verifier-key",
        lambda c: note.parse_verifier_key(text_of(c)),
        (LEDGER_KEY.text.encode(),),
        written=lambda m: bytes_of(m.text),
    )
    yield Door(
        "witness-key",
        lambda c: cosignature.parse_witness_key(text_of(c)),
        (witness.text.encode(),),
        written=lambda m: bytes_of(m.text),
    )
    yield Door("sm2-key", lambda c: parse_sm2_key("bank", text_of(c)), (_sm2_pem(),), written=lambda made: bytes_of(made.pem))
    yield Door("add-checkpoint", cosignature.parse_add_checkpoint, requests, written=lambda made: made.content)
    seen = tuple(each["note"].encode() for each in cosignatures)
    yield Door("cosignatures", lambda content: cosignature.verify_cosignatures(content, [witness]), seen)
    yield Door("anchor-cosigned", _cosigned_of(witness), tuple(each.replace(b"\n\n", b"\n\n", 1) for each in seen))
    yield Door("proof", proof.parse_proof, (_PROOF, *material.entry("ledger/proofs/1")), written=lambda made: made.content)
    yield Door("proof-verified", lambda content: proof.verify_proof(content, b"only", [LEDGER_KEY]), (_PROOF,))
    yield Door("tile-path", lambda c: tile.parse_tile_path(text_of(c)), _paths(), written=lambda made: bytes_of(made.path))
    yield Door(
        "tile",
        lambda content: b"".join(tile.decode_tile(content, len(content) // 32)),
        (bytes(64), bytes(range(256)) * 32),
        written=bytes,
    )
    bundles = (tile.encode_bundle([b"first", b"", b"third"]), *material.entry("ledger/events"))
    yield Door("bundle", _entries, bundles, written=tile.encode_bundle)
    trust = (*material.file("trust.json"), _TRUST)
    yield Door("trust", parse_trust, trust)
    saved = (_NOTE, _NOTE + b"\nconsistency 1 2\n" + b"A" * 43 + b"=\n")
    yield Door("saved-checkpoint", parse_saved, saved)


def _paths() -> tuple[bytes, ...]:
    return tuple(each["path"].encode() for each in vectors("ledger/paths.json")["good"])


def _verified(content: bytes) -> Any:
    return verify_checkpoint(content, [LEDGER_KEY])


def _cosigned_of(witness: cosignature.WitnessKey) -> Callable[[bytes], Any]:
    """An anchor's note and its witnesses' lines, as two files that the last line divides."""

    def open_both(content: bytes) -> Any:
        head, _, last = content.removesuffix(b"\n").rpartition(b"\n")
        return cosigned(head + b"\n", last + b"\n" * content.endswith(b"\n"), [witness])

    return open_both


def _entries(content: bytes) -> list[bytes]:
    """Every entry of a bundle: as many as its lengths say."""
    count = at = 0
    while at < len(content) and count <= tile.TILE_WIDTH:
        at += 2 + int.from_bytes(content[at : at + 2], "big")
        count += 1
    return tile.decode_bundle(content, count)


def _sm2_pem() -> bytes:
    return Sm2Key("bank", bytes.fromhex(vectors("sm/sm2-bad.json")[0]["public_key"])).pem.encode()


def _tokens() -> Iterator[Door]:
    stamps = [each for each in vectors("time/stamps.json") if each["ok"]]
    tokens = tuple(bytes.fromhex(each["token"]) for each in stamps)
    chains = [parse_certificates(each["certificates"]) for each in stamps]
    certificates = tuple(each.content for chain in chains for each in chain)
    content, trusted = bytes.fromhex(stamps[0]["content"]), chains[0]
    yield Door("der", _walked, (*tokens, *certificates), written=_der_again)
    yield Door("certificate-x509", parse_certificate, certificates)
    yield Door(
        "certificates-pem", lambda c: parse_certificates(text_of(c)), tuple(each["certificates"].encode() for each in stamps)
    )
    yield Door("stamp", parse_stamp, tokens)
    yield Door("stamp-checked", lambda token: check_stamp(token, content, trusted), tokens)


def _walked(content: bytes) -> Der:
    """The whole tree of values, each read as every kind, as whoever walks it may ask."""
    whole = parse_der(content)
    waiting, seen = [whole], 0
    while waiting and seen < 2_000:
        value, seen = waiting.pop(), seen + 1
        for read in (value.integer, value.oid, value.bits, value.truth, value.instant):
            try:
                read()
            except InvalidError:
                continue
        try:
            waiting += value.children()
        except InvalidError:
            continue
    return whole


def _der_again(value: Der) -> bytes:
    """DER written anew: tag, minimal length, content."""
    size = len(value.content)
    length = (
        bytes([size])
        if size < 0x80
        else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    )
    return bytes([value.tag]) + length + value.content


def _containers(material: Material) -> Iterator[Door]:
    containers = tuple(bytes.fromhex(each["hex"]) for each in vectors("package/containers.json"))
    yield Door("archive", _directory, containers)
    box = (len(UUID) + 12).to_bytes(4, "big") + b"uuid" + UUID + b"cred"
    head = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"
    recordings = (
        head + box + b"\x00\x00\x00\x08free",
        head + b"\x00\x00\x00\x08moov",
        *(each[:4096] for each in material.entry("media/")),
    )
    yield Door("credentials-box", _place, recordings)


def _directory(content: bytes) -> Any:
    found = read_directory(lambda offset, length: content[offset : offset + length], len(content))
    if any(entry.offset + entry.size > len(content) for entry in found):
        raise UnlawfulError("an entry lies beyond the file")
    return found


def _place(content: bytes) -> Any:
    return credentials_place(lambda at, length: content[at : at + length])


def _kept(material: Material) -> Iterator[Door]:
    for suite in Suite:
        sealed = (
            seal_bytes(_SECRET, _PLACE, b"evidence" * 9, suite=suite, salt=bytes(24)),
            seal_bytes(_SECRET, _PLACE, bytes(40_000), suite=suite),
        )
        yield Door(f"sealed-object-{suite.value}", _opened_in(suite), sealed)
        wrapping = derive_wrapping_key(_SECRET, b"fuzz", suite)
        record = wrap_key(bytes(32), wrapping, _UNIT, suite=suite)
        yield Door(f"key-record-{suite.value}", _unwrapped_in(wrapping, suite), (record, *material.entry("keys/")))
    records = (encode_record(0, [b"a", b"", b"third"]) + encode_record(3, [b"d" * 600]), encode_record(0, [b"only"]))
    journals = tuple(material.sealed.home.glob("ledger/journal/*.journal")) if material.sealed else ()
    kept = (*records, *(path.read_bytes() for path in journals))
    folder = material.folder / "journal"
    folder.mkdir()

    def read(content: bytes) -> Any:
        (folder / f"{0:020d}.journal").write_bytes(content)
        return read_journal(folder)

    yield Door("journal", read, kept)
    yield Door("journal-sealed", read, (tile.encode_bundle([b"a", b"", b"third"]), b"\x00\x01a"), sealed=_record)


def _record(payload: bytes) -> bytes:
    """A record whose checksums are right and whose payload is damaged, as a writer with a defect would leave it."""
    head = struct.pack(">4sQII", b"JLJ1", 0, 3, len(payload))
    record = head + zlib.crc32(head).to_bytes(4, "big") + payload
    return record + hashlib.sha256(record).digest()


def _opened_in(suite: Suite) -> Callable[[bytes], bytes]:
    return lambda content: open_bytes(_SECRET, _PLACE, content, suite=suite)


def _unwrapped_in(wrapping: bytes, suite: Suite) -> Callable[[bytes], bytes]:
    return lambda content: unwrap_key(content, wrapping, _UNIT, suite=suite)


def _certificates(material: Material) -> Iterator[Door]:
    event = lines("event/good.jsonl")[0]
    proved = certificate.ProvedEntry(0, event, (bytes(32),))
    opened = certificate.OpenedDocument(0, bytes(32), b"{}")
    made = certificate.Certificate("t", "c" + "a" * 26, LEDGER_KEY, _NOTE, (event, event), proved, (proved, proved), (opened,))
    token = bytes.fromhex(vectors("time/stamps.json")[0]["token"])
    stamped = replace(made, anchors={"1/checkpoint": _NOTE, "1/alpha.tst": token}, consistency={1: (bytes(32),)})
    versions = tuple(map(certificate.certificate_bytes, (made, stamped, replace(made, version=1))))
    samples = (*versions, *(_destroyed() if material.sealed else ()))
    yield Door("destruction-certificate", certificate.parse_certificate, samples, written=certificate.certificate_bytes)
    yield Door("destruction-certificate-told", _told, samples, refusals=())


def _destroyed() -> Iterator[bytes]:
    """The certificate of a case that ended, as the vault writes it."""
    with memory_vault() as vault:
        ending = Ending(vault, some_signer())
        record_sale(vault)
        later(vault)
        ending.start()
        ending.complete()
        yield ending.certificate()


def _told(content: bytes) -> Any:
    """Whatever it says, an answer, and words for it that can be printed."""
    result = check_certificate(content)
    for language in LANGUAGES:
        told = render_certificate(result, language)
        told.encode()
        if not told.replace("\n", "").isprintable():
            raise UnlawfulError("told in characters that a terminal obeys")
    return result.as_document()


_RANGE = {"from_ms": 0, "to_ms": 900}
_ENGINE = {"name": "x", "version": "1", "model": ""}
_FINDINGS = canonical_bytes(
    {
        "format": "jianlu/findings/v1",
        "inspector": "speech",
        "status": "ran",
        "reason": "",
        "engine": _ENGINE,
        "covered": [["agent", 0, 9_000]],
        "findings": [
            {
                **_RANGE,
                "id": "u1",
                "kind": "utterance",
                "track": "agent",
                "score": 900,
                "threshold": 500,
                "engine": _ENGINE,
                "value": {"text": "好"},
            }
        ],
    }
)
_EVIDENCE = {**_RANGE, "track": "agent", "finding": "u1"}
_REASON = {**_RANGE, "code": "not_said", "track": "agent", "about": "greeting"}
_VERDICTS = canonical_bytes(
    {
        "format": "jianlu/verdicts/v1",
        "clauses": [
            {
                "pack": "p",
                "clause": "c",
                "verdict": "met",
                "basis": "automated",
                "confidence": "",
                "mark": "V",
                "evidence": [_EVIDENCE],
                "reasons": [_REASON],
                "obligations": [{"obligation": "o", "verdict": "not_met", "evidence": [_EVIDENCE], "reasons": [_REASON]}],
            }
        ],
    }
)
_CASE, _AT = "c" + "a" * 26, "2026-11-22T09:30:00.000Z"
_REVIEW = canonical_bytes(
    {
        "format": "jianlu/review/v1",
        "case": _CASE,
        "plan": "p",
        "reviewer": "qin",
        "at": _AT,
        "judged": "0" * 64,
        "redo": "",
        "stage": "first",
        "cause": "drawn",
        "clauses": [{**_RANGE, "clause": "p:c", "machine": "met", "verdict": "not_met", "reason": "not heard"}],
    }
)
_APPEAL = canonical_bytes(
    {"format": "jianlu/review-appeal/v1", "case": _CASE, "by": "he", "at": _AT, "clauses": ["p:c"], "reason": "it was said"}
)
_SEAT = {"feed": "f", "audio": "agent", "picture": "agent-picture", "measured": [[1_000, 40_000, 3, 900], [2_000, None, 0, 0]]}
_CLOCK = canonical_bytes({"format": "jianlu/live-clock/v1", "from_ms": 0, "to_ms": 2_000, "seats": [_SEAT]})
_TRUST = (
    b'{"format": "jianlu/trust/v1", "ledgers": [{"origin": "example.com/log", "vkey": "%s"}], "packages": [], "verifiers": ["%s"]}'
    % (LEDGER_KEY.text.encode(), b"0" * 64)
)
