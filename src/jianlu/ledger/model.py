"""What the ledger's functions return, and the bounds of its writer, each with its reason.

No input or output here; the bounds of the published format are in `core.limits` and `core.formats.tile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PUBLISH_EVERY_MS = 1000
"""A checkpoint a second while there is news: a proof is never further away, and tiles are not written per entry."""

BATCH_ENTRIES_MAX = 4096
"""Entries under one fdatasync: beyond this the sync is no longer what costs."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Bytes under one fdatasync: bounds the record that recovery must hold."""

PUBLISH_EARLY_BYTES = 4 * 1024 * 1024
"""Above this the publisher does not wait for the second to pass, so that appenders hardly ever reach the bound below."""

UNPUBLISHED_BYTES_MAX = 16 * 1024 * 1024
"""Acknowledged entries in memory; an appender above it publishes first, so memory stays flat."""

ENTRY_OVERHEAD_BYTES = 64
"""Memory of an entry besides its bytes, counted so that tiny entries are bounded too."""

JOURNAL_SEGMENT_BYTES = 4 * 1024 * 1024
"""A journal segment is closed above this, so that published ones can be deleted."""

PROBLEMS_LISTED_MAX = 1000
"""Faults that a report names one by one: nobody reads more, and a ruined ledger must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a ledger folder: in which file, from which entry on (None where no entry can be named), and what."""

    path: str
    index: int | None
    what: str

    def as_document(self) -> dict[str, Any]:
        """The problem for `--json`."""
        return {"path": self.path, "index": self.index, "what": self.what}


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What `fsck` found: the checkpoint's claims, every problem, and remarks on files that are not needed but do no harm."""

    origin: str
    size: int
    root: str
    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_document(self) -> dict[str, Any]:
        """The report for `--json`."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "sound": self.is_sound,
            "problems": [problem.as_document() for problem in self.problems],
            "remarks": [remark.as_document() for remark in self.remarks],
        }
