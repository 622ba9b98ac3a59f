"""`jianlu serve` and `jianlu certificate`: start the service, or one process of it; issue its server certificate anew.

What the processes do is in `entry/serve/`; how they are kept alive in its `supervisor.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jianlu.core.errors import InvalidError
from jianlu.entry.cli._output import AsJson, home_path, show
from jianlu.entry.serve.children import Child, Role, children_of, run_child
from jianlu.entry.serve.supervisor import Supervisor
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.logging import configure_logging
from jianlu.runtime.settings import read_settings
from jianlu.runtime.tls import issue_certificate
from jianlu.wiring import RECORDER_NAMES, tls_files


def serve(
    home: Path | None = None,
    *,
    only: Annotated[Role | None, Parameter(help="Run this one process in the foreground instead of the whole tree.")] = None,
    shard: Annotated[int, Parameter(help="Which media process.")] = 0,
    name: Annotated[str, Parameter(help="Which recorder: a or b.")] = RECORDER_NAMES[0],
) -> int:
    """Run the service: web, media, recorders and worker as one tree. SIGTERM lets running recordings be sealed first."""
    path = home_path(home).absolute()
    settings = read_settings(path)
    configure_logging()
    if only is None:
        return Supervisor(path, children_of(settings), SystemClock()).run(_say_ready)
    if only == "recorder" and name not in RECORDER_NAMES:
        raise InvalidError(f"a recorder is called {' or '.join(RECORDER_NAMES)}")
    child = Child(only, shard=shard if only == "media" else 0, name=name if only == "recorder" else "")
    return run_child(child, path, settings)


def certificate(
    home: Path | None = None,
    *,
    name: Annotated[list[str] | None, Parameter(help="A host name or address to cover besides this machine's own.")] = None,
    json: AsJson = False,
) -> int:
    """Issue the server certificate anew from the development CA, for example after the machine's address changed."""
    path = home_path(home)
    files = tls_files(path, read_settings(path))
    covered = issue_certificate(files, name or (), SystemClock().now())
    text = f"已签发 / issued: {files.certificate}\n  {', '.join(covered)}\n重启服务后生效 / restart the service to use it"
    show({"certificate": str(files.certificate), "names": list(covered)}, text, as_json=json)
    return 0


def _say_ready(url: str) -> None:
    print(f"鉴录已启动 / Jianlu is ready: {url}\n按 Ctrl+C 停止 / Ctrl+C stops it", flush=True)
