"""From which device a request comes: the proof in its DPoP header, and the place that it was sent from.

What that decides is `govern/identity/sign_ins.py`. The network address is the one that the guard bounds calls by; only a digest is kept.
"""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request

from jianlu.core.terms.digests import digest_of
from jianlu.deliver.api.cookies import AS_HEADER
from jianlu.govern.identity.devices import Proofs, Seen
from jianlu.govern.identity.localities import Localities

PROOF_HEADER = "dpop"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TOUCHED_HEADER = "x-jianlu-touched"
"""Said by a page on what it asks: a person has touched it within the last minute."""

_BY_A_PERSON = ("sec-fetch-user", "?1")
"""Said by browsers alone, of a page that a person went to (Fetch Metadata, 2.4)."""

HERE_PATH = "/api/v1/me/here"

_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)


def seen_of(request: Request, proofs: Proofs, localities: Localities, now: datetime) -> Seen:
    """What the request shows; its proof is looked at once a request. DeviceProofNeededError for a proof that is none."""
    if not hasattr(request.state, "seen"):
        request.state.seen = _look(request, proofs, localities, now)
    found: Seen = request.state.seen
    return found


def device_name(agent: str) -> str:
    """`Chrome · Windows`: enough for a person to recognise their own device in a list."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or agent.partition("/")[0][:40]


def _look(request: Request, proofs: Proofs, localities: Localities, now: datetime) -> Seen:
    agent = request.headers.get("user-agent", "")
    address = request.client.host if request.client else ""
    proof = request.headers.get(PROOF_HEADER, "")
    key = ""
    if proof:
        url = request.url
        key = proofs.verify(proof, method=request.method, host=url.netloc, path=request.scope["path"], now=now)
    return Seen(
        place=digest_of(f"{address}\n{agent}".encode()),
        name=device_name(agent),
        key=key,
        is_change=request.method not in _SAFE_METHODS,
        is_use=is_act(request),
        locality=localities.of(address),
    )


def is_act(request: Request) -> bool:
    """Whether a person did this: neither a page that asks by itself, nor a stream, nor media, nor a program that only looks.

    A page says which of its calls follow a touch. What says nothing of pages is a program: what it changes is an act of whoever runs it.
    """
    name, by_a_person = _BY_A_PERSON
    if TOUCHED_HEADER in request.headers or request.headers.get(name) == by_a_person:
        return True
    is_change = request.method not in _SAFE_METHODS and request.url.path != HERE_PATH
    return is_change and AS_HEADER not in request.headers
