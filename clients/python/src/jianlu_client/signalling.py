"""The answer to an SDP offer (WHIP and WHEP, RFC 9725): the description for the peer, and where the connection is changed or ended."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Signalled:
    """`sdp` is for the peer; `connection` is the last part of the connection's address, `etag` that of its ICE session."""

    sdp: str
    location: str
    connection: str
    etag: str


def signalled(answer: httpx.Response) -> Signalled:
    """What the answer says."""
    location = answer.headers.get("Location", "")
    return Signalled(answer.text, location, location.rpartition("/")[2], answer.headers.get("ETag", ""))
