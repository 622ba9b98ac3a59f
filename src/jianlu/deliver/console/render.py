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
from starlette.responses import HTMLResponse

from jianlu.deliver.console.built import asset_url
from jianlu.deliver.console.ports import ConsoleSettings, Viewer
from jianlu.deliver.console.texts import LANG_COOKIE, LANGS, Lang, in_lang, lang_of, texts_of

_TEMPLATES = Path(__file__).with_name("templates")
_YEAR_S = 365 * 24 * 3600


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
    lang = lang_of(request)
    words = texts_of(lang)

    def t(key: str, **values: object) -> str:
        return words[key].format(**values) if values else words[key]

    frame = {
        "lang": lang,
        "html_lang": "zh-CN" if lang == "zh" else "en",
        "t": t,
        "tr": lambda value: in_lang(value, lang),
        "words": script_texts(lang),
        "viewer": viewer,
        "settings": settings,
        "switch": _switch(request, lang),
        "path": request.url.path,
    }
    made = _environment().get_template(f"{template}.html.j2").render({**frame, **content})
    answer = HTMLResponse(made, status_code=status, headers={"cache-control": "no-store", "vary": "Accept-Language, Cookie"})
    if request.query_params.get("lang") in LANGS:
        answer.set_cookie(LANG_COOKIE, lang, max_age=_YEAR_S, path="/", samesite="lax", secure=request.url.scheme == "https")
    return answer


@cache
def script_texts(lang: Lang) -> Mapping[str, str]:
    """The texts that the browser's code shows: those under `js`, without that prefix."""
    return {key.removeprefix("js."): text for key, text in texts_of(lang).items() if key.startswith("js.")}


def _switch(request: Request, lang: Lang) -> str:
    """This page in the other language."""
    other = next(each for each in LANGS if each != lang)
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', other)])}"
