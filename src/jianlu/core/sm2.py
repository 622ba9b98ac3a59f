"""SM2 signature verification (GB/T 32918.2-2016, the curve of GB/T 32918.5-2017) with SM3, in pure Python for the offline verifier.

Only public values pass through here. No signing and no keys: signing is by the openssl program, in `ledger.sm2_signer`. The signer's
identity that enters the digest is the default one of GM/T 0009, "1234567812345678", as every program has it unless told.
"""

from __future__ import annotations

from jianlu.core.curves import Curve
from jianlu.core.errors import InvalidError
from jianlu.core.formats.der import INTEGER, SEQUENCE, parse_der
from jianlu.core.sm3 import sm3

PUBLIC_KEY_BYTES = 65
SIGNATURE_BYTES_MAX = 72
IDENTITY = b"1234567812345678"
CURVE = Curve(
    p=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF,
    b=0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    n=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
    x=0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    y=0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def check_public_key(public_key: bytes) -> bytes:
    """`public_key` when it is an uncompressed point (65 bytes) of the curve; InvalidError otherwise."""
    CURVE.decode(public_key)
    return public_key


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (DER, two integers) is `public_key`'s (65 bytes) SM2 signature of `message`; never raises on outside bytes.

    Strict: one spelling of the DER, r and s from 1 to below the order, r + s not a multiple of it, the key a point of the curve. So what is
    accepted here is accepted by OpenSSL, and nobody can spell a signature in another way.
    """
    try:
        key = CURVE.decode(public_key)
        r, s = (each.of(INTEGER).integer() for each in parse_der(signature[: SIGNATURE_BYTES_MAX + 1]).of(SEQUENCE).several(2, 2))
    except InvalidError:
        return False
    t = (r + s) % CURVE.n
    if not (0 < r < CURVE.n and 0 < s < CURVE.n) or t == 0:
        return False
    found = CURVE.plus(CURVE.times(s, CURVE.base), CURVE.times(t, key))
    return found is not None and (digest_number(public_key, message) + found[0]) % CURVE.n == r


def digest_number(public_key: bytes, message: bytes) -> int:
    """The number e that is signed: SM3 of the signer's Z (identity, curve and key hashed) and the message."""
    parts = (CURVE.p - 3, CURVE.b, CURVE.x, CURVE.y)
    fields = b"".join(part.to_bytes(CURVE.size, "big") for part in parts)
    z = sm3((8 * len(IDENTITY)).to_bytes(2, "big") + IDENTITY + fields + public_key[1:])
    return int.from_bytes(sm3(z + message), "big")
