"""True samples: what specs/vectors, packs, scenes and policies hold, and, for the long run, what a home made anew holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.sabotage.forge import Entries, read_entries
from tests.fakes.quiet_home import Sealed

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "specs" / "vectors"


@dataclass(frozen=True)
class Material:
    """What samples are taken from: `sealed` is a home with one sealed case, None in a short run; `folder` is for files that doors read."""

    folder: Path
    sealed: Sealed | None = None
    entries: Entries = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, sealed: Sealed | None) -> Material:
        """With the entries of the home's package."""
        return cls(folder, sealed, read_entries(sealed.package) if sealed else {})

    def entry(self, *names: str) -> tuple[bytes, ...]:
        """The package's entries whose names begin so, the first three of each; none without a home."""
        return tuple(self.entries[each] for name in names for each in [e for e in self.entries if e.startswith(name)][:3])

    def file(self, path: str) -> tuple[bytes, ...]:
        """A file of the home, or none without one."""
        return ((self.sealed.home / path).read_bytes(),) if self.sealed else ()


def vectors(path: str) -> Any:
    """The vectors of one JSON file."""
    return json.loads((VECTORS / path).read_text(encoding="utf-8"))


def lines(path: str) -> tuple[bytes, ...]:
    """The lines of one file of vectors."""
    return tuple((VECTORS / path).read_bytes().splitlines())


def shipped(pattern: str, most: int = 4) -> tuple[bytes, ...]:
    """Files that come with the software, the first few that match."""
    return tuple(path.read_bytes() for path in sorted(ROOT.glob(pattern))[:most])
