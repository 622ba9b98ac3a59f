"""What every parsing door owes to whatever comes: a value or one of our own errors, in bounded memory and time, and one spelling.

A door is a function that takes bytes from outside its process. `judge` puts one input through it; what breaks the law is a
`Finding`, named by its error and the place in our code, so that a thousand inputs that break the same thing are one finding.
"""

from __future__ import annotations

import signal
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError

CPU_S_MAX = 10.0
"""Processor time for one input; beyond, it hangs. Inputs are 64 KiB at most, and honest ones take milliseconds."""
MEMORY_BYTES_MAX = 64 << 20
"""Python memory that one input may take at its peak: a thousand times the longest input."""
MEASURED_EVERY = 512
"""Memory is measured at every so many inputs, since it costs much; what nobody may ever take is refused by the process's own limit."""
INPUT_BYTES_MAX = 64 << 10
_OURS = f"{Path(__file__).parents[3] / 'src' / 'jianlu'}/"

Open = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: what opens it, true samples, the errors that it may answer with, and how what it accepted is written back.

    `written` is there where the format has one spelling; `sealed` dresses a damaged content in what checks it (checksum, signature),
    so that what lies behind is reached as well. A costly one takes a twentieth of a second for an input.
    """

    name: str
    open: Open
    samples: tuple[bytes, ...]
    refusals: tuple[type[BaseException], ...] = (InvalidError, IntegrityError)
    written: Callable[[Any], bytes] | None = None
    sealed: Callable[[bytes], bytes] | None = None
    bytes_max: int = INPUT_BYTES_MAX
    is_costly: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that broke the law: `key` says what and where, `told` the way there."""

    key: str
    told: str
    content: bytes

    @property
    def name(self) -> str:
        """A short name for its file."""
        return sha256(self.key.encode()).hexdigest()[:12]


@dataclass(slots=True)
class Tally:
    """What a run over one door did and found; `peak_bytes` is the largest memory that was measured."""

    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    measured: int = 0
    peak_bytes: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)


class HangError(BaseException):
    """An input took too much time; not an Exception, so that no parser takes it for its own."""


class UnlawfulError(Exception):
    """A door accepted what it may not."""


def judge(door: Door, content: bytes, tally: Tally) -> Finding | None:
    """Put `content` through `door`, count it, and return what it broke, if anything."""
    tally.inputs += 1
    is_measured = tally.inputs % MEASURED_EVERY == 0
    try:
        with _measured(tally, is_measured), _hurried():
            opened = door.open(content if door.sealed is None else door.sealed(content))
            if door.written is not None and door.written(opened) != content:
                raise UnlawfulError("accepted, and written otherwise")
    except door.refusals:
        tally.refused += 1
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  whatever it is, a foreign library's panic too, it is what is looked for
        found = Finding(_key(door, error), "".join(traceback.format_exception(error))[-4000:], content)
        tally.findings.setdefault(found.key, found)
        return found
    else:
        tally.accepted += 1
    return None


def shortened(door: Door, finding: Finding, *, tries: int = 300) -> Finding:
    """The finding with a shorter input that breaks the same thing, as far as `tries` get."""
    best, size = finding, max(1, len(finding.content) // 2)
    while size and tries > 0:
        at = 0
        while at < len(best.content) and tries > 0:
            tries -= 1
            shorter = judge(door, best.content[:at] + best.content[at + size :], Tally())
            if shorter is not None and shorter.key == finding.key:
                best = shorter
            else:
                at += size
        size //= 2
    return best


@contextmanager
def _hurried() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, CPU_S_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def _measured(tally: Tally, is_measured: bool) -> Iterator[None]:
    if not is_measured:
        yield
        return
    tracemalloc.start()
    try:
        yield
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tally.measured, tally.peak_bytes = tally.measured + 1, max(tally.peak_bytes, peak)
    if peak > MEMORY_BYTES_MAX:
        raise UnlawfulError(f"took {peak >> 20} MiB for one input")


def _hangs(number: int, frame: FrameType | None) -> None:
    raise HangError(f"took more than {CPU_S_MAX:g} s")


def watch_the_time() -> None:
    """Let an input that takes too long end as a `HangError`; call once in the main thread."""
    signal.signal(signal.SIGPROF, _hangs)


def _key(door: Door, error: BaseException) -> str:
    """The kind of error and the innermost place in our own code: where it hung is chance, so that is left out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_OURS)]
    place = f"{frames[-1].filename.removeprefix(_OURS)}:{frames[-1].name}" if frames and not isinstance(error, HangError) else ""
    said = str(error) if isinstance(error, UnlawfulError) and "MiB" not in str(error) else ""
    return f"{door.name}: {type(error).__name__} {said}{place}"
