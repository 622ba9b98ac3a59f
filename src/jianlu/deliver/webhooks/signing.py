"""Signatures of Standard Webhooks 1.0: over `id.timestamp.body`, one for each secret that holds now, so that rotating loses nothing.

`v1` is HMAC-SHA-256, `v1a` Ed25519. A secret is 32 random bytes either way, shown as `whsec_...`; of an Ed25519 key only the public
half, `whpk_...`, is ever shown.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jianlu.deliver.webhooks.model import Scheme

SECRET_BYTES = 32


def fresh_secret() -> bytes:
    """The bytes of a new secret."""
    return secrets.token_bytes(SECRET_BYTES)


def shown_secret(scheme: Scheme, secret: bytes) -> str:
    """What the receiver is given to verify by: the secret itself for `v1`, the public key for `v1a`."""
    if scheme == "v1":
        return "whsec_" + base64.b64encode(secret).decode()
    return "whpk_" + base64.b64encode(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()).decode()


def signed_headers(scheme: Scheme, held: Iterable[bytes], message: str, at_s: int, body: bytes) -> Mapping[str, str]:
    """The three headers of a message that is sent at `at_s` (seconds since 1970), signed by each secret of `held`, the newest first."""
    content = f"{message}.{at_s}.".encode() + body
    signatures = " ".join(f"{scheme},{base64.b64encode(_signature(scheme, secret, content)).decode()}" for secret in held)
    return {"webhook-id": message, "webhook-timestamp": str(at_s), "webhook-signature": signatures}


def _signature(scheme: Scheme, secret: bytes, content: bytes) -> bytes:
    if scheme == "v1":
        return hmac.new(secret, content, hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(secret).sign(content)
