"""A whole vault for tests: real parts in a folder (`create_home`, `open_home`), or all but the index in memory (`memory_vault`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.backends.keys.file import create_root_key, load_root_key
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.runtime.database import open_database
from jianlu.vault.ports import VaultPorts
from tests.fakes.schema import bring_schema
from tests.fakes.vault.memory import MemoryBlobs, MemoryLog, SteppingClock, memory_keys

TENANT = "bank-a"
CASE = "c" + "a2" * 13
OTHER_CASE = "c" + "b3" * 13
ORIGIN = "test.example/log"


def create_home(home: Path) -> None:
    """The folders, keys, ledger and database of a home, as `jianlu init` makes them."""
    for folder in ("vault", "vault-keys", "secrets"):
        (home / folder).mkdir(parents=True, mode=0o700)
    create_root_key(home / "secrets" / "root.key")
    create_signer_key(home / "secrets" / "ledger.key", ORIGIN)
    create_ledger(home / "ledger", origin=ORIGIN, signer=load_signer(home / "secrets" / "ledger.key"))
    engine = open_database(f"sqlite:///{home}/index.sqlite")
    bring_schema(engine)
    engine.dispose()


@contextmanager
def open_home(home: Path, *, index_url: str = "") -> Iterator[VaultPorts]:
    """The ports of an existing home; the ledger is closed at the end."""
    signer = load_signer(home / "secrets" / "ledger.key")
    engine = open_database(index_url or f"sqlite:///{home}/index.sqlite")
    with open_ledger(home / "ledger", signer=signer, publish_every_ms=None) as ledger:
        try:
            yield VaultPorts(
                blobs=PosixBlobs(home / "vault"),
                key_blobs=PosixBlobs(home / "vault-keys", erases=True),
                keys=load_root_key(home / "secrets" / "root.key"),
                ledger=LedgerFolder(ledger, home / "ledger"),
                clock=SteppingClock(),
                index=engine,
            )
        finally:
            engine.dispose()


@contextmanager
def memory_vault(index_url: str = "sqlite://") -> Iterator[VaultPorts]:
    """A vault in memory, for tests that are about rules and not about disks."""
    engine = open_database(index_url)
    bring_schema(engine)
    try:
        yield VaultPorts(
            blobs=MemoryBlobs(),
            key_blobs=MemoryBlobs(),
            keys=memory_keys(),
            ledger=MemoryLog(),
            clock=SteppingClock(),
            index=engine,
        )
    finally:
        engine.dispose()
