"""Doors to strangers' programs: tokens, proofs of devices, witnesses, authorities, webhooks, rows of the index, packages."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

from jianlu.backends.timestamps.rfc3161 import HttpTimeAuthority
from jianlu.capture.sessions import joining
from jianlu.core.errors import DeniedError, IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.cosignature import parse_witness_key
from jianlu.deliver.search.blocks import SealedBlock, open_block, parse_roster
from jianlu.deliver.search.sealing import open_particulars
from jianlu.deliver.webhooks.addresses import check_literal, parse_target
from jianlu.govern.identity._webauthn import claimed_challenge, verify_made, verify_proof
from jianlu.govern.identity.devices import Proofs
from jianlu.govern.identity.model import Site
from jianlu.ledger.anchors.cosigning import ask_witness
from jianlu.ledger.anchors.folder import Anchor, published_anchor
from jianlu.ledger.anchors.witness import Witness
from jianlu.ledger.ports import WitnessAnswer
from jianlu.ledger.signer import load_signer
from jianlu.runtime.clock import SystemClock
from jianlu.verify.check import check_package
from jianlu.verify.for_pages import answer_for_page
from jianlu.verify.render import LANGUAGES, render
from tests.e2e.sabotage.forge import rebuild
from tests.fakes.identity.authenticator import Authenticator
from tests.fakes.time.witnesses import ToldWitness, make_witness
from tests.property.parsers.doors_formats import LEDGER_KEY, text_of
from tests.property.parsers.law import Door, UnlawfulError
from tests.property.parsers.vectors import Material, vectors

_NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
_SITE = Site("https://testserver", "Demo bank")


def doors(material: Material) -> Iterator[Door]:
    """Every door of these."""
    yield from _people()
    yield from _programs(material.folder)
    yield from _rows()
    if material.sealed is not None:
        yield from _packages(material)


def _people() -> Iterator[Door]:
    """What browsers and their devices send; damaged within what is signed as well, since whoever holds a key signs anything."""
    key = ECKey.generate_key("P-256")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    said = {"jti": "a-proof-of-this", "htm": "POST", "htu": "https://testserver/api/v1/cases", "iat": int(_NOW.timestamp())}

    def signed(claims: bytes) -> bytes:
        return jws.serialize_compact(header, claims, key, algorithms=["ES256"]).encode()

    def proved(content: bytes) -> Any:
        return Proofs().verify(text_of(content), method="POST", host="testserver", path="/api/v1/cases", now=_NOW)

    claims = json.dumps(said).encode()
    yield Door("device-proof", proved, (signed(claims),), refusals=(DeniedError,), bytes_max=4_000)
    yield Door("device-proof-signed", proved, (claims,), refusals=(DeniedError,), sealed=signed, bytes_max=1_000)
    using = SimpleNamespace(tenant_secret=bytes(32), clock=SimpleNamespace(now=lambda: _NOW))

    def invited(payload: bytes) -> bytes:
        signature = hmac.new(hmac.new(bytes(32), joining._LABEL, hashlib.sha256).digest(), payload, hashlib.sha256).digest()
        return f"{joining._text(payload)}.{joining._text(signature)}".encode()

    token = json.dumps(["name", "c" + "a" * 26, "customer", int(_NOW.timestamp()) + 60]).encode()
    yield Door("invitation", lambda content: joining._claims(text_of(content), using), (invited(token),), refusals=(DeniedError,))  # type: ignore[arg-type]
    phone, challenge = Authenticator(), "AAAAAAAAAAAAAAAAAAAAAA"
    options = {"challenge": challenge, "rp": {"id": "testserver"}, "user": {"id": "dQ"}, "rpId": "testserver"}
    made = json.dumps(phone.create(options)).encode()
    public_key = verify_made(_SITE, json.loads(made), challenge).public_key
    proof = json.dumps(phone.get(options)).encode()
    yield Door(
        "passkey-made", _ceremony(lambda claimed: verify_made(_SITE, claimed, challenge)), (made,), refusals=(InvalidError,)
    )
    proved_by = _ceremony(lambda claimed: verify_proof(_SITE, claimed, challenge, public_key))
    yield Door("passkey-proof", proved_by, (proof,), refusals=(InvalidError,))
    yield Door(
        "webhook-address",
        _addressed,
        (b"https://example.com:8443/in?a=b", b"https://[2001:db8::1]/x", b"https://10.0.0.1/"),
        refusals=(InvalidError, DeniedError),
    )


def _ceremony(verify: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    """A claim as the interface hands it over: an object out of JSON that was parsed before, of any values."""

    def open_it(content: bytes) -> Any:
        try:
            claimed = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InvalidError("no JSON") from error
        if not isinstance(claimed, dict):
            raise InvalidError("no object")
        claimed_challenge(claimed)
        return verify(claimed)

    return open_it


def _addressed(content: bytes) -> Any:
    target = parse_target(text_of(content))
    check_literal(target, ())
    return target


class _Told(HttpTimeAuthority):
    """An authority whose answer is told."""

    answer = b""

    def _ask(self, request: bytes) -> bytes:
        return self.answer


def _programs(folder: Path) -> Iterator[Door]:
    """Witnesses asked and asking, and what a time-stamp authority answers."""
    stamps = [each for each in vectors("time/stamps.json") if each["ok"]]
    authority = _Told("tsa", "http://127.0.0.1:9", stamps[0]["certificates"])
    granted = [b"\x30\x03\x02\x01\x00" + bytes.fromhex(each["token"]) for each in stamps]
    answers = tuple(b"\x30\x82" + len(each).to_bytes(2, "big") + each for each in granted)

    def stamped(content: bytes) -> Any:
        authority.answer = content
        return authority.stamp(b"note")

    yield Door("time-authority-answer", stamped, answers, refusals=(InvalidError, IntegrityError, UnavailableError))
    make_witness(folder / "witness", "witness.example/w", LEDGER_KEY.text)
    witness = Witness(folder / "witness", SystemClock())
    requests = tuple(each["body"].encode() for each in vectors("witness/requests.json"))
    yield Door("witness-asked", witness.add, requests, refusals=())


def _rows() -> Iterator[Door]:
    block = SealedBlock(1, 0, bytes(80), {0: bytes(60)})
    roster = b"".join(number.to_bytes(8, "little") for number in (0, 7, 7, 3, 1, 2, 1_700_000_000, 1_700_000_001))
    yield Door("search-roster", parse_roster, (roster, b""), refusals=(IntegrityError,), written=lambda made: made.to_bytes())

    def opened(content: bytes) -> Any:
        return open_block(SealedBlock(block.number, 0, content, {0: content[::-1]}), tenant="t", key=bytes(32))

    yield Door("search-block", opened, (bytes(80), b"short"), refusals=(IntegrityError,))
    yield Door(
        "search-particulars",
        lambda c: open_particulars(bytes(32), "t", "c", c),
        (bytes(80), b"short"),
        refusals=(IntegrityError,),
    )


def _packages(material: Material) -> Iterator[Door]:
    """Whole packages, and one entry damaged in a package that the institution's own key signs anew; each is told in words."""
    assert material.sealed is not None
    path, signer = material.folder / "damaged.jlp", material.sealed.package_signer
    small = {name: content for name, content in material.entries.items() if not name.startswith(("report/", "packs/"))}
    whole = rebuild(material.folder / "small.jlp", small, signer=signer).read_bytes()
    small["verifier.pyz"] = b""

    def verified(content: bytes) -> Any:
        path.write_bytes(content)
        result = check_package(path)
        for language in LANGUAGES:
            render(result, language).encode()
        json.dumps(result.as_document())
        return result

    yield Door("package", verified, (whole,), refusals=(), bytes_max=1 << 21)
    for name in (
        "plan.json",
        "verdicts.json",
        "openings.json",
        "ledger/events",
        "ledger/positions.json",
        "findings/picture.json",
    ):

        def forged(content: bytes, name: str = name) -> Any:
            path.unlink(missing_ok=True)
            rebuild(path, {**small, name: content}, signer=signer)
            result = check_package(path)
            for language in LANGUAGES:
                render(result, language).encode()
            if content != small[name] and result.exit_code != 90:
                raise UnlawfulError("a changed entry was called intact")
            return answer_for_page(str(path))

        yield Door(
            f"package-{name.replace('/', '-').removesuffix('.json')}", forged, (small[name],), refusals=(), bytes_max=1 << 18
        )
    ledger = material.sealed.home / "ledger"
    anchor = published_anchor(ledger, load_signer(material.sealed.home / "secrets" / "ledger.key").key)
    cosigned = vectors("witness/cosignatures.json")[0]
    line = cosigned["note"].encode().splitlines(keepends=True)[-1]
    yield Door("witness-answer", _asked(ledger, anchor), (b"200" + line, b"40912\n", b"409999\n"), refusals=(JianluError,))


def _asked(ledger: Path, anchor: Anchor) -> Callable[[bytes], Any]:
    """What a witness answers: three digits of a status, then the body."""
    key = parse_witness_key(vectors("witness/cosignatures.json")[0]["key"])

    def ask(content: bytes) -> Any:
        status = int(content[:3]) if content[:3].isdigit() else 200
        return ask_witness(ledger, ToldWitness(key, lambda _: WitnessAnswer(status, content[3:])), anchor, 0)

    return ask
