"""Webhooks verified: Standard Webhooks 1.0, with a shared secret (`whsec_...`) or a public key (`whpk_...`).

Verify the body as it came, before it is parsed. Keep the ids that were dealt with: a message may come more than once, and in any order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

TOLERANCE_S = 300
"""How old, or how far in the future, a message may be: clocks differ, and a recorded message must not be good for ever."""


class NotGenuine(Exception):  # noqa: N818 - said of the message
    """The message is not from whom it says, was changed, or is too old: answer 400 and do nothing."""


@dataclass(frozen=True)
class Event:
    """What happened: `id` is the same at every attempt, `case` empty for a test, `position` its place in the ledger where it has one."""

    id: str
    type: str
    timestamp: str
    case: str
    n: int | None
    position: int | None
    url: str


class Verifier:
    """Checks messages by one secret or key, or by several while they are being changed."""

    def __init__(self, *secrets: str, tolerance_s: int = TOLERANCE_S) -> None:
        """ValueError for what is neither `whsec_...` nor `whpk_...`."""
        if not secrets:
            raise ValueError("give the secret (whsec_...) or public key (whpk_...) that was shown when the webhook was made")
        self._held = [_decoded(each) for each in secrets]
        self._tolerance_s = tolerance_s

    def verify(self, headers: Mapping[str, str], body: bytes, *, now_s: float | None = None) -> Event:
        """The event in `body`; NotGenuine unless one of the signatures holds and the message is fresh."""
        named = {name.lower(): value for name, value in headers.items()}
        message, at, signatures = (named.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not message or not at.isascii() or not at.isdigit():
            raise NotGenuine("the headers webhook-id and webhook-timestamp are missing or malformed")
        if abs((time.time() if now_s is None else now_s) - int(at)) > self._tolerance_s:
            raise NotGenuine("the message is too old or from the future: check this machine's clock")
        content = f"{message}.{at}.".encode() + body
        if not any(_holds(each, scheme, key, content) for each in signatures.split() for scheme, key in self._held):
            raise NotGenuine("no signature holds: check the secret, and that the body is the one that came")
        return _event(message, body)


def _decoded(secret: str) -> tuple[str, bytes]:
    prefix, _, encoded = secret.partition("_")
    if prefix not in ("whsec", "whpk") or not encoded:
        raise ValueError("a secret begins with whsec_, a public key with whpk_")
    return ("v1" if prefix == "whsec" else "v1a"), base64.b64decode(encoded)


def _holds(claimed: str, scheme: str, key: bytes, content: bytes) -> bool:
    said, _, encoded = claimed.partition(",")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    if said != scheme:
        return False
    if scheme == "v1":
        return hmac.compare_digest(hmac.new(key, content, hashlib.sha256).digest(), signature)
    return _holds_ed25519(key, signature, content)


def _holds_ed25519(key: bytes, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # only for whoever chose v1a: jianlu-client[ed25519]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _event(message: str, body: bytes) -> Event:
    try:
        said = json.loads(body)
        what = said["data"]
        return Event(message, said["type"], said["timestamp"], what["case"], what["n"], what["position"], what["url"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotGenuine("the signature holds, but the body is no event of Jianlu's") from error
