"""What `web/` was built into: `static/built/`, named by content, with a manifest. Served for a year, since a change changes the name.

Absent until `make setup` or `web/build.sh` has run; a page then says so instead of being blank.
"""

from __future__ import annotations

import json
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from jianlu.core.errors import UnavailableError

BUILT = Path(__file__).with_name("static") / "built"
_manifests: dict[int, dict[str, str]] = {}


def asset_url(name: str) -> str:
    """The address of `console.js`, `console.css` and so on; UnavailableError when the pages' code was never built."""
    path = BUILT / "manifest.json"
    try:
        stamp = path.stat().st_mtime_ns
        if stamp not in _manifests:
            _manifests.clear()
            _manifests[stamp] = json.loads(path.read_text(encoding="utf-8"))
        return f"/static/{_manifests[stamp][name]}"
    except (OSError, KeyError) as error:
        raise UnavailableError(f"the pages' code was not built ({name} is missing): run make setup") from error


PYTHON_IN_A_WORKER = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""The policy of the one worker that runs WebAssembly (a worker is under its own file's policy, not its page's): nothing else is."""


class BuiltFiles(StaticFiles):
    """The folder, with headers that let browsers keep what is named by its content; packed where the browser takes that."""

    def __init__(self) -> None:
        super().__init__(directory=BUILT, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        packed = f"{path}.gz"
        has_packed = (BUILT / packed).is_file()
        is_packed = has_packed and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        answer = await super().get_response(packed if is_packed else path, scope)
        if has_packed:
            answer.headers["vary"] = "accept-encoding"
        if is_packed:
            answer.headers["content-encoding"] = "gzip"
            answer.headers["content-type"] = guess_type(path)[0] or "application/octet-stream"
        if path.startswith("verify.worker."):
            answer.headers["content-security-policy"] = PYTHON_IN_A_WORKER
        if answer.status_code in (200, 206, 304) and path != "manifest.json":
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer
