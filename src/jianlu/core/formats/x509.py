"""X.509 certificates, as far as a time-stamp authority's chain needs them: `specs/time.md`, after RFC 5280.

Read in strict DER; signatures by `core.signatures`. Revocation is not asked: no list travels with a token.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.der import BIT_STRING, CONSTRUCTED, CONTEXT, OCTET_STRING, SEQUENCE, Der, parse_der
from jianlu.core.limits import X509_BYTES_MAX
from jianlu.core.signatures import verify_signature

_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_UNDERSTOOD = {_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE, "2.5.29.14", "2.5.29.32", "2.5.29.35"}
"""Extensions that may be critical: what they say is heeded here, or does not matter for a time stamp (policies, key ids)."""

_CHAIN_MAX = 6
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate taken apart; `content` is its DER, `key` its SubjectPublicKeyInfo.

    `path_max` says how many authorities may stand between it and a signer's certificate; -1 when it may sign no certificate.
    """

    content: bytes
    signed: bytes
    algorithm: str
    signature: bytes
    serial: int
    issuer: bytes
    subject: bytes
    begins_at: datetime
    ends_at: datetime
    key: bytes
    path_max: int
    stamps_time: bool
    critical: frozenset[str]

    def is_signed_by(self, issuer: Certificate, *, between: int) -> bool:
        """Whether `issuer`, an authority of that name that may have `between` others below it, signed it.

        InvalidError for a signature that we cannot check.
        """
        return (
            issuer.path_max >= between
            and issuer.subject == self.issuer
            and verify_signature(issuer.key, self.algorithm, self.signature, self.signed)
        )

    def holds_at(self, moment: datetime) -> bool:
        """Whether `moment` lies within its term."""
        return self.begins_at <= moment <= self.ends_at


def parse_certificate(content: bytes) -> Certificate:
    """The certificate whose DER is `content`; InvalidError for anything else."""
    if len(content) > X509_BYTES_MAX:
        raise InvalidError(f"a certificate has more than {X509_BYTES_MAX} bytes")
    parts = parse_der(content).of(SEQUENCE).several(3, 3)
    fields = list(parts[0].of(SEQUENCE).several(6, 10))
    if fields and fields[0].tag == CONTEXT | CONSTRUCTED:
        fields.pop(0)
    if len(fields) < 6:
        raise InvalidError("a certificate lacks a field")
    serial, algorithm, issuer, validity, subject, key, *others = fields
    if algorithm.whole != parts[1].whole:
        raise InvalidError("a certificate contradicts itself")
    begins, ends = validity.of(SEQUENCE).several(2, 2)
    extensions = _extensions(others)
    return Certificate(
        content=content,
        signed=parts[0].whole,
        algorithm=algorithm.of(SEQUENCE).first.oid(),
        signature=parts[2].bits(),
        serial=serial.integer(),
        issuer=issuer.of(SEQUENCE).whole,
        subject=subject.of(SEQUENCE).whole,
        begins_at=begins.instant(),
        ends_at=ends.instant(),
        key=key.of(SEQUENCE).whole,
        path_max=_path_max(extensions),
        stamps_time=_stamps_time(extensions),
        critical=frozenset(name for name, (is_critical, _) in extensions.items() if is_critical),
    )


def parse_certificates(text: str) -> tuple[Certificate, ...]:
    """The certificates in PEM `text`, one or more; InvalidError when there is none or one is malformed."""
    found = []
    for block in text.split(_BEGIN)[1:]:
        try:
            found.append(parse_certificate(base64.b64decode("".join(block.partition(_END)[0].split()), validate=True)))
        except (binascii.Error, ValueError) as error:
            raise InvalidError("a certificate is not PEM") from error
    if not found:
        raise InvalidError("there is no certificate: give a PEM file that begins with BEGIN CERTIFICATE")
    return tuple(found)


def certificate_text(certificate: Certificate) -> str:
    """The certificate as PEM."""
    encoded = base64.b64encode(certificate.content).decode()
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def check_chain_to(
    trusted: Sequence[Certificate], signer: Certificate, others: Sequence[Certificate], moment: datetime
) -> tuple[Certificate, ...]:
    """The chain from `signer` to a root, each certificate valid at `moment` and signed by the next.

    Of `trusted` those that name themselves as issuer are roots; the rest, like `others`, only help to get there. IntegrityError when no
    chain leads to a root, or the signer may not stamp time; InvalidError for a kind of signature that we cannot check.
    """
    if not signer.stamps_time:
        raise IntegrityError("the signer's certificate is not one for time stamps alone (critical extended key usage)")
    roots = [each for each in trusted if each.issuer == each.subject]
    chain = [signer]
    while len(chain) <= _CHAIN_MAX:
        last = chain[-1]
        if not last.holds_at(moment):
            raise IntegrityError("a certificate of the time-stamp authority was not valid at the time that the token says")
        if last.critical - _UNDERSTOOD:
            raise IntegrityError("a certificate of the authority has a critical extension that is not understood here")
        if last in roots:
            return tuple(chain)
        candidates = (each for each in (*trusted, *others) if each not in chain)
        issuer = next((each for each in candidates if last.is_signed_by(each, between=len(chain) - 1)), None)
        if issuer is None:
            break
        chain.append(issuer)
    raise IntegrityError("the time-stamp authority's certificate does not lead to a root that is trusted")


def _extensions(fields: Sequence[Der]) -> dict[str, tuple[bool, bytes]]:
    found: dict[str, tuple[bool, bytes]] = {}
    for field in fields:
        if field.tag != CONTEXT | CONSTRUCTED | 3:
            continue
        for extension in field.inner().of(SEQUENCE).children():
            name, *rest = extension.of(SEQUENCE).several(2, 3)
            if name.oid() in found:
                raise InvalidError("a certificate's extension is malformed or doubled")
            found[name.oid()] = (len(rest) == 2 and rest[0].truth(), rest[-1].of(OCTET_STRING).content)
    return found


def _path_max(extensions: dict[str, tuple[bool, bytes]]) -> int:
    """Basic constraints say that it is an authority, and key usage, where it is said, that it signs certificates (bit 5)."""
    if _BASIC_CONSTRAINTS not in extensions:
        return -1
    fields = parse_der(extensions[_BASIC_CONSTRAINTS][1]).of(SEQUENCE).children()
    usage = parse_der(extensions[_KEY_USAGE][1]).of(BIT_STRING).content if _KEY_USAGE in extensions else b"\x00\x04"
    if not fields or not fields[0].truth() or len(usage) < 2 or not usage[1] & 0x04:
        return -1
    return fields[1].integer() if len(fields) > 1 else _CHAIN_MAX


def _stamps_time(extensions: dict[str, tuple[bool, bytes]]) -> bool:
    """RFC 3161, 2.3: this usage alone, and critical."""
    is_critical, content = extensions.get(_EXTENDED_KEY_USAGE, (False, b""))
    return is_critical and [each.oid() for each in parse_der(content).of(SEQUENCE).children()] == [_TIME_STAMPING]
