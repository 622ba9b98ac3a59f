"""RSA (PKCS #1 v1.5) and ECDSA (P-256, P-384) signature verification, in pure Python, for the chains of time-stamp authorities.

Only public values pass through here. The offline verifier needs nothing but the standard library; authorities sign with these, not
with Ed25519. Methods: RFC 8017 section 8.2.2 (the encoded message is built and compared whole); SEC 1 section 4.1.4, affine.
"""

from __future__ import annotations

import hashlib

from jianlu.core.curves import Curve
from jianlu.core.errors import InvalidError
from jianlu.core.formats.der import INTEGER, SEQUENCE, parse_der

RSA, EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 8192
"""Below, a signature proves nothing today; above, checking it would take seconds."""

_ALGORITHMS = {
    "1.2.840.113549.1.1.11": (RSA, "sha256"),
    "1.2.840.113549.1.1.12": (RSA, "sha384"),
    "1.2.840.113549.1.1.13": (RSA, "sha512"),
    "1.2.840.10045.4.3.2": (EC, "sha256"),
    "1.2.840.10045.4.3.3": (EC, "sha384"),
    "1.2.840.10045.4.3.4": (EC, "sha512"),
}
_PREFIXES = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_CURVES = {
    "1.2.840.10045.3.1.7": Curve(
        p=2**256 - 2**224 + 2**192 + 2**96 - 1,
        b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        x=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        y=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    "1.3.132.0.34": Curve(
        p=2**384 - 2**128 - 2**96 + 2**32 - 1,
        b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        x=0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        y=0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
}


def verify_signature(key: bytes, algorithm: str, signature: bytes, message: bytes, *, digest: str = "") -> bool:
    """Whether `signature` of `message` is by the SubjectPublicKeyInfo `key` under the signature `algorithm` (object identifier).

    CMS may name the bare RSA key type as algorithm; then `digest` says which. False for a signature that is wrong; InvalidError for a
    key or an algorithm that is not read here (other curves, RSA below 2048 bits, RSA-PSS, SHA-1).
    """
    named = (RSA, digest) if algorithm == RSA and digest in _PREFIXES else _ALGORITHMS.get(algorithm)
    kind, bits = parse_der(key).of(SEQUENCE).several(2, 2)
    names = kind.of(SEQUENCE).several(1, 2)
    if named is None or named[0] != names[0].oid():
        raise InvalidError("the signature is of a kind that is not checked here: let openssl check it")
    if named[0] == RSA:
        return _verify_rsa(bits.bits(), named[1], signature, message)
    curve = _CURVES.get(names[1].oid()) if len(names) == 2 else None
    if curve is None:
        raise InvalidError("the key is on a curve that is not checked here: let openssl check it")
    return _verify_ecdsa(curve, bits.bits(), named[1], signature, message)


def _verify_rsa(key: bytes, digest: str, signature: bytes, message: bytes) -> bool:
    modulus, exponent = (each.integer() for each in parse_der(key).of(SEQUENCE).several(2, 2))
    if not RSA_BITS_MIN <= modulus.bit_length() <= RSA_BITS_MAX or not 3 <= exponent < 1 << 33 or exponent % 2 == 0:
        raise InvalidError("an RSA key is too short, too long or malformed")
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    tail = _PREFIXES[digest] + hashlib.new(digest, message).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail
    return pow(number, exponent, modulus).to_bytes(size, "big") == expected


def _verify_ecdsa(curve: Curve, key: bytes, digest: str, signature: bytes, message: bytes) -> bool:
    point = curve.decode(key)
    try:
        r, s = (each.of(INTEGER).integer() for each in parse_der(signature).of(SEQUENCE).several(2, 2))
    except InvalidError:
        return False
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    hashed = hashlib.new(digest, message).digest()[: curve.size]
    inverse = pow(s, -1, curve.n)
    first = curve.times(int.from_bytes(hashed, "big") * inverse % curve.n, curve.base)
    found = curve.plus(first, curve.times(r * inverse % curve.n, point))
    return found is not None and found[0] % curve.n == r
