"""The bundled clips as sample devices: sentences and faces that a participant without a camera may publish, labelled as such.

Served only where the settings allow it; elsewhere there is no such resource.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, JSONResponse, Response

from jianlu.core.errors import NotFoundError
from jianlu.deliver.console.ports import ConsolePorts

_CLIP = re.compile(r"[a-z0-9_]{1,40}")
_VOICES = ("agent", "customer")


def sample_routes(pages: ConsolePorts) -> APIRouter:
    """`/sample/lines.json`, `/sample/voices/{role}/{line}`, `/sample/faces`."""
    router = APIRouter(include_in_schema=False)

    def require() -> None:
        if not pages.settings.has_sample_devices:
            raise NotFoundError("this installation has no sample devices: set demo.sample_devices")

    @router.get("/sample/lines.json")
    def lines() -> Response:
        require()
        return JSONResponse({"lines": _lines()}, headers={"cache-control": "private, max-age=300"})

    @router.get("/sample/faces")
    def faces() -> Response:
        require()
        return FileResponse(_assets() / "faces.mp4", media_type="video/mp4", headers={"cache-control": "private, max-age=3600"})

    @router.get("/sample/voices/{role}/{line}")
    def voice(role: str, line: str) -> Response:
        require()
        path = _assets() / "voices" / role / f"{line}.opus"
        if role not in _VOICES or not _CLIP.fullmatch(line) or not path.is_file():
            raise NotFoundError("the sample has no such sentence: see /sample/lines.json")
        return FileResponse(path, media_type="audio/ogg; codecs=opus", headers={"cache-control": "private, max-age=3600"})

    return router


@cache
def _assets() -> Path:
    return Path(str(files("jianlu") / "entry" / "sample" / "assets"))


@cache
def _lines() -> list[dict[str, Any]]:
    table = tomllib.loads((_assets() / "script.toml").read_text(encoding="utf-8"))
    return [{"id": line["id"], "role": line["role"], "text": line["text"], "en": line["en"]} for line in table["line"]]
