"""The world of the sabotage suite: one home, the good session sealed in it, a second session, and what a stranger saved."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jianlu.entry.cli.main import run
from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT
from jianlu.entry.sample.schedule import Timeline
from jianlu.entry.sample.script import ASSETS
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import load_signer

DEAF = {'speech = "faster-whisper"': 'speech = "none"', 'faces = "yunet"': 'faces = "none"'}
"""Settings of a home without the slow engines, for tests in which nobody needs to hear or see."""


@dataclass(frozen=True)
class World:
    """Paths of what was made; `timeline` is the truth about the good session.

    `package` is the good session, `other` a second one sealed after it. `forked` is the same case sealed with another recording in a
    copy of the home from before, with the same keys; `rolled` is the first session of that copy, whose ledger is still short.
    `early` and `late` are checkpoints saved after the good and after the second session.
    """

    home: Path
    package: Path
    other: Path
    forked: Path
    rolled: Path
    early: Path
    late: Path
    timeline: Timeline

    @property
    def package_signer(self) -> Signer:
        """The operator's own key, in the hands of the saboteur."""
        return load_signer(self.home / "secrets" / "package.key")


def jianlu(*arguments: object) -> tuple[int, Any]:
    """Run one command with --json; its exit code and what it printed (None when it printed nothing)."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run([*map(str, arguments), "--json"])
    return code, json.loads(printed.getvalue()) if printed.getvalue() else None


def make_home(path: Path) -> Path:
    """A fresh home."""
    assert jianlu("init", path)[0] == 0
    return path


def write_case(path: Path, number: str) -> Path:
    """The sample's case file under another case number."""
    text = (ASSETS / "case.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('id = "sale-0001"', f'id = "{number}"'), encoding="utf-8")
    return path


def seal(home: Path, media: Path, case: Path, package: Path) -> dict[str, Any]:
    """Seal `media` into `home`; what the command printed."""
    code, printed = jianlu("seal", media, "--case", case, "-o", package, "--home", home)
    assert code == 0
    assert isinstance(printed, dict)
    return printed


def deafen(home: Path) -> None:
    """Take the slow engines out of a home."""
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    for known, wanted in DEAF.items():
        assert known in text
        text = text.replace(known, wanted)
    settings.write_text(text, encoding="utf-8")


def make_world(folder: Path) -> World:
    """Seal the good session, another one, and a fork; keep the checkpoints that a careful stranger would have kept."""
    home, forked = make_home(folder / "home"), folder / "forked-home"
    shutil.copytree(home, forked)
    sale, short = folder / "sale.mp4", folder / "short.mp4"
    timeline = assemble(DEFAULT, sale)
    assemble(replace(DEFAULT, lines=DEFAULT.lines[:6]), short)
    seal(home, sale, write_case(folder / "sale.toml", "sale-0001"), folder / "sale.jlp")
    shutil.copyfile(home / "ledger" / "checkpoint", folder / "early-checkpoint")
    for each in (home, forked):
        deafen(each)
    seal(home, short, write_case(folder / "other.toml", "sale-0002"), folder / "other.jlp")
    shutil.copyfile(home / "ledger" / "checkpoint", folder / "late-checkpoint")
    for number, name in (("sale-0003", "rolled.jlp"), ("sale-0004", "spare.jlp"), ("sale-0001", "forked.jlp")):
        seal(forked, short, write_case(folder / "forked.toml", number), folder / name)
    return World(
        home=home,
        package=folder / "sale.jlp",
        other=folder / "other.jlp",
        forked=folder / "forked.jlp",
        rolled=folder / "rolled.jlp",
        early=folder / "early-checkpoint",
        late=folder / "late-checkpoint",
        timeline=timeline,
    )
