"""A ledger, its authorities and a stamper with a clock that tests set; what it declares is appended to the ledger. Not a test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jianlu.backends.timestamps.rfc3161 import HttpTimeAuthority
from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.folder import Anchor, newest_first
from jianlu.ledger.anchors.outbox import Outbox
from jianlu.ledger.anchors.stamping import Stamper
from tests.fakes.time.authority import LocalAuthority
from tests.fakes.time.clocks import SetClock
from tests.unit.ledger.worlds import World

MINUTE_MS = 60_000


@dataclass
class Stage:
    """`declared` are events and their bodies, `complaints` who and what."""

    world: World
    clock: SetClock = field(default_factory=SetClock)
    declared: list[tuple[EventType, Mapping[str, Any]]] = field(default_factory=list)
    complaints: list[tuple[str, JianluError]] = field(default_factory=list)
    is_away: bool = False

    @classmethod
    def of(cls, world: World, authorities: Sequence[LocalAuthority]) -> Stage:
        """With one entry, and a stamper that asks each of `authorities` each minute."""
        stage = cls(world)
        world.fill([b"entry 0"])
        stage.start(authorities)
        return stage

    def start(self, authorities: Sequence[LocalAuthority]) -> None:
        """A stamper as a process that begins would have it."""
        self.outbox = Outbox(self._declare)
        self.stamper = Stamper(
            self.world.directory,
            self.world.signer.key,
            self.clock,
            self.outbox,
            lambda name, error: self.complaints.append((name, error)),
            skew_ms_max=2 * MINUTE_MS,
        )
        for each in authorities:
            self.stamper.add(HttpTimeAuthority(each.name, each.address, each.chain.read_text()), MINUTE_MS)

    def beat(self) -> int:
        """A beat of the process: stamp what is due, then declare."""
        kept = self.stamper.beat()
        self.outbox.flush()
        return kept

    def bodies(self, kind: EventType) -> list[Mapping[str, Any]]:
        """What was declared of one kind."""
        return [body for found, body in self.declared if found is kind]

    @property
    def newest(self) -> Anchor:
        """The newest anchor."""
        return next(newest_first(self.world.directory))

    def _declare(self, kind: EventType, body: Mapping[str, Any]) -> None:
        if self.is_away:
            raise UnavailableError("the ledger is away")
        self.declared.append((kind, body))
        self.world.fill([json.dumps([kind.value, body]).encode()])


def openssl_accepts(token: bytes, content: bytes, chain: Path, at: datetime, folder: Path) -> bool:
    """What `openssl ts -verify` says of the token, at that time."""
    (folder / "judged.tst").write_bytes(token)
    (folder / "judged").write_bytes(content)
    command = ["openssl", "ts", "-verify", "-in", "judged.tst", "-token_in", "-data", "judged", "-CAfile", str(chain)]
    command += ["-attime", str(int(at.timestamp()))]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=30, check=False).returncode == 0
