"""The words: every utterance that the sample can say, read from assets/script.toml, and where its clip lies.

How the clips were made is tests/samples/make_voices.py; what each is for is written in the file itself.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from jianlu.core.errors import NotFoundError

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Utterance:
    """One thing that can be said: its id, whose line it is, the words and their English."""

    id: str
    role: str
    text: str
    en: str


@functools.cache
def utterances() -> dict[str, Utterance]:
    """Every utterance by id, in the order of the script."""
    lines = tomllib.loads((ASSETS / "script.toml").read_text(encoding="utf-8"))["line"]
    return {line["id"]: Utterance(line["id"], line["role"], line["text"], line["en"]) for line in lines}


def clip_path(voice: str, utterance: str) -> Path:
    """The clip of an utterance in a voice; NotFoundError where nobody recorded it."""
    path = ASSETS / "voices" / voice / f"{utterance}.opus"
    if utterance not in utterances() or not path.is_file():
        raise NotFoundError(f"there is no clip of {utterance} in the voice {voice}: make it with tests/samples/make_voices.py")
    return path
