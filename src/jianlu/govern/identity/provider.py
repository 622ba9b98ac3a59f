"""The organisation's OpenID provider: discovery, keys, exchange of a code, and the check of an ID token.

OpenID Connect Core 1.0, 3.1; PKCE (RFC 7636), `iss` of the answer (RFC 9207). Only asymmetric algorithms are taken, so that neither `none`
nor a shared secret signs anybody in. Discovery and keys are kept for ten minutes; a token of an unknown key has them fetched anew, at most
once a minute. Answers are bounded in size and time, and nobody is followed elsewhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from jianlu.core.errors import UnavailableError
from jianlu.govern.identity.model import STEP_UP_MAX, SignInNeededError

ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA", "Ed25519"]
ANSWER_BYTES_MAX = 1 << 20
TIMEOUT_S = 10.0
CLOCK_SKEW = timedelta(minutes=1)
TOKEN_AGE_MAX = timedelta(minutes=10)
_KNOWN_FOR = timedelta(minutes=10)
_ANEW_AFTER = timedelta(minutes=1)
_REFUSED = "the organisation's sign-in was not accepted: sign in there again"
_AWAY = "the organisation's sign-in cannot be reached or answers wrongly: try again, or sign in otherwise"


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are known there: where it is, our client id and secret (empty for a public client), where people come back to."""

    issuer: str
    client: str
    secret: str
    back: str


class Provider:
    """One OpenID provider; safe for threads. `http` is bounded in time by whoever made it."""

    def __init__(self, registration: Registration, http: httpx.Client) -> None:
        """Nothing is fetched before it is needed."""
        self.registration = registration
        self._http = http
        self._lock = threading.Lock()
        self._found: tuple[Mapping[str, Any], KeySet, datetime] | None = None

    def address(self, *, state: str, nonce: str, challenge: str, now: datetime, is_fresh: bool) -> str:
        """Where the browser is sent; `is_fresh` asks the person to prove anew who they are. UnavailableError when it cannot be reached."""
        asked = {
            "response_type": "code",
            "scope": "openid profile",
            "client_id": self.registration.client,
            "redirect_uri": self.registration.back,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if is_fresh else {}),
        }
        at = str(self._known(now)[0]["authorization_endpoint"])
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}"

    def redeem(self, code: str, *, verifier: str, nonce: str, now: datetime, is_fresh: bool) -> Mapping[str, Any]:
        """The claims of who signed in there. SignInNeededError when the code, or the token that it gave, is not good for this sign-in."""
        document, _, _ = self._known(now)
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.registration.back,
            "code_verifier": verifier,
            "client_id": self.registration.client,
        }
        auth = (self.registration.client, self.registration.secret) if self.registration.secret else None
        answer = self._ask("POST", str(document["token_endpoint"]), data=sent, auth=auth)
        if answer.status_code in (400, 401, 403):
            raise SignInNeededError(_REFUSED)
        said = _json_of(answer)
        if not isinstance(said, dict) or not isinstance(said.get("id_token"), str):
            raise UnavailableError(_AWAY)
        return self._verified(said["id_token"], nonce, now, is_fresh=is_fresh)

    def _verified(self, claimed_token: str, nonce: str, now: datetime, *, is_fresh: bool) -> Mapping[str, Any]:
        try:
            token = self._decoded(claimed_token, now)
            _require_claims(self.registration, token.claims, nonce, now, is_fresh=is_fresh)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise SignInNeededError(_REFUSED) from error
        return token.claims

    def _decoded(self, claimed_token: str, now: datetime) -> jwt.Token:
        _, keys, fetched_at = self._known(now)
        try:
            return jwt.decode(claimed_token, keys, algorithms=ALGORITHMS)
        except (InvalidKeyIdError, ValueError):
            if now - fetched_at < _ANEW_AFTER:
                raise
        return jwt.decode(claimed_token, self._known(now, is_anew=True)[1], algorithms=ALGORITHMS)

    def _known(self, now: datetime, *, is_anew: bool = False) -> tuple[Mapping[str, Any], KeySet, datetime]:
        with self._lock:
            if self._found is None or is_anew or now - self._found[2] > _KNOWN_FOR:
                self._found = (*self._discover(), now)
            return self._found

    def _discover(self) -> tuple[Mapping[str, Any], KeySet]:
        issuer = self.registration.issuer
        document = _json_of(self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration"))
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(document, dict) or document.get("issuer") != issuer or not all(document.get(each) for each in wanted):
            raise UnavailableError(_AWAY)
        is_plain = issuer.startswith("http://")
        if not is_plain and not all(str(document[each]).startswith("https://") for each in wanted):
            raise UnavailableError(_AWAY)
        try:
            return document, KeySet.import_key_set(_json_of(self._ask("GET", str(document["jwks_uri"]))))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise UnavailableError(_AWAY) from error

    def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            with self._http.stream(method, url, follow_redirects=False, timeout=TIMEOUT_S, **more) as answer:
                read = bytearray()
                for part in answer.iter_bytes():
                    read += part
                    if len(read) > ANSWER_BYTES_MAX:
                        raise UnavailableError(_AWAY)
                return httpx.Response(answer.status_code, content=bytes(read))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnavailableError(_AWAY) from error


def _require_claims(registration: Registration, said: Mapping[str, Any], nonce: str, now: datetime, *, is_fresh: bool) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7; raises ValueError-like errors of the check for whatever does not fit."""
    audience = said.get("aud")
    for_us = audience == registration.client or (isinstance(audience, list) and registration.client in audience)
    is_several = isinstance(audience, list) and len(audience) > 1
    at, skew = now.timestamp(), CLOCK_SKEW.total_seconds()
    issued, ends = said.get("iat"), said.get("exp")
    checks = (
        said.get("iss") == registration.issuer,
        for_us,
        said.get("azp", registration.client) == registration.client and (not is_several or "azp" in said),
        bool(nonce) and said.get("nonce") == nonce,
        isinstance(ends, int | float) and ends > at - skew,
        isinstance(issued, int | float) and at - TOKEN_AGE_MAX.total_seconds() < issued < at + skew,
        isinstance(said.get("nbf", 0), int | float) and said.get("nbf", 0) < at + skew,
        isinstance(said.get("sub"), str) and 0 < len(said["sub"]) <= 255,
        not is_fresh or (isinstance(said.get("auth_time"), int | float) and said["auth_time"] > at - STEP_UP_MAX.total_seconds()),
    )
    if not all(checks):
        raise SignInNeededError(_REFUSED)


def _json_of(answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        raise UnavailableError(_AWAY)
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise UnavailableError(_AWAY) from error
