"""A small client of a running service for our own programs (the live demonstration): JSON over TLS, trusting the home's authority.

It speaks the public HTTP interface and nothing else. Integrators get a client of their own with a later issue.
"""

from __future__ import annotations

import http.cookiejar
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jianlu.core.errors import InvalidError, UnavailableError

TIMEOUT_S = 30
UNAVAILABLE = 503


class HttpCaller:
    """One caller with cookies of its own."""

    def __init__(self, url: str, authority: Path) -> None:
        """The service at `url`, whose certificate must be issued by the authority in the file."""
        self._url = url
        context = ssl.create_default_context(cafile=str(authority))
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def call(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer (None when there is none); InvalidError with the service's words when it refuses, UnavailableError for 503."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._url + path, data=body, method=method)  # noqa: S310  our own https URL
        request.add_header("X-Jianlu", "1")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        with self._opened(request) as answer:
            try:
                text = answer.read()
            except OSError as error:
                raise self._away(error) from error
        return json.loads(text) if text else None

    def download(self, path: str, destination: Path) -> None:
        """Write what `path` holds to a file; errors as `call`, and nothing is written when it is refused."""
        request = urllib.request.Request(self._url + path)  # noqa: S310  our own https URL
        with self._opened(request) as answer, destination.open("wb") as out:
            while part := answer.read(1 << 20):
                out.write(part)

    def _opened(self, request: urllib.request.Request) -> Any:
        try:
            return self._opener.open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            family = UnavailableError if error.code == UNAVAILABLE else InvalidError
            raise family(f"{request.get_method()} {request.selector}: {error.code} {_words(error.read())}") from error
        except OSError as error:
            raise self._away(error) from error

    def _away(self, error: OSError) -> UnavailableError:
        return UnavailableError(f"the service at {self._url} does not answer ({error}): see what `jianlu serve` printed")


def _words(body: bytes) -> str:
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    return str(problem.get("detail") or problem.get("title") or "") if isinstance(problem, dict) else ""
