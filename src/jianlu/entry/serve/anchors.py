"""The process that has checkpoints vouched for: it asks time-stamp authorities and witnesses, and is the only one that calls them.

It reads the published ledger and writes anchors; it has neither vault nor keys, so that what answers from outside finds nothing here
(decision 0111). It runs where the settings name an authority or a witness. Whoever needs an anchor soon says so by a file (`hurry_file`).
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.errors import JianluError
from jianlu.entry.serve.time_desk import TIME_SOCKET, TimeDesk
from jianlu.ledger.anchors.outbox import Outbox
from jianlu.ledger.anchors.renewal import Renewer
from jianlu.ledger.anchors.vouching import Anchoring, anchor_makers
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import Settings
from jianlu.runtime.stop_signal import Stopping, StopSignal
from jianlu.wiring import HURRY_FILE, open_anchoring

BEAT_S = 0.25


def run_anchors(home: Path, settings: Settings) -> int:
    """Stamp and have cosigned until SIGTERM or SIGINT. Returns 0."""
    stop = StopSignal()
    desk = TimeDesk(home / TIME_SOCKET)
    try:
        work(open_anchoring(home), settings, Outbox(desk), home / HURRY_FILE, stop)
    finally:
        desk.close()
    return 0


def work(
    using: Anchoring, settings: Settings, outbox: Outbox, hurry_file: Path, stop: Stopping, *, beat_s: float = BEAT_S
) -> None:
    """Beat until `stop`; what cannot be done at one beat is tried at a later one."""
    log = logger("anchors")

    def complain(name: str, error: JianluError) -> None:
        log.error("anchoring_failed", name=name, error=error, reason=error.code)

    stamper, cosigner = anchor_makers(using, settings, outbox, complain)
    renewer = Renewer(
        using.directory, using.clock, outbox, complain, [each for each, _ in using.authorities], settings.time.renew_days
    )
    while not stop.is_set():
        if hurry_file.exists():
            hurry_file.unlink(missing_ok=True)
            stamper.hurry()
            cosigner.hurry()
        try:
            kept = stamper.beat() + cosigner.beat() + renewer.beat()
            outbox.flush()
            if kept:
                log.info("anchored", count=kept)
        except JianluError as error:
            complain("ledger", error)
        stop.wait(beat_s)
