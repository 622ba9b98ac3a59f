"""Houses whose cases end: destroyed by two people, with certificates, in memory or over a stamped ledger folder. Not a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.oversight.certificates import Proved, prove_from, write_certificate
from jianlu.ledger.ports import Signer
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.custody.destruction import Looked, complete_destruction
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from jianlu.vault.time_log import TimeLog
from jianlu.verify.trust import Trust, trust_bytes
from tests.fakes.time.authority import make_authority, serving
from tests.fakes.time.stage import MINUTE_MS, Stage
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import SteppingClock
from tests.fakes.vault.proofs import proved
from tests.fakes.vault.sale import record_sale
from tests.unit.ledger.worlds import World, new_world

BANK = tenant_id(TENANT)
DONE = [Looked("keys", 9, 0), Looked("objects", 8, 0)]


@dataclass
class Ending:
    """A vault with cases that end, and the ledger's signer."""

    vault: VaultPorts
    signer: Signer

    def chain(self, case: str = CASE) -> CaseLog:
        return open_case_log(self.vault, TENANT, custody_chain(tenant_secret(self.vault, BANK), case))

    def start(self, case: str = CASE, *, second: str = "a-ye", until: str = "2036-11-22") -> None:
        chain = self.chain(case)
        document = {
            "format": "jianlu/destruction/v1",
            "case": case,
            "by": "a-xu",
            "second": second,
            "reason": "its time has come",
        }
        body = {"of": case, "until": until, "clause": "pack:c9"}
        chain.seal_and_append(EventType.DESTRUCTION_STARTED, f"destruction-{chain.next_n}", canonical_bytes(document), body)

    def complete(self, case: str = CASE) -> None:
        complete_destruction(self.chain(case), case, DONE, clock=self.vault.clock)

    def certificate(self, case: str = CASE) -> bytes:
        return write_certificate(open_case_log(self.vault, TENANT, case), self.chain(case), prove=self.prove)

    def prove(self, positions: Any, /) -> Proved:
        return proved(self.vault, positions, self.signer)


class HouseStage(Stage):
    """A stage whose stamper declares in the vault's own ledger, as the service does."""

    log: TimeLog

    def _declare(self, kind: EventType, body: Mapping[str, Any]) -> None:
        self.log.declare(kind, body)


class Published(Ending):
    """A vault whose entries are published in a real ledger folder, which authorities stamp."""

    def __init__(self, vault: VaultPorts, world: World) -> None:
        super().__init__(vault, world.signer)
        self.world = world
        self.stage = HouseStage(world)
        self.stage.log = TimeLog(CaseDesk(vault), BANK, tenant_secret(vault, BANK), vault.clock)

    def publish(self) -> None:
        """What was appended since."""
        known = len(self.world.entries())
        self.world.fill(self.vault.ledger.read(known, self.vault.ledger.size - known))

    def stamp(self) -> int:
        """A beat of the stamper, an interval later."""
        self.publish()
        self.stage.clock.pass_ms(MINUTE_MS)
        return self.stage.beat()

    def prove(self, positions: Any, /) -> Proved:
        self.publish()
        return prove_from(self.world.directory, self.signer.key, positions)


def stamped_certificate(folder: Path) -> tuple[bytes, bytes]:
    """The certificate of a case that ended, stamped by a real authority called alpha, and the trust file by which it is checked."""
    made = make_authority(folder / "alpha", "alpha", keys="p256")
    with memory_vault() as vault, serving(made) as alpha:
        assert isinstance(vault.clock, SteppingClock)
        vault.clock.moment = datetime(2015, 1, 1, tzinfo=UTC)
        house = Published(vault, new_world(folder))
        record_sale(vault, until="2020-06-30")
        later(vault)
        house.start(until="2020-06-30")
        house.complete()
        house.stage.start([alpha])
        assert house.stamp() == 1
        roots = {"alpha": parse_certificates(alpha.chain.read_text())}
        return house.certificate(), trust_bytes(Trust((house.signer.key,), (), (), roots))


def later(vault: VaultPorts, *, days: int = 3_700) -> None:
    assert isinstance(vault.clock, SteppingClock)
    vault.clock.moment += timedelta(days=days)
