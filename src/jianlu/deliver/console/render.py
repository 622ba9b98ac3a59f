"""Pages from templates: one Jinja environment, its filters, and the frame that every page gets (texts, viewer, assets, language).

Escaping is on for everything. Nothing here asks a port: routes hand over what a page shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jianlu.deliver.console.built import asset_url
from jianlu.deliver.console.places import MAKERS, grouped, places_of
from jianlu.deliver.console.ports import ConsoleSettings, Viewer
from jianlu.deliver.console.texts import LANG_COOKIE, LANGS, Lang, in_lang, lang_of, texts_of
from jianlu.deliver.console.zones import offset_now, zone_for
from jianlu.runtime.zones import shown_in

_TEMPLATES = Path(__file__).with_name("templates")
_YEAR_S = 365 * 24 * 3600
OWN_TEXTS: Mapping[str, frozenset[str]] = {
    "ledger": frozenset({"ledger"}),
    "verify": frozenset({"verify"}),
    "scriptedit": frozenset({"script-edit"}),
    "withdraw": frozenset({"case-file", "own-copy"}),
    "wall": frozenset({"wall"}),
    "wallstate": frozenset({"wall"}),
    "enrol": frozenset({"enrol", "account"}),
    "happened": frozenset({"account", "people"}),
    "join": frozenset({"join", "walk-in"}),
    "walk_in": frozenset({"walk-in"}),
}
"""Sections of the browser's texts that few pages show, by their templates: long ones, which no other page has to carry."""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(clock=clock_of, block=_block)
    made.globals.update(asset=asset_url)
    return made


def clock_of(ms: object) -> str:
    """Milliseconds as 1:02:03 or 02:03."""
    if not isinstance(ms, int | float):
        return "–"
    seconds = int(ms) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def _utc(instant: str) -> str:
    """An instant of ours to the second, as the ledger counts."""
    return f"{instant[:19].replace('T', ' ')} UTC" if instant else ""


def _block(value: object) -> str:
    """JSON that is safe inside a script element which holds no script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def page(
    request: Request,
    template: str,
    *,
    settings: ConsoleSettings,
    viewer: Viewer | None = None,
    status: int = 200,
    **content: Any,
) -> HTMLResponse:
    """The page of `template`, in the visitor's language; a language that the query names is remembered."""
    lang, zone = lang_of(request), zone_for(request, settings.time_zone)
    words = texts_of(lang)

    def t(key: str, **values: object) -> str:
        return words[key].format(**values) if values else words[key]

    has_administration = settings.has_administration(request)
    frame = {
        "lang": lang,
        "html_lang": "zh-CN" if lang == "zh" else "en",
        "t": t,
        "tr": lambda value: in_lang(value, lang),
        "words": script_texts(lang, template),
        "known": words,
        "viewer": viewer,
        "places": grouped(places_of(viewer, has_administration=has_administration)),
        "has_administration": has_administration,
        "may_make_cases": viewer is not None and bool(MAKERS & viewer.roles),
        "settings": settings,
        "local": lambda instant: shown_in(instant, zone) if instant else "–",
        "zone": zone,
        "offset": offset_now(zone),
        "utc": _utc,
        "switch": _switch(request, lang),
        "path": request.url.path,
    }
    made = _environment().get_template(f"{template}.html.j2").render({**frame, **content})
    answer = HTMLResponse(made, status_code=status, headers={"cache-control": "no-store", "vary": "Accept-Language, Cookie"})
    _remember_lang(request, answer)
    return answer


def sent(request: Request, path: str) -> RedirectResponse:
    """To another page of this site; a language that the query names is remembered on the way, as on a page."""
    answer = RedirectResponse(path, status_code=303)
    _remember_lang(request, answer)
    return answer


def _remember_lang(request: Request, answer: Response) -> None:
    if request.query_params.get("lang") in LANGS:
        answer.set_cookie(LANG_COOKIE, lang_of(request), max_age=_YEAR_S, path="/", samesite="lax", secure=True, httponly=True)


@cache
def script_texts(lang: Lang, template: str) -> Mapping[str, str]:
    """The texts that the browser's code shows on that page: those under `js`, without that prefix and what is of other pages alone."""
    found = {key.removeprefix("js."): text for key, text in texts_of(lang).items() if key.startswith("js.")}
    return {key: text for key, text in found.items() if template in OWN_TEXTS.get(key.partition(".")[0], (template,))}


def _switch(request: Request, lang: Lang) -> str:
    """This page in the other language."""
    other = next(each for each in LANGS if each != lang)
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', other)])}"
