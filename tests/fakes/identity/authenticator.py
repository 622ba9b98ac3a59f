"""An authenticator in software: makes passkeys and proves with them as WebAuthn demands, with real keys, CBOR, COSE and signatures.

Its flaws are settings: another origin, no user verification, a counter that goes back, a copy of itself.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of `b64`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Held:
    """A credential in the authenticator."""

    key: Key
    user: bytes
    site: str


@dataclass
class Authenticator:
    """What a browser and its security key do together, on a page of `origin`."""

    origin: str = "https://testserver"
    verifies_user: bool = True
    counter: int = 0
    step: int = 1
    is_synced: bool = False
    client: Mapping[str, Any] = field(default_factory=dict)
    site: str = ""
    algorithm: int = -7
    held: dict[bytes, Held] = field(default_factory=dict)

    def copied(self) -> Authenticator:
        """A clone with the same keys and counter, as a thief of the key would have."""
        return copy.copy(self)

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create`, as JSON."""
        site = self.site or options["rp"]["id"]
        key: Key = ed25519.Ed25519PrivateKey.generate() if self.algorithm == -8 else ec.generate_private_key(ec.SECP256R1())
        name = secrets.token_bytes(32)
        self.held[name] = Held(key, unb64(options["user"]["id"]), site)
        cose = cbor2.dumps(_cose(key))
        attested = bytes(16) + len(name).to_bytes(2, "big") + name + cose
        said = self._said(site, ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client = self._client("webauthn.create", options["challenge"])
        response = {"clientDataJSON": b64(client), "attestationObject": b64(statement), "transports": ["internal"]}
        return {"id": b64(name), "rawId": b64(name), "type": "public-key", "response": response, "clientExtensionResults": {}}

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.get`, as JSON, with the first credential that is allowed."""
        allowed = [unb64(each["id"]) for each in options.get("allowCredentials") or ()]
        name = next(each for each in self.held if not allowed or each in allowed)
        held = self.held[name]
        self.counter += self.step
        said = self._said(self.site or options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signed = said + hashlib.sha256(client).digest()
        signature = (
            held.key.sign(signed)
            if isinstance(held.key, ed25519.Ed25519PrivateKey)
            else held.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        )
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(said),
            "signature": b64(signature),
            "userHandle": b64(held.user),
        }
        return {"id": b64(name), "rawId": b64(name), "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _said(self, site: str, more: int) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies_user else 0) | ((ELIGIBLE | BACKED_UP) if self.is_synced else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **self.client}
        return json.dumps(said).encode()


def _cose(key: Key) -> dict[int, Any]:
    """The public key as COSE (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    numbers = key.public_key().public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
