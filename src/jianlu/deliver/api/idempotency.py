"""Idempotency keys: a POST that is sent again with its key gets the first answer again and is not carried out twice.

The same key with another request is 422, one that is still being carried out 409. The answer is kept encrypted under
the key and the request themselves, which we do not keep: the table alone tells nobody an invitation. Server errors are not kept: they
can be retried.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, insert, select, update
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jianlu.core.errors import ConflictError, InvalidError, JianluError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.api._tables import answered_calls
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.problems import problem_of
from jianlu.govern.apikeys.keys import by_key
from jianlu.govern.identity.model import Principal, Staff
from jianlu.runtime.database import transaction

KEY_HEADER = b"idempotency-key"
REPLAYED_HEADER = "idempotency-replayed"
KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"^[\x21-\x7e]{8,200}$")
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag", b"set-cookie", b"www-authenticate"})
WITHOUT_KEYS = ("/api/v1/sign-in", "/api/v1/sign-out", "/api/v1/enrol", "/api/v1/me/", "/whip/", "/whep/")
"""Signing in makes nothing, its answer must not outlive the cookie, and a challenge is answered once; WHIP and WHEP know no such key."""

UNPROVED = 401
"""Not kept: a call that was refused until its maker proves who they are is carried out when they have."""

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Call:
    """One POST with a key: under which digest it is kept, what was asked, the cipher of its answer."""

    digest: str
    request_digest: str
    cipher: AESGCM


def takes_key(path: str) -> bool:
    """Whether a POST to `path`, or to a path of this template, may carry an Idempotency-Key."""
    return not path.startswith(WITHOUT_KEYS)


class Idempotency:
    """ASGI: carries out a POST with an `Idempotency-Key` once."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = next((value for name, value in scope.get("headers", ()) if name == KEY_HEADER), None)
        if scope["type"] != "http" or scope["method"] != "POST" or key is None or not takes_key(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
            call = await asyncio.to_thread(self._call, request, key.decode("latin-1"), body)
            kept = await asyncio.to_thread(_begin, self._deps, call)
        except ClientDisconnect:
            return
        except JianluError as error:
            await problem_of(error, self._deps.status_of(error), scope["path"])(scope, receive, send)
            return
        if kept is not None:
            await kept(scope, receive, send)
            return
        await self._carry_out(call, scope, _again(body, receive), send)

    def _call(self, request: Request, key: str, body: bytes) -> _Call:
        if not _KEY.fullmatch(key):
            raise InvalidError("an Idempotency-Key is 8 to 200 printable ASCII characters: use a random UUID")
        caller = _caller_text(self._deps.principal(request))
        asked = digest_of(f"{request.url.path}?{request.url.query}\x00".encode() + body)
        secret = HKDF(hashes.SHA256(), 32, None, b"jianlu/answered-call@v1").derive(f"{caller}\x00{key}\x00{asked}".encode())
        return _Call(digest_of(f"{caller}\x00{key}".encode()), asked, AESGCM(secret))

    async def _carry_out(self, call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
        status, headers, body = 500, [], bytearray()

        async def send_and_note(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() in _KEPT_HEADERS]
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body") and status < 500 and status != UNPROVED:
                    await asyncio.to_thread(_finish, self._deps, call, status, headers, bytes(body))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            await asyncio.to_thread(_forget_unfinished, self._deps, call)


def forget_interrupted(deps: Deps) -> None:
    """At start: calls that a killed process was carrying out may be sent again; the use cases look at the state they find."""
    with transaction(deps.database) as connection:
        connection.execute(delete(answered_calls).where(answered_calls.c.status.is_(None)))


def forget_old(deps: Deps) -> None:
    """Delete answers that are no longer kept."""
    with transaction(deps.database) as connection:
        old = instant_text(deps.clock.now() - KEPT_FOR)
        connection.execute(delete(answered_calls).where(answered_calls.c.begun_at <= old))


def _begin(deps: Deps, call: _Call) -> Response | None:
    """None when the call is to be carried out now; the first answer when it was. ConflictError, InvalidError as the module says."""
    now = deps.clock.now()
    with transaction(deps.database) as connection:
        row = connection.execute(select(answered_calls).where(answered_calls.c.digest == call.digest)).mappings().one_or_none()
        if row is not None and row["begun_at"] <= instant_text(now - KEPT_FOR):
            connection.execute(delete(answered_calls).where(answered_calls.c.digest == call.digest))
            row = None
        if row is None:
            fresh = {"digest": call.digest, "request_digest": call.request_digest, "begun_at": instant_text(now)}
            connection.execute(insert(answered_calls).values(**fresh))
            return None
    if row["request_digest"] != call.request_digest:
        raise InvalidError("this Idempotency-Key was used with another request: use a fresh key for a fresh request")
    if row["status"] is None:
        raise ConflictError("the first call with this Idempotency-Key is still being carried out: try again in a moment")
    return _opened(call, row["status"], row["answer"])


def _finish(deps: Deps, call: _Call, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    plain = json.dumps([[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers], body.decode("latin-1")])
    nonce = secrets.token_bytes(_NONCE_BYTES)
    answer = nonce + call.cipher.encrypt(nonce, plain.encode(), call.digest.encode())
    with transaction(deps.database) as connection:
        mine = answered_calls.c.digest == call.digest
        connection.execute(update(answered_calls).where(mine).values(status=status, answer=answer))


def _forget_unfinished(deps: Deps, call: _Call) -> None:
    with transaction(deps.database) as connection:
        mine = (answered_calls.c.digest == call.digest, answered_calls.c.status.is_(None))
        connection.execute(delete(answered_calls).where(*mine))


def _opened(call: _Call, status: int, answer: bytes) -> Response:
    plain = call.cipher.decrypt(answer[:_NONCE_BYTES], answer[_NONCE_BYTES:], call.digest.encode())
    headers, body = json.loads(plain)
    response = Response(body.encode("latin-1"), status)
    for name, value in headers:
        response.headers.append(name, value)
    response.headers.append(REPLAYED_HEADER, "true")
    return response


def _caller_text(principal: Principal | None) -> str:
    if principal is None:
        return "nobody"
    if key := by_key(principal):
        return f"key:{key}"
    return f"staff:{principal.account.id}" if isinstance(principal, Staff) else f"seat:{principal.admission}"


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once, then whatever comes."""
    is_sent = False

    async def replay() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
