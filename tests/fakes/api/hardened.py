"""What a browser is told with every answer, and how other sites try to make it act: judged by sentences, none of which means all is well.

The routes are taken from the application itself, so that one which is added tomorrow is judged tomorrow. What is allowed to be otherwise
is listed here with its reason, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from tests.fakes.api.world import NOBODYS_CASE

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER_SITE = "https://evil.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PROOF = {"X-Jianlu": "1"}

FORGED: Mapping[str, Mapping[str, str]] = {
    "a form of another site": {"Sec-Fetch-Site": "cross-site", "Origin": OTHER_SITE, **FORM},
    "a form of a neighbour under the same name": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver", **FORM},
    "an old browser, which says nothing of sites": {"Origin": OTHER_SITE, "Content-Type": "text/plain"},
    "no word of where it comes from": {"Content-Type": "application/json"},
    "a sandboxed frame": {"Sec-Fetch-Site": "cross-site", "Origin": "null", **FORM},
    "a link or an address typed": {"Sec-Fetch-Site": "none", **FORM},
    "our own header from another origin": {**PROOF, "Origin": OTHER_SITE, "Content-Type": "application/json"},
    "our own header from nowhere": {**PROOF, "Origin": "null", "Content-Type": "application/json"},
    "our own header over plain HTTP": {**PROOF, "Origin": "http://testserver", "Content-Type": "application/json"},
    "our own header though the browser says cross-site": {**PROOF, "Sec-Fetch-Site": "cross-site"},
    "another wording of our header": {"X-Jianlu": "true", "Origin": OTHER_SITE},
}
"""Calls that the browser of somebody who is signed in might be brought to send."""

BY_TOKEN = ("/whip/", "/whep/", "/scim/")
"""No cookie counts there, so that nothing can be forged."""

KEPT = {
    re.compile(r"/static/(?!manifest\.json).*"): "the pages' code, named by its content",
    re.compile(r"/ledger/(checkpoint|anchors|tile/.*)"): "hashes, stamps and entries without a name",
    re.compile(r"/verify/(trust\.json|verifier\.pyz)"): "public files, asked for anew each time",
    re.compile(r"/sample/.*"): "the made-up people of a demonstration",
}
"""What a browser may keep, with the reason."""

WEBASSEMBLY = re.compile(r"/static/verify\.worker\.[A-Z0-9]+\.js")
"""The worker in which the verifier runs: it alone compiles WebAssembly, and it has neither page nor cookies nor forms."""

PREFERENCES = frozenset({"__Host-jianlu-lang"})
"""Says how a page is to be shown and nothing else: it is kept, and links from elsewhere bring it along."""


@dataclass(frozen=True, slots=True)
class Way:
    """One method of one route, with something in the place of each parameter."""

    method: str
    template: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


def ways(app: FastAPI, named: Mapping[str, str] | None = None) -> list[Way]:
    """Every method of every route of the application, pages included; `named` are values for parameters by their name."""
    values = {"case": NOBODYS_CASE, "no": "1", "kind": "whip", "stage": "first", **(named or {})}

    def path(template: str) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values.get(found[1], "something"), template)

    return sorted(
        {Way(method, template, path(template)) for method, template in _found(app.routes)}, key=lambda way: (way.path, way.method)
    )


def _found(among: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for each in among:
        if isinstance(each, Route):
            yield from ((method, each.path) for method in each.methods or ())
        elif isinstance(each, Mount):
            yield "GET", each.path
        elif (included := getattr(each, "original_router", None)) is not None:
            yield from _found(included.routes)
        else:
            raise AssertionError(f"a route of a kind that nobody judges: {each!r}")


def exposed(answer: Any) -> Iterator[str]:
    """What an answer tells a browser wrongly, or leaves unsaid."""
    headers, path = answer.headers, answer.request.url.path
    yield from _policy(headers.get("content-security-policy", ""), is_worker=bool(WEBASSEMBLY.fullmatch(path)))
    wanted = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    yield from (f"{name} is {headers.get(name)!r}" for name, value in wanted.items() if headers.get(name) != value)
    yield from _permissions(headers.get("permissions-policy", ""))
    yield from (f"{name} says what answers" for name in ("server", "x-powered-by", "via", "x-runtime") if name in headers)
    yield from (f"{name} lets other sites read" for name in headers if name.startswith("access-control-allow"))
    if "no-store" not in headers.get("cache-control", "") and not any(each.fullmatch(path) for each in KEPT):
        yield f"a browser may keep it: {headers.get('cache-control')!r}"
    said = headers.get("content-type", "")
    if said.startswith(("text/html", "text/plain", "text/csv")) and "charset=utf-8" not in said.lower():
        yield f"the character set is left to a guess: {said}"
    if not said and answer.content:
        yield "what it is is left to a guess"
    for line in headers.get_list("set-cookie"):
        yield from _cookie(line)


def _policy(text: str, *, is_worker: bool) -> Iterator[str]:
    parts = dict(part.strip().partition(" ")[::2] for part in text.split(";") if part.strip())
    if parts.get("default-src") != "'none'":
        yield f"the policy allows by default: {text!r}"
    for name, value in parts.items():
        for source in value.split():
            is_allowed = source in {"'self'", "'none'"} or (source in {"data:", "blob:"} and name in {"img-src", "media-src"})
            if not is_allowed and not (is_worker and (name, source) == ("script-src", "'wasm-unsafe-eval'")):
                yield f"the policy allows {source} as {name}"
    never = {"script-src": {"'self'"}, "style-src": {"'self'"}, "connect-src": {"'self'"}}
    closed = {"frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'self'"}
    if not is_worker:
        yield from (f"{name} is {parts.get(name)!r}" for name, value in never.items() if {*parts.get(name, "").split()} != value)
        yield from (f"{name} is {parts.get(name)!r}" for name, value in closed.items() if parts.get(name) != value)


def _permissions(text: str) -> Iterator[str]:
    granted = dict(part.strip().partition("=")[::2] for part in text.split(","))
    yield from (f"{name} is granted to {to}" for name, to in granted.items() if to not in {"()", "(self)"})
    for name in ("geolocation", "payment", "usb"):
        if granted.get(name) != "()":
            yield f"{name} is not denied"


def _cookie(line: str) -> Iterator[str]:
    held: Morsel[str]
    for name, held in SimpleCookie(line).items():
        if not name.startswith("__Host-") or not held["secure"] or held["path"] != "/" or held["domain"]:
            yield f"the cookie {name} is not for this host alone"
        if not held["httponly"]:
            yield f"the cookie {name} can be read by scripts"
        if name in PREFERENCES:
            continue
        if str(held["samesite"]).lower() != "strict":
            yield f"the cookie {name} can be sent by other sites"
        if held["max-age"] not in ("", "0") or (held["expires"] and held["max-age"] != "0"):
            yield f"the cookie {name} outlives the browser"


_INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=.?application/json)[^>]*>\s*[^<\s]")


class _Markup(HTMLParser):
    """Collects what a page must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name == "style":
                self.found.append(f"<{tag} {name}> is code or style in the page")
            address = (value or "").strip().lower()
            is_link = tag == "a" and address.startswith("https://")  # a law at its publisher's; no referrer goes along
            if name in ("href", "src", "action", "formaction", "srcset", "poster") and not (is_link or _is_own(address)):
                self.found.append(f"<{tag} {name}={address[:60]}> leads elsewhere")
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.found.append(f"there is a <{tag}>")
        if said.get("target") == "_blank" and "noopener" not in (said.get("rel") or ""):
            self.found.append("a new window may reach back")
        if said.get("type") == "password" and said.get("autocomplete") not in ("current-password", "new-password"):
            self.found.append("a manager of passwords is not helped")
        if tag == "form" and (said.get("method") or "get").lower() == "get" and said.get("action") == "/copy":
            self.found.append("a secret would be in an address")


def _is_own(address: str) -> bool:
    return not re.match(r"(?:[a-z][a-z0-9+.-]*:|//)", address) or address.startswith(("https://localhost", "https://testserver"))


def unsafe_markup(page: str) -> list[str]:
    """What a page holds that its policy would refuse, or that leads away from here."""
    markup = _Markup()
    markup.feed(page)
    return [*markup.found, *("there is a script in the page" for _ in _INLINE.findall(page))]
