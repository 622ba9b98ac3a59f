"""A device in software: a key that signs a DPoP proof (RFC 9449) for each call, as a page does with the key of its browser.

As a client's `auth` it proves every call by itself; its flaws are settings.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey


class Device:
    """`now` tells the device's clock."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self.key = ECKey.generate_key("P-256")

    def proof(self, method: str, url: str, **changed: Any) -> str:
        """A proof for one call; `changed` are other claims than the right ones, `header` other header fields."""
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False), **changed.pop("header", {})}
        address = url.partition("?")[0]
        said = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": address, "iat": int(self._now().timestamp()), **changed}
        return jws.serialize_compact(header, json.dumps(said).encode(), self.key, algorithms=["ES256"])

    def __call__(self, request: Any) -> Any:
        """The request with a proof, if it has none; for httpx's `auth`."""
        if "DPoP" not in request.headers:
            request.headers["DPoP"] = self.proof(request.method, str(request.url))
        return request
