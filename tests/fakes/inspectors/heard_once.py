"""The real engines, loaded once, whose recogniser is asked once in a whole test run for the same samples.

What a recogniser answers depends on the samples, the language and the engine's version alone (its port says so), so answers are kept under
the digest of all of these, by the real engine and for this run. Sessions that are spoiled in one place are heard anew from there on.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest

from jianlu import wiring
from jianlu.core.terms.findings import Engine
from jianlu.entry import after_call
from jianlu.process.inspectors.ports import HeardWord, Hearing, InspectPorts, Recognizer
from jianlu.process.media.sound import Samples
from jianlu.runtime.settings import Settings


class HeardOnce:
    """The port Recognizer over a real one; answers are kept in `folder`, which processes may share."""

    def __init__(self, real: Recognizer, folder: Path) -> None:
        self._real = real
        self._folder = folder

    @property
    def engine(self) -> Engine:
        return self._real.engine

    @property
    def threshold(self) -> int:
        return self._real.threshold

    @property
    def languages(self) -> tuple[str, ...]:
        return self._real.languages

    def recognize(self, samples: Samples, lang: str) -> Hearing:
        kept = self._folder / self._name(samples, lang)
        if kept.exists():
            return _hearing(kept.read_text(encoding="utf-8"))
        heard = self._real.recognize(samples, lang)
        being_written = kept.with_name(f"{kept.name}.{os.getpid()}.{threading.get_ident()}")
        being_written.write_text(json.dumps(asdict(heard)), encoding="utf-8")
        being_written.replace(kept)
        return heard

    def _name(self, samples: Samples, lang: str) -> str:
        about = json.dumps([asdict(self.engine), lang, str(samples.dtype), samples.shape])
        return hashlib.sha256(about.encode() + b"\n" + samples.tobytes()).hexdigest()


@contextmanager
def hearing_once(folders: pytest.TempPathFactory) -> Iterator[None]:
    """In the block, cases that are inspected in this process are inspected by these engines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            after_call, "inspect_ports", lambda settings: _ports(settings.model_dump_json(), _folder_of_the_run(folders))
        )
        yield


def _folder_of_the_run(folders: pytest.TempPathFactory) -> Path:
    """One for all workers: theirs lie beside each other."""
    own = folders.getbasetemp()
    shared = (own.parent if own.name.startswith("popen-") else own) / "heard"
    shared.mkdir(exist_ok=True)
    return shared


@cache
def _ports(settings: str, folder: Path) -> InspectPorts:
    real = wiring.inspect_ports(Settings.model_validate_json(settings))
    return real if real.recognizer is None else replace(real, recognizer=HeardOnce(real.recognizer, folder))


def _hearing(text: str) -> Hearing:
    kept = json.loads(text)
    return Hearing(tuple(HeardWord(**word) for word in kept["words"]), kept["is_sound"])
