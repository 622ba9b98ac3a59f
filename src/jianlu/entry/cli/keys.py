"""`jianlu keys`: who holds the root key, a new version of it, another keeper.

What is done is in `entry/key_change.py`; here are only arguments and text.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from jianlu.entry.cli._output import AsJson, HomePath, home_path, show
from jianlu.entry.key_change import move as move_to
from jianlu.entry.key_change import rotate as rotate_at
from jianlu.runtime.rewrapping import Rewrapped
from jianlu.vault.ports import KeyVersions
from jianlu.wiring import open_root

app = App(name="keys", help="Who holds the root key, a new version of it, another keeper.")
UNFINISHED = 75


@app.command(name="show")
def show_keeper(*, home: HomePath = None, json: AsJson = False) -> int:
    """The keeper, the public id of its root key and its versions; fails when the keeper is away or does not guard the key."""
    with open_root(home_path(home)) as root:
        root.check()
        described = asdict(root.keys.describe())
        versions = [root.keys.oldest_version(), root.keys.newest_version()] if isinstance(root.keys, KeyVersions) else [1, 1]
    document: dict[str, Any] = {**described, "oldest": versions[0], "newest": versions[1]}
    text = f"{described['name']}: {described['key_id']}, 版本 / versions {versions[0]} - {versions[1]}"
    show(document, text, as_json=json)
    return 0


@app.command
def rotate(*, home: HomePath = None, json: AsJson = False) -> int:
    """Make a new version of the root key, wrap everything under it anew, disable the older ones; the service may run.

    Exit 75 while recordings in progress still need the older version: run it again when they have ended.
    """
    return _said(rotate_at(home_path(home)), as_json=json)


@app.command
def move(
    to: Annotated[Path, Parameter(help="A file with a table [keys]: the new keeper.")],
    *,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Wrap everything anew under another keeper's root key, made if it is not there, and change the settings; stop every process first."""
    return _said(move_to(home_path(home), to), as_json=json)


def _said(found: Rewrapped, *, as_json: bool) -> int:
    lines = [f"{count:6} {kind}" for kind, count in sorted(found.done.items())]
    lines += [
        f"{count:6} {kind}: 录制中，暂留旧版本 / in progress, under the older version" for kind, count in found.held.items()
    ]
    ending = "旧版本仍可用；录制结束后再运行一次 / run again when recordings have ended" if found.held else "完成 / done"
    show({"done": found.done, "held": found.held}, "\n".join([*lines, ending]), as_json=as_json)
    return UNFINISHED if found.held else 0
