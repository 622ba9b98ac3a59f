"""A home without engines and a session of a few seconds: the whole main job in a second or two, for tests of its edges.

Speech, voice and faces are "none", so most clauses come out "not evidenced"; everything else is the real thing.
"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jianlu.entry.cli.main import run
from jianlu.entry.sample.script import ASSETS
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import load_signer
from tests.fakes.capture.make_media import Clip, make_media

TENANT = "demo-bank"
_QUIET = {
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
    "during_call = true": "during_call = false",
}


@dataclass(frozen=True)
class Answer:
    """What a command did: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that `--json` promises."""
        return json.loads(self.out)


def jianlu(*arguments: object) -> Answer:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def make_quiet_home(path: Path, *, tenant: str = TENANT, keys: Path | None = None, suite: str = "international") -> Path:
    """A fresh home whose engines are all absent; `keys` is a file with the table of its keeper."""
    made = jianlu("init", path, "--tenant", tenant, "--suite", suite, *(("--keys", keys) if keys else ()))
    assert made.code == 0, made.err
    settings = path / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    for known, wanted in _QUIET.items():
        assert known in text
        text = text.replace(known, wanted)
    settings.write_text(text, encoding="utf-8")
    return path


def write_case(path: Path, number: str = "quiet-0001", **replaced: str) -> Path:
    """The sample's case file under another number, without its attestations, and with further texts replaced."""
    text = (ASSETS / "case.toml").read_text(encoding="utf-8").partition("[[attestations]]")[0]
    for known, wanted in {"sale-0001": number, **replaced}.items():
        assert known in text
        text = text.replace(known, wanted)
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Sealed:
    """A home, a recording of three seconds and the package made of them."""

    home: Path
    media: Path
    case: Path
    package: Path

    @property
    def package_signer(self) -> Signer:
        """The institution's own key, for forgeries that only ledger and rules can catch."""
        return load_signer(self.home / "secrets" / "package.key")


def make_media_and_case(folder: Path) -> tuple[Path, Path]:
    """A recording of three seconds and its case file, in `folder`."""
    return make_media(folder / "session.mp4", Clip(seconds=3)), write_case(folder / "case.toml")


def make_sealed(folder: Path, *, keys: Path | None = None, suite: str = "international") -> Sealed:
    """Make a quiet home in `folder` and seal one short session in it."""
    home, package = make_quiet_home(folder / "home", keys=keys, suite=suite), folder / "session.jlp"
    media, case = make_media_and_case(folder)
    answer = jianlu("seal", media, "--case", case, "-o", package, "--home", home)
    assert answer.code == 0, answer.err
    return Sealed(home, media, case, package)
