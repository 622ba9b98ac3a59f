"""The walk over every page: which there are, who may see each, and what a look at one finds wrong.

A look is told of by sentences; no sentence means that nothing is wrong. What axe-core finds is in `accessible.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from playwright.sync_api import Page
from starlette.routing import BaseRoute, Route

from jianlu.deliver.console.texts import Lang, texts_of

NOBODY, SEATED, LEFT = "", "customer", "customer-afterwards"
"""Who looks without an account: anybody, the customer before the talk, the customer after it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One page of the walk: its route, who goes there, where `named` places of a furnished home are put in, and what shows it ready."""

    route: str
    who: str
    at: str = ""
    ready: str = "main h1"

    def path(self, named: Mapping[str, str]) -> str:
        """The address on this home."""
        return (self.at or self.route).format(**named)


WALK = (
    Stop("/sign-in", NOBODY, ready="jl-sign-in button:enabled"),
    Stop("/sign-in/back", NOBODY),
    Stop("/enrol", NOBODY, ready="jl-enrol :is(h2, h3)"),
    Stop("/join", NOBODY, ready="jl-join [data-state]:not([data-state=opening])"),
    Stop("/walk-in", NOBODY, ready="#walk-name"),
    Stop("/copy", NOBODY),
    Stop("/verify", NOBODY, ready="jl-verify button"),
    Stop("/room/{case}", SEATED, "/room/{draft}", ready="jl-room h1"),
    Stop("/room/{case}/copy", LEFT, "/room/{sealed}/copy"),
    Stop("/cases", "lin"),
    Stop("/cases", "lin", "/cases?q=nothing+of+that+name"),
    Stop("/cases/new", "lin", ready="jl-new-case button.main"),
    Stop("/cases/{case}", "lin", "/cases/{draft}", ready="jl-cockpit h1"),
    Stop("/cases/{case}", "lin", "/cases/{live}", ready="jl-cockpit .speech"),
    Stop("/cases/{case}", "lin", "/cases/{sealed}", ready="jl-outcome h2"),
    Stop("/cases/{case}", "lin", "/cases/{halted}", ready="jl-outcome h2"),
    Stop("/cases/{case}", "lin", "/cases/{refused}", ready="jl-outcome h2"),
    Stop("/cases/{case}/playback", "lin", "/cases/{sealed}/playback", ready=".play-role video"),
    Stop("/queue", "lin", ready=".queue-item"),
    Stop("/reviews", "lin", "/reviews?which=all"),
    Stop("/search", "lin"),
    Stop("/requests", "lin", "/requests?case={sealed}"),
    Stop("/account", "lin", ready="jl-passkeys button"),
    Stop("/nowhere", "lin"),
    Stop("/administration", "lin", ready="main h1"),
    Stop("/wall", "he", ready="jl-wall .tile-of"),
    Stop("/team", "he"),
    Stop("/requests", "he"),
    Stop("/cases", "he"),
    Stop("/scripts", "xu"),
    Stop("/scripts/{script}", "xu", "/scripts/insurance-sale"),
    Stop("/scripts/{script}/edit", "xu", "/scripts/insurance-sale/edit"),
    Stop("/policies", "xu"),
    Stop("/policies/{version}", "xu", "/policies/1"),
    Stop("/cases/{case}/file", "xu", "/cases/{sealed}/file"),
    Stop("/cases/{case}/plan", "xu", "/cases/{sealed}/plan", ready=".demands"),
    Stop("/packs", "xu"),
    Stop("/packs/{pack}", "xu", "/packs/cn-insurance-dual-recording", ready=".clause"),
    Stop("/packs/{pack}", "xu", "/packs/cn-insurance-dual-recording?against=1.0.0", ready=".changes"),
    Stop("/responsibility", "xu"),
    Stop("/retention", "xu"),
    Stop("/holds", "xu", "/holds?case={sealed}"),
    Stop("/destructions", "xu"),
    Stop("/cases/{case}/destroyed", "xu", "/cases/{sealed}/destroyed"),
    Stop("/style-guide", "xu", ready=".guide"),
    Stop("/reviews", "qin"),
    Stop("/reviews/statistics", "qin"),
    Stop("/reviews/{case}", "qin", "/reviews/{reviewed}", ready="jl-review .sheet:not([data-boot])"),
    Stop("/reviews/{case}", "tang", "/reviews/{sealed}", ready="jl-review .sheet:not([data-boot])"),
    Stop("/ledger", "shen", ready="jl-ledger tbody tr"),
    Stop("/access-log", "shen"),
    Stop("/cases/{case}/file", "shen", "/cases/{halted}/file"),
    Stop("/samples", "guan"),
    Stop("/samples/{sample}", "guan", "/samples/{sample}"),
    Stop("/samples/{sample}/cases/{drawn}", "guan", "/samples/{sample}/cases/{drawn}"),
    Stop("/administration", "sun"),
    Stop("/integrations", "sun"),
    Stop("/integrations/webhooks/{endpoint}", "sun", "/integrations/webhooks/{hook}"),
    Stop("/stores", "sun"),
    Stop("/administration", "gao"),
    Stop("/people", "gao"),
    Stop("/policies/edit", "gao"),
    Stop("/account", "gao", ready="jl-passkeys button"),
    Stop("/people", "gao", ready="jl-waiting-links *"),
    Stop("/ledger", "pan", ready="jl-ledger tbody tr"),
    Stop("/retention", "pan"),
)
NO_PAGES = frozenset({"/", "/responsibility.csv", "/verify/trust.json", "/verify/verifier.pyz"})
"""A redirection and files."""


def page_routes(app: FastAPI) -> set[str]:
    """What a browser can be sent to: every GET that the description of the interface leaves out, without files."""
    found = {route.path for route in _routes(app.routes) if "GET" in (route.methods or ()) and not route.include_in_schema}
    return {path for path in found if not path.startswith(("/api/", "/scim/", "/sample/"))} - NO_PAGES


def _routes(among: Iterable[BaseRoute]) -> Iterator[Route]:
    for each in among:
        if isinstance(each, Route):
            yield each
        elif (included := getattr(each, "original_router", None)) is not None:
            yield from _routes(included.routes)


def fits(page: Page) -> Iterator[str]:
    """Whether the page is as wide as its window."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        yield f"it is {wide} px wider than its window"


