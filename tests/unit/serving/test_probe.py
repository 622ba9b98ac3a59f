"""The checks of the system: one that hangs has failed, at once for whoever asks next, and is looked at again when it is over."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.entry.serve.live import probes_of
from jianlu.entry.serve.probe import Probe
from jianlu.wiring import Home
from tests.fakes.eventually import eventually


def test_what_a_look_raises_is_raised_and_what_passes_passes() -> None:
    troubles: list[Exception] = [UnavailableError("away"), TimeoutError("of the disk"), KeyError("a defect")]

    def look() -> None:
        if troubles:
            raise troubles.pop(0)

    probe = Probe(look)
    for kind in (UnavailableError, TimeoutError, KeyError):
        with pytest.raises(kind):
            probe()
    probe()


def test_a_look_that_hangs_has_failed_and_nobody_waits_for_it_twice() -> None:
    may_end, began = threading.Event(), []

    def look() -> None:
        began.append(1)
        may_end.wait(60)

    probe = Probe(look, patience_s=0.05)
    try:
        for _ in range(3):
            with pytest.raises(UnavailableError, match="does not come to an end"):
                probe()
        assert began == [1]
    finally:
        may_end.set()

    def passes() -> bool:
        try:
            probe()
        except UnavailableError:
            return False
        return True

    assert eventually(passes, "it is looked at again")
    assert len(began) >= 2, "more often where the machine itself was slower than the patience"


def test_a_disk_that_cannot_be_asked_is_away(tmp_path: Path) -> None:
    settings: Any = SimpleNamespace(vault=SimpleNamespace(path="not-mounted"))
    home = cast("Home", SimpleNamespace(path=tmp_path, settings=settings))
    with pytest.raises(UnavailableError, match="cannot be asked"):
        probes_of(home)["disk"]()
