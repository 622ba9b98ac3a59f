"""One call over HTTP: headers, retries, errors. What can be called is `operations.py`."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from jianlu_client.problems import problem_of

Made = TypeVar("Made")
Self = TypeVar("Self", bound="Transport")

ATTEMPTS = 4
WAIT_S_MAX = 30.0
_AGAIN = frozenset({429, 503})


class Transport:
    """Holds the connection, the key and the cookies of one caller; safe for threads."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        verify: ssl.SSLContext | str | bool = True,
        timeout_s: float = 60.0,
        attempts: int = ATTEMPTS,
    ) -> None:
        """`url` of the service; without `api_key` the caller is a participant, by the cookie of `join`. `verify`: a CA file or context."""
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        headers = {"X-Jianlu": "1", **({"Authorization": f"Bearer {api_key}"} if api_key else {})}
        self._http = httpx.Client(base_url=url, verify=context, timeout=timeout_s, headers=headers)
        self._attempts = attempts

    def disconnect(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.disconnect()

    def call(
        self,
        method: str,
        template: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: BaseModel | None = None,
        content: str | bytes | None = None,
        media: str = "",
        headers: Mapping[str, str] | None = None,
        idempotency_key: str = "",
    ) -> httpx.Response:
        """The answer of a success; a `Problem` otherwise. A POST without a key of its own gets one, so that repeating it is safe."""
        address = template.format(**{name: quote(value, safe="") for name, value in (path or {}).items()})
        sent = dict(headers or {})
        if media:
            sent["Content-Type"] = media
        elif body is not None:
            content, sent["Content-Type"] = body.model_dump_json(exclude_unset=True, by_alias=True), "application/json"
        if method == "POST":
            sent["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        request = self._http.build_request(method, address, params=asked, content=content, headers=sent)
        answer = self._send(request, is_repeatable=method in ("GET", "POST", "PUT", "DELETE"))
        if not answer.is_success:
            raise problem_of(answer)
        return answer

    def _send(self, request: httpx.Request, *, is_repeatable: bool) -> httpx.Response:
        for attempt in range(self._attempts):
            is_last = attempt + 1 == self._attempts or not is_repeatable
            try:
                answer = self._http.send(request)
            except httpx.TransportError:
                if is_last:
                    raise
                time.sleep(min(2.0**attempt, WAIT_S_MAX))
                continue
            if answer.status_code not in _AGAIN or is_last:
                return answer
            time.sleep(_wait_s(answer, attempt))
        raise AssertionError("a loop of at least one attempt returns or raises")


def _wait_s(answer: httpx.Response, attempt: int) -> float:
    said = answer.headers.get("Retry-After", "")
    return min(float(said) if said.isdigit() else 2.0**attempt, WAIT_S_MAX)


def parsed(kind: Any, answer: httpx.Response) -> Any:
    """The answer's JSON as `kind`, a model or a union of models."""
    return TypeAdapter(kind).validate_json(answer.content)
