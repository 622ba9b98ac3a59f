"""What a browser's authenticator says, checked: WebAuthn Level 3 (W3C), sections 7.1 and 7.2, by the library `webauthn`.

User verification is demanded always, other sites may neither frame the ceremony nor relay it, and nothing but the library's own findings
leaves as a result. Counters are compared where they are kept (`passkeys.py`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import webauthn
from cbor2 import CBORError
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jianlu.core.errors import InvalidError
from jianlu.govern.identity._challenges import CHALLENGE_FOR
from jianlu.govern.identity.model import Account, Site

CREDENTIAL_CHARACTERS_MAX = 1_400
PUBLIC_KEY_BYTES_MAX = 2_000
_TIMEOUT_MS = int(CHALLENGE_FOR.total_seconds() * 1000)
_WRONG = "this passkey's answer cannot be accepted: use it on this site's own page, with its PIN or fingerprint, and try again"
_FOREIGN = (
    *(WebAuthnException, CBORError, InvalidSignature, UnsupportedAlgorithm, struct.error),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError, OverflowError),
)
"""What the library and its parsers raise for bytes from outside that are none."""


@dataclass(frozen=True, slots=True)
class Made:
    """A credential that was made here and now: its id, its COSE key, its counter."""

    credential: str
    public_key: bytes
    sign_count: int
    is_backed_up: bool


def creation_options(site: Site, account: Account, challenge: str, known: Sequence[str]) -> dict[str, Any]:
    """What the browser is asked to make: discoverable, with user verification, not where one of `known` is already."""
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_id=account.id.encode(),
        user_name=account.name,
        user_display_name=account.display,
        challenge=base64url_to_bytes(challenge),
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
    )
    return options_to_json_dict(options)


def request_options(site: Site, challenge: str, allowed: Sequence[str]) -> dict[str, Any]:
    """What the browser is asked to prove: with one of `allowed`, or with any that the person chooses."""
    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=base64url_to_bytes(challenge),
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def claimed_challenge(claimed: Mapping[str, Any]) -> str:
    """The challenge that the answer says it answers; nothing for an answer without one."""
    said = _client_said(claimed).get("challenge")
    return said if isinstance(said, str) else ""


def verify_made(site: Site, claimed: Mapping[str, Any], challenge: str) -> Made:
    """The credential that was made for this challenge; InvalidError for anything else."""
    _require_top_page(claimed)
    try:
        found = webauthn.verify_registration_response(
            credential=dict(claimed),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.id,
            expected_origin=site.origins,
            require_user_verification=True,
        )
    except _FOREIGN as error:
        raise InvalidError(_WRONG) from error
    credential = bytes_to_base64url(found.credential_id)
    if len(credential) > CREDENTIAL_CHARACTERS_MAX or len(found.credential_public_key) > PUBLIC_KEY_BYTES_MAX:
        raise InvalidError("this passkey is larger than any standard one: use another authenticator")
    return Made(credential, found.credential_public_key, found.sign_count, found.credential_backed_up)


def verify_proof(site: Site, claimed: Mapping[str, Any], challenge: str, public_key: bytes) -> int:
    """The counter of a right proof; InvalidError for anything else. Whether the counter may be so is not looked at."""
    _require_top_page(claimed)
    try:
        found = webauthn.verify_authentication_response(
            credential=dict(claimed),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.id,
            expected_origin=site.origins,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _FOREIGN as error:
        raise InvalidError(_WRONG) from error
    return found.new_sign_count


def _require_top_page(claimed: Mapping[str, Any]) -> None:
    """Section 7.1, step 10: we are framed by nobody."""
    said = _client_said(claimed)
    if said.get("crossOrigin") or "topOrigin" in said:
        raise InvalidError(_WRONG)


def _client_said(claimed: Mapping[str, Any]) -> dict[str, Any]:
    response = claimed.get("response")
    try:
        said = json.loads(base64url_to_bytes(response["clientDataJSON"])) if isinstance(response, dict) else {}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidError(_WRONG) from error
    return said if isinstance(said, dict) else {}
