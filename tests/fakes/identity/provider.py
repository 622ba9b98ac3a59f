"""An OpenID provider on loopback: Authlib's authorization server with PKCE and OpenID Connect, served over HTTP as a real one would be.

People sign in there by being `present`. What its tokens say can be bent: other claims, another key, no signature at all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.identity.authenticator import b64
from tests.fakes.serving.running import wait_for

CLIENT, SECRET = "jianlu", "a client secret of a test"


@dataclass
class LoopbackProvider:
    """The provider's state: who is signed in there, what it gave, and how its tokens are bent."""

    url: str = ""
    back: str = "https://testserver/sign-in/back"
    present: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    published: list[RSAKey] = field(default_factory=list)
    codes: dict[str, Any] = field(default_factory=dict)
    keeps_codes: bool = False
    issuer: str = ""

    def sign_in(self, address: str) -> dict[str, Any]:
        """What a browser that is sent to `address` brings back: `code` and `state`, or an error."""
        answer = httpx.get(address, follow_redirects=False, timeout=60)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(answer.headers["location"].partition("?")[2]))

    def id_token(self, grant: OpenIDCode, token: Any, request: Any) -> str:
        """The ID token as it is bent."""
        claims: dict[str, Any] = grant.get_compatible_claims(request)
        claims |= grant.get_authorization_code_claims(request.authorization_code)
        claims |= {**grant.generate_user_info(request.user, token["scope"]), **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return ".".join(_segment(each) for each in ({"alg": "none"}, claims)) + "."
        if self.algorithm == "HS256":
            return _signed_by_public_key(claims, self.key)
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, claims, self.key, [self.algorithm])


class _Server(AuthorizationServer):  # type: ignore[misc]
    def __init__(self, provider: LoopbackProvider) -> None:
        super().__init__(scopes_supported=["openid", "profile"])
        self.provider = provider
        self.register_token_generator(
            "default", lambda **_: {"token_type": "Bearer", "access_token": "x" * 32, "scope": "openid profile"}
        )

    def query_client(self, client_id: str) -> Any:
        return _Client(self.provider) if client_id == CLIENT else None

    def save_token(self, token: Any, request: Any) -> None:
        """Nobody comes back with it."""

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        if isinstance(body, dict):
            return JSONResponse(body, status, headers=dict(headers))
        return Response(body, status, headers=dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


class _Client:
    def __init__(self, provider: LoopbackProvider) -> None:
        self.provider = provider

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.provider.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.provider.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    def save_authorization_code(self, code: str, request: Any) -> None:
        asked, user = dict(request.payload.data), dict(self.server.provider.present)
        self.server.provider.codes[code] = SimpleNamespace(
            code=code,
            user=user,
            code_challenge=asked.get("code_challenge"),
            code_challenge_method=asked.get("code_challenge_method"),
            get_redirect_uri=lambda: asked["redirect_uri"],
            get_scope=lambda: asked["scope"],
            get_nonce=lambda: asked.get("nonce"),
            get_auth_time=lambda: int(time.time()),
            get_acr=lambda: None,
            get_amr=lambda: None,
        )

    def query_authorization_code(self, code: str, client: Any) -> Any:
        return self.server.provider.codes.get(code)

    def delete_authorization_code(self, authorization_code: Any) -> None:
        if not self.server.provider.keeps_codes:
            del self.server.provider.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Any) -> Any:
        return authorization_code.user


class _Tokens(OpenIDCode):  # type: ignore[misc]
    def __init__(self, provider: LoopbackProvider) -> None:
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": self.provider.issuer, "aud": [CLIENT]}

    def generate_user_info(self, user: Any, scope: str) -> UserInfo:
        return UserInfo(**user)

    def encode_id_token(self, token: Any, request: Any) -> str:
        return self.provider.id_token(self, token, request)


class _Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, said: dict[str, str]) -> None:
        self._said = said

    @property
    def data(self) -> dict[str, str]:
        return self._said

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._said.items()}


class _Asked(OAuth2Request):  # type: ignore[misc]
    def __init__(self, request: Request, said: dict[str, str]) -> None:
        super().__init__(
            request.method, str(request.url), headers={name.title(): value for name, value in request.headers.items()}
        )
        self.payload, self._said = _Payload(said), said

    @property
    def args(self) -> dict[str, str]:
        return self._said

    @property
    def form(self) -> dict[str, str]:
        return self._said


@contextmanager
def loopback_provider() -> Iterator[LoopbackProvider]:
    """Serve one until the block ends; it signs in whoever is `present`."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    provider = LoopbackProvider()
    provider.published = [provider.key]
    server = _Server(provider)
    server.register_grant(_CodeGrant, [_Tokens(provider), CodeChallenge(required=True)])
    lock = threading.Lock()

    def authorize(request: Request) -> Response:
        with lock:
            asked = _Asked(request, dict(request.query_params))
            grant = server.get_consent_grant(asked, end_user=provider.present)
            answer: Response = server.create_authorization_response(asked, grant_user=provider.present, grant=grant)
            return answer

    async def token(request: Request) -> Response:
        said = dict(parse_qsl((await request.body()).decode()))
        answer: Response = server.create_token_response(_Asked(request, said))
        return answer

    def discovery(_: Request) -> Response:
        at = {name: f"{provider.url}/{name}" for name in ("authorize", "token", "keys")}
        return JSONResponse(
            {
                "issuer": provider.issuer,
                "authorization_endpoint": at["authorize"],
                "token_endpoint": at["token"],
                "jwks_uri": at["keys"],
            }
        )

    def keys(_: Request) -> Response:
        return JSONResponse(KeySet(list(provider.published)).as_dict(private=False))

    routes = [
        Route("/.well-known/openid-configuration", discovery),
        Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]),
        Route("/keys", keys),
    ]
    with _served(Starlette(routes=routes)) as url:
        provider.url = provider.issuer = url
        yield provider
    del os.environ["AUTHLIB_INSECURE_TRANSPORT"]


@contextmanager
def _served(app: Starlette) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _segment(said: dict[str, Any]) -> str:
    return b64(json.dumps(said).encode())


def _signed_by_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """The classic confusion: HMAC under the public key's text."""
    text = f"{_segment({'alg': 'HS256', 'kid': key.kid})}.{_segment(claims)}"
    return f"{text}.{b64(hmac.digest(key.as_pem(private=False), text.encode(), hashlib.sha256))}"
