"""A ledger in a folder, its key, and the ways that tests look at and damage it. Not a test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jianlu.ledger import FsckReport, Ledger, create_ledger, create_signer_key, fsck, load_signer, open_ledger, read_entries
from jianlu.ledger.ports import Signer

MEMORY = Path("/dev/shm")
ORIGIN = "example.com/ledger"


@dataclass(frozen=True)
class World:
    """A ledger folder and the key that signs it."""

    directory: Path
    signer: Signer

    def open(self, saved_checkpoint: bytes | None = None) -> Ledger:
        """The ledger, publishing only when asked."""
        return open_ledger(self.directory, signer=self.signer, publish_every_ms=None, saved_checkpoint=saved_checkpoint)

    def fill(self, entries: Iterable[bytes]) -> bytes:
        """Append, publish and close; the checkpoint."""
        with self.open() as ledger:
            for entry in entries:
                ledger.append(entry)
            return ledger.publish()

    def entries(self) -> list[bytes]:
        """All published entries."""
        return read_entries(self.directory, 0, 1 << 30)

    def check(self, saved_checkpoint: bytes | None = None) -> FsckReport:
        """What fsck says."""
        return fsck(self.directory, self.signer.key, saved_checkpoint=saved_checkpoint)

    def copy(self, name: str) -> World:
        """The folder as a crash would leave it, or as a backup would have it."""
        destination = self.directory.with_name(name)
        shutil.rmtree(destination, ignore_errors=True)
        shutil.copytree(self.directory, destination)
        return World(destination, self.signer)

    def read(self, path: str) -> bytes:
        """The bytes of one file of the folder."""
        return (self.directory / path).read_bytes()

    def flip(self, path: str, bit: int) -> None:
        """Change one bit of one file."""
        content = bytearray(self.read(path))
        content[bit // 8] ^= 1 << bit % 8
        (self.directory / path).write_bytes(bytes(content))

    def journal(self) -> Path:
        """The newest journal segment."""
        return sorted((self.directory / "journal").glob("*.journal"))[-1]


def new_world(place: Path) -> World:
    """An empty ledger below `place`."""
    create_signer_key(place / "ledger.key", ORIGIN)
    signer = load_signer(place / "ledger.key")
    create_ledger(place / "ledger", origin=ORIGIN, signer=signer)
    return World(place / "ledger", signer)


@contextmanager
def place_in_memory() -> Iterator[Path]:
    """A folder that is gone afterwards, in memory where the system offers it: for tests that sync a lot and damage nothing real."""
    place = Path(tempfile.mkdtemp(prefix="jianlu-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def numbered(count: int, start: int = 0) -> list[bytes]:
    """Entries that differ."""
    return [b"entry %d" % number for number in range(start, start + count)]
