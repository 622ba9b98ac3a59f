"""Speaking to OpenBao: one pool of connections for all threads, a token that is renewed, and its answers as our errors.

The token comes from a file, which an agent may write anew at any time, or from an AppRole. At half of its life it is renewed; one that is
refused is fetched anew, once.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from jianlu.backends.keys._secret_files import read_secret
from jianlu.core.errors import DeniedError, InvalidError, UnavailableError

ANSWER_WITHIN_S = 5.0
"""For connecting, for sending and for each part of an answer; a call that finds a dead connection tries once more."""

_CONNECTIONS = 16
_RENEW_AGAIN_S = 10.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token in a file of its own, 0600."""

    path: Path


@dataclass(frozen=True, slots=True)
class AppRole:
    """A role that signs in: its id and its secret in files, 0600, and where the method is mounted."""

    role_id: Path
    secret_id: Path
    mount: str = "approle"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to a request that it took: 2xx, 400 or 404."""

    status: int
    said: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    life_s: float
    """0 for one that never ends."""

    renew_at: float
    is_renewable: bool


class BaoSession:
    """A server under one identity. Safe for many threads at once."""

    def __init__(
        self,
        url: str,
        credentials: TokenFile | AppRole,
        *,
        authorities: Path | None = None,
        namespace: str = "",
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """The server at `url`, which is TLS unless it is on this machine; `authorities`: PEM. Nothing is spoken to yet.

        InvalidError for an address without TLS, UnavailableError when the authorities cannot be read.
        """
        address = urlsplit(url)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
            raise InvalidError("the key service is spoken to with TLS: write an https address in [keys]")
        try:
            context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        except OSError as error:
            raise UnavailableError("the key service's authorities cannot be read: see [keys] in the settings") from error
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/v1/",
            verify=context,
            timeout=within_s,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            headers={"X-Vault-Request": "true", **({"X-Vault-Namespace": namespace} if namespace else {})},
            follow_redirects=False,
            trust_env=False,
        )
        weakref.finalize(self, self._client.close)
        self._credentials = credentials
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """The answer to a request that may be repeated.

        UnavailableError when the server is away, sealed or overrun, DeniedError when it does not allow this, also with a fresh token.
        """
        token = self._valid_token()
        try:
            return self._send(method, path, body, token)
        except DeniedError:
            fresh = self._replaced(token)
            if fresh == token:
                raise
            return self._send(method, path, body, fresh)

    def _valid_token(self) -> str:
        with self._lock:
            if self._token is None:
                self._token = self._fetched()
            elif time.monotonic() >= self._token.renew_at:
                self._token = self._renewed(self._token)
            return self._token.text

    def _replaced(self, refused: str) -> str:
        """Another thread may have replaced it already."""
        with self._lock:
            if self._token is None or self._token.text == refused:
                self._token = None
                self._token = self._fetched()
            return self._token.text

    def _renewed(self, token: _Token) -> _Token:
        """Renewed, or fetched anew where its life comes to an end; the old one goes on for a while when the server is away."""
        try:
            if token.is_renewable:
                auth = self._send("POST", "auth/token/renew-self", {}, token.text).said
                renewed = _token(token.text, auth["lease_duration"], bool(auth["renewable"]))
                if renewed.life_s > token.life_s / 2:
                    return renewed
            return self._fetched()
        except DeniedError:
            return self._fetched()
        except UnavailableError:
            return _Token(token.text, token.life_s, time.monotonic() + _RENEW_AGAIN_S, token.is_renewable)

    def _fetched(self) -> _Token:
        if isinstance(self._credentials, TokenFile):
            text = read_secret(self._credentials.path, "the key service's token")
            found = self._send("GET", "auth/token/lookup-self", None, text).said
            return _token(text, found.get("ttl", 0), bool(found.get("renewable", False)))
        signed_in = {
            "role_id": read_secret(self._credentials.role_id, "the key service's role id"),
            "secret_id": read_secret(self._credentials.secret_id, "the key service's secret id"),
        }
        answer = self._send("POST", f"auth/{self._credentials.mount}/login", signed_in, "")
        if "client_token" not in answer.said:
            raise DeniedError("the key service does not know the role: have its role id and secret id issued anew")
        return _token(answer.said["client_token"], answer.said["lease_duration"], bool(answer.said["renewable"]))

    def _send(self, method: str, path: str, body: dict[str, Any] | None, token: str) -> Answer:
        headers = {"X-Vault-Token": token} if token else {}
        try:
            try:
                response = self._client.request(method, path, json=body, headers=headers)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):  # the server closed a connection that was kept
                response = self._client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the key service does not answer ({type(error).__name__}): see that it runs and that [keys] names it",
                code="keys_away",
            ) from error
        return _answer(response)


def _token(text: str, life_s: float, is_renewable: bool) -> _Token:
    return _Token(text, life_s, time.monotonic() + life_s / 2 if life_s else math.inf, is_renewable)


def _answer(response: httpx.Response) -> Answer:
    status = response.status_code
    if status == 403:
        raise DeniedError("the key service refuses: have the token and its policy looked at (docs/keys.md)")
    if status not in {200, 204, 400, 404}:
        meaning = "is sealed or not active: unseal it" if status in {429, 472, 473, 503} else f"fails ({status}): see its log"
        raise UnavailableError(f"the key service {meaning}", code="keys_away")
    try:
        body = response.json() if response.content else {}
    except ValueError as error:
        raise UnavailableError("what answers is no key service: see the address in [keys]", code="keys_away") from error
    if not isinstance(body, dict):
        raise UnavailableError("what answers is no key service: see the address in [keys]", code="keys_away")
    return Answer(status, body.get("auth") or body.get("data") or {}, " ".join(map(str, body.get("errors") or ())))
