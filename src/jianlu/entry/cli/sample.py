"""`jianlu sample`: writes the sample session.

How the sample is put together is `entry/sample/`.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.entry.cli._output import AsJson, show
from jianlu.entry.sample.write import write_sample


def sample(directory: Path, *, json: AsJson = False) -> int:
    """Write sale.mp4 (faces, two audio tracks), case.toml and the script into DIRECTORY: a lawful sale of an insurance policy."""
    try:
        timeline = write_sample(directory)
    except OSError as error:
        raise UnavailableError(f"the sample cannot be written to {directory} ({error.strerror})") from error
    names = ("sale.mp4", "case.toml", "script.toml")
    document = {
        "directory": str(directory),
        "files": list(names),
        "lines": len(timeline.lines),
        "duration_ms": timeline.duration_ms,
    }
    text = f"样例已写入 / sample written: {directory} ({', '.join(names)}; {timeline.duration_ms / 1000:.0f} s)"
    show(document, text, as_json=json)
    return 0
