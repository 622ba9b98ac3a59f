"""Those who vouch for a ledger's checkpoints, and those who ask them, as the settings say.

Made by `wiring`; run by a process of their own, once a beat, or once by a tool that has the ledger to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jianlu.core.formats.note import VerifierKey
from jianlu.ledger.anchors.cosigning import Cosigner
from jianlu.ledger.anchors.outbox import Complain, Outbox
from jianlu.ledger.anchors.stamping import Stamper
from jianlu.ledger.ports import TimeAuthority, Witness
from jianlu.runtime.clock import Clock
from jianlu.runtime.settings import Settings

QUORUM_WITHIN_MS = 60_000
"""How long a quorum may lack before it is declared: a witness that restarts is back sooner."""


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The ledger's folder and public key, each authority with its interval in seconds, and the witnesses: no vault, no keys."""

    directory: Path
    key: VerifierKey
    clock: Clock
    authorities: tuple[tuple[TimeAuthority, int], ...]
    witnesses: tuple[Witness, ...]


def anchor_makers(using: Anchoring, settings: Settings, outbox: Outbox, complain: Complain) -> tuple[Stamper, Cosigner]:
    """Those who ask the authorities and the witnesses of `using`; raises as `Stamper.add`."""
    stamper = Stamper(using.directory, using.key, using.clock, outbox, complain, settings.time.skew_ms_max)
    for authority, interval_s in using.authorities:
        stamper.add(authority, interval_s * 1_000)
    cosigner = Cosigner(
        using.directory,
        using.key,
        using.clock,
        outbox,
        complain,
        interval_ms=settings.witnesses.interval_s * 1_000,
        required=settings.witnesses.required,
        quorum_within_ms=QUORUM_WITHIN_MS,
    )
    for witness in using.witnesses:
        cosigner.add(witness)
    return stamper, cosigner
