"""Time-stamp tokens: `specs/time.md`, after RFC 3161 and RFC 5652, in strict DER.

A token says that an authority saw a digest at a time. Here it is taken apart and checked; the cryptography is in `signatures`, the
authority's chain in `x509`. Only SHA-256 imprints are read: we ask for no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.der import CONSTRUCTED, CONTEXT, GENERALIZED_TIME, INTEGER, OCTET_STRING, SEQUENCE, SET, Der, parse_der
from jianlu.core.formats.x509 import Certificate, check_chain_to, parse_certificate
from jianlu.core.limits import STAMP_BYTES_MAX, STAMP_CERTIFICATES_MAX
from jianlu.core.signatures import verify_signature

CMS_SIGNED, TIME_STAMP = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
SHA256 = "2.16.840.1.101.3.4.2.1"
DIGESTS = {SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
"""Digests that may be signed, by object identifier."""

_EXPLICIT_0, _EXPLICIT_1 = CONTEXT | CONSTRUCTED, CONTEXT | CONSTRUCTED | 1


@dataclass(frozen=True, slots=True)
class Signing:
    """How the token is signed: by which certificate, over which bytes, with what; nothing of it is checked yet."""

    issuer: bytes
    serial: int
    digest: str
    algorithm: str
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """A token taken apart: only claimed until its signature was checked."""

    imprint: bytes
    gen_at: datetime
    serial: int
    policy: str
    nonce: int | None
    certificates: tuple[Certificate, ...]
    signing: Signing

    @property
    def signer(self) -> Certificate:
        """The certificate that the token says it is signed with; InvalidError when it does not carry it."""
        for certificate in self.certificates:
            if (certificate.issuer, certificate.serial) == (self.signing.issuer, self.signing.serial):
                return certificate
        raise InvalidError("the token does not carry its signer's certificate: ask the authority for it with certReq")

    def check_of(self, content: bytes) -> None:
        """IntegrityError unless the token is of exactly `content`."""
        if self.imprint != hashlib.sha256(content).digest():
            raise IntegrityError("the time-stamp token is of other bytes than these")

    def check_signature(self) -> None:
        """IntegrityError unless the certificate that it carries signed it; InvalidError for a kind of signature not checked here."""
        signing = self.signing
        if not verify_signature(self.signer.key, signing.algorithm, signing.signature, signing.signed, digest=signing.digest):
            raise IntegrityError("the time-stamp token is not signed by the certificate that it carries")


def parse_stamp(token: bytes) -> Stamp:
    """The TimeStampToken `token`; InvalidError unless it is one within the bounds, whose signed attributes fit its content.

    Guaranteed of what is returned: the bytes that are signed name the digest of the content and the signer's own certificate.
    """
    if len(token) > STAMP_BYTES_MAX:
        raise InvalidError(f"a time-stamp token has more than {STAMP_BYTES_MAX} bytes")
    kind, explicit = parse_der(token).of(SEQUENCE).several(2, 2)
    if kind.oid() != CMS_SIGNED:
        raise InvalidError("a time-stamp token must be CMS signed data")
    version, _, encapsulated, *rest = explicit.of(_EXPLICIT_0).inner().of(SEQUENCE).several(4, 6)
    if version.integer() != 3:
        raise InvalidError("the signed data of a time-stamp token has version 3")
    content_kind, wrapped = encapsulated.of(SEQUENCE).several(2, 2)
    if content_kind.oid() != TIME_STAMP:
        raise InvalidError("the signed data is no time stamp")
    content = wrapped.of(_EXPLICIT_0).inner().of(OCTET_STRING).content
    certificates = rest[0].children() if rest[0].tag == _EXPLICIT_0 else ()
    if len(certificates) > STAMP_CERTIFICATES_MAX:
        raise InvalidError(f"a time-stamp token carries more than {STAMP_CERTIFICATES_MAX} certificates")
    infos = rest[-1].of(SET).children()
    if len(infos) != 1:
        raise InvalidError("a time-stamp token has exactly one signer")
    found = tuple(parse_certificate(each.whole) for each in certificates)
    stamp = _stamp(content, found, _signing(infos[0], content))
    _check_signing_certificate(infos[0], stamp.signer)
    return stamp


def _stamp(content: bytes, certificates: tuple[Certificate, ...], signing: Signing) -> Stamp:
    version, policy, imprint, serial, when, *rest = parse_der(content).of(SEQUENCE).several(5, 10)
    algorithm, digest = imprint.of(SEQUENCE).several(2, 2)
    if version.integer() != 1 or algorithm.of(SEQUENCE).first.oid() != SHA256:
        raise InvalidError("a time stamp must have version 1 and a SHA-256 imprint")
    if len(digest.of(OCTET_STRING).content) != 32:
        raise InvalidError("a time stamp's imprint has 32 bytes")
    nonces = [each.integer() for each in rest if each.tag == INTEGER]
    return Stamp(
        imprint=digest.content,
        gen_at=when.of(GENERALIZED_TIME).instant(),
        serial=serial.integer(),
        policy=policy.oid(),
        nonce=nonces[0] if nonces else None,
        certificates=certificates,
        signing=signing,
    )


def _signing(signer: Der, content: bytes) -> Signing:
    _, who, digest, attributes, algorithm, signature, *_ = signer.of(SEQUENCE).several(6, 7)
    name = DIGESTS.get(digest.of(SEQUENCE).first.oid())
    issuer, serial = who.of(SEQUENCE).several(2, 2)
    if name is None:
        raise InvalidError("the time stamp is signed over a digest that is not SHA-256, SHA-384 or SHA-512")
    if _attribute(attributes, CONTENT_TYPE).oid() != TIME_STAMP:
        raise InvalidError("the signature is not about a time stamp")
    if _attribute(attributes, MESSAGE_DIGEST).of(OCTET_STRING).content != hashlib.new(name, content).digest():
        raise InvalidError("the signature is about another time stamp")
    return Signing(
        issuer=issuer.whole,
        serial=serial.integer(),
        digest=name,
        algorithm=algorithm.of(SEQUENCE).first.oid(),
        signed=bytes([SET]) + attributes.whole[1:],
        signature=signature.of(OCTET_STRING).content,
    )


def _check_signing_certificate(signer: Der, certificate: Certificate) -> None:
    """RFC 5816: the certificate's digest is among what is signed, so that no other certificate of the same key can take its place."""
    attributes = signer.several(6, 7)[3]
    for kind, default in ((SIGNING_CERTIFICATE_V2, "sha256"), (SIGNING_CERTIFICATE, "sha1")):
        try:
            value = _attribute(attributes, kind)
        except InvalidError:
            continue
        first = value.of(SEQUENCE).first.of(SEQUENCE).first.of(SEQUENCE).several(1, 3)
        algorithm = default
        if first[0].tag == SEQUENCE and kind == SIGNING_CERTIFICATE_V2:
            algorithm = DIGESTS.get(first[0].first.oid(), "")
            first = first[1:]
        if algorithm and first and first[0].of(OCTET_STRING).content == hashlib.new(algorithm, certificate.content).digest():
            return
        raise InvalidError("the time stamp names another signing certificate than it carries")
    raise InvalidError("the time stamp does not name its signing certificate")


def _attribute(attributes: Der, kind: str) -> Der:
    """The one value of the signed attribute `kind`."""
    found: list[Der] = []
    for attribute in attributes.of(_EXPLICIT_0).children():
        name, values = attribute.of(SEQUENCE).several(2, 2)
        if name.oid() == kind:
            found += values.of(SET).children()
    if len(found) != 1:
        raise InvalidError("a signed attribute of the time stamp is missing or doubled")
    return found[0]


def check_stamp(token: bytes, content: bytes, trusted: Sequence[Certificate]) -> Stamp:
    """The stamp that `token` is of `content`, signed by an authority whose chain leads to a root of `trusted`, valid when it stamped.

    InvalidError for a malformed token and for a kind of signature that is not checked here; IntegrityError for everything that is wrong.
    """
    stamp = parse_stamp(token)
    stamp.check_of(content)
    check_chain_to(trusted, stamp.signer, stamp.certificates, stamp.gen_at)
    stamp.check_signature()
    return stamp