def keyboard(page: Page) -> Iterator[str]:
    """The skip link first; whatever can be pressed or filled in can be reached and shows that it has the focus."""
    page.evaluate(_FROM_THE_START)
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") != "skip":
        yield f"the first Tab goes to {page.evaluate('document.activeElement.outerHTML.slice(0, 80)')}"
    yield from page.evaluate(_REACHED)
    page.evaluate("document.activeElement.blur()")


_FROM_THE_START = """() => {
  document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); window.scrollTo(0, 0);
}"""
"""Wherever a page puts the focus by itself, the keyboard begins at its top."""

# Marks of the time line are for pointers: the same moments stand in the lists beside it, where Tab comes to them.
_REACHED = """() => {
  const all = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=tab], [role=button], [tabindex]';
  const said = [];
  for (const each of document.querySelectorAll(all)) {
    if (!each.checkVisibility({checkOpacity: false, checkVisibilityCSS: true}) || each.disabled || each.closest('[inert]')) continue;
    if (each.matches('main, dialog, .skip, .tl-mark')) continue;
    if (each.tabIndex < 0) {
      const among = each.closest('[role=tablist], [role=radiogroup], [role=listbox]');
      if (!among?.querySelector('[tabindex="0"]') && !each.matches('[tabindex="-1"]:not(a, button, input, select, textarea)'))
        said.push(`Tab does not reach ${each.outerHTML.slice(0, 100)}`);
      continue;
    }
    each.focus({preventScroll: true});
    if (document.activeElement !== each) { said.push(`it takes no focus: ${each.outerHTML.slice(0, 100)}`); continue; }
    const shows = (at) => {
      const style = getComputedStyle(at), isDrawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
      return style.boxShadow !== 'none' || (isDrawn && style.outlineColor !== 'rgba(0, 0, 0, 0)');
    };
    const around = [each, each.closest('tr'), each.nextElementSibling, each.closest('label'), each.parentElement].filter(Boolean);
    if (!around.some(shows)) said.push(`no focus is seen on ${each.outerHTML.slice(0, 100)}`);
  }
  return said;
}"""


def language(page: Page, lang: Lang) -> Iterator[str]:
    """The page says which language it is in, keeps to it, and shows no key of a text."""
    if page.get_attribute("html", "lang") != ("zh-CN" if lang == "zh" else "en"):
        yield f"its language is called {page.get_attribute('html', 'lang')}"
    other = _texts_only_of("en" if lang == "zh" else "zh")
    for text in dict.fromkeys(page.evaluate(_SAID)):
        if text in other:
            yield f"this text is of the other language: {text}"
        if key := next((word for word in _KEY.findall(text) if word in texts_of("zh") or f"js.{word}" in texts_of("zh")), ""):
            yield f"a key is shown: {key}"
        if lang == "zh" and (words := [word for word in _WORD.findall(_NAMES.sub(" ", text)) if word not in KNOWN_WORDS]):
            yield f"English on the Chinese page: {' '.join(words)} in: {text[:80]}"


_SAID = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = [];
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (at.closest('script, style, noscript, textarea, code, pre, .mono, .digest, .diff, .guide-mono') || !at.checkVisibility()) continue;
    const lang = at.closest('[lang]')?.lang;
    if (lang && lang !== document.documentElement.lang) continue;
    const text = walker.currentNode.data.trim();
    if (text) said.push(text);
  }
  for (const each of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (each.getAttribute(name)) said.push(each.getAttribute(name));
  return said;
}"""
_KEY = re.compile(r"\b[a-z_]+(?:\.[a-z_0-9]+)+\b")
_NAMES = re.compile(r"[A-Za-z0-9]*[0-9_/.:@#+*=-][A-Za-z0-9_/.:@#+*=-]*|\b[a-z2-7]{27}\b")
"""Numbers, codes, addresses and other names with a sign in them; ids, of which one in a hundred happens to have no digit."""

_WORD = re.compile(r"[A-Za-z]{3,}")
KNOWN_WORDS = frozenset(
    {"UTC", "English", "PDF", "JSON", "CSV", "JavaScript", "Python", "Chrome", "Edge", "Firefox", "Safari", "WebAssembly", "API"}
    | {
        "URL",
        "SHA",
        "webhook",
        "webhooks",
        "Webhook",
        "Cedar",
        "Delegated",
        "Regulation",
        "Kappa",
        "IANA",
        "HIPAA",
        "TOTP",
        "SCIM",
        "Mbit",
        "kbit",
        "ang",
        "Linux",
        "Windows",
        "GiB",
    }
)
"""Names and units that Chinese writes in Latin letters."""


def _texts_only_of(lang: Lang) -> frozenset[str]:
    """The texts of one language that the other does not have in the same words."""
    mine, others = texts_of(lang), texts_of("zh" if lang == "en" else "en")
    return frozenset(text for key, text in mine.items() if others[key] != text and len(text) > 1) - set(others.values())
