"""A home whose engines are absent, with calls that were recorded and on which nothing else was done yet; and its ledger, served."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jianlu.backends.events.ledger_socket import ledger_server
from jianlu.core.formats.pack import packs_bytes
from jianlu.core.formats.plan import plan_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, derive_case_ref, tenant_id
from jianlu.entry.sample.script import ASSETS
from jianlu.govern.policy import freeze_plan, load_languages, load_packs, packs_directory, read_case_file, tracks_for
from jianlu.govern.policy.load_packs import pack_files
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.chain_guard import ChainGuard
from jianlu.vault.keys import tenant_secret
from jianlu.wiring import LEDGER_SOCKET, Home, open_home
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.loops import serving
from tests.fakes.playback.live_recording import feeds_of, record_live
from tests.fakes.quiet_home import TENANT, make_quiet_home

SEATS = ("agent", "customer")


def make_recorded_home(
    folder: Path, cases: Sequence[str], *, seconds: int = 3, course: Callable[[CaseLog], None] | None = None
) -> tuple[Path, list[CaseRef]]:
    """A home in `folder` with one recorded call of `seconds` for each number of `cases`; returns it and the cases' references.

    `course` records what else happened in each call.
    """
    home = make_quiet_home(folder / "home")
    clip = Clip("libx264", "libopus", seconds=seconds, audio_tracks=1)
    seats = {seat: make_media(folder / f"{seat}.mp4", clip) for seat in SEATS}
    with open_home(home) as opened:
        return home, [_record(opened, number, seats, course) for number in cases]


def _record(opened: Home, number: str, seats: dict[str, Path], course: Callable[[CaseLog], None] | None) -> CaseRef:
    tenant = tenant_id(TENANT)
    log = open_case_log(opened.vault, tenant, derive_case_ref(tenant_secret(opened.vault, tenant), number))
    _freeze(log)
    if course is not None:
        course(log)
    record_live(log, feeds_of(seats))
    return log.case


def _freeze(log: CaseLog) -> None:
    facts = replace(read_case_file(ASSETS / "case.toml").facts, tracks=tracks_for(SEATS))
    folder = packs_directory()
    plan = freeze_plan(facts, load_packs(folder), load_languages(folder))
    files = {pack.id: pack_files(folder / pack.id) for pack in plan.packs}
    rules = log.seal_part("packs", packs_bytes(files), part="rules")
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {"rules": rules})


@contextmanager
def serve_home(home: Path) -> Iterator[Home]:
    """The home, open in this process, its ledger served to workers as `jianlu serve` does."""
    with open_home(home) as opened:
        server = ledger_server(home / LEDGER_SOCKET, ChainGuard(opened.vault), opened.ledger.publish)
        with serving(server):
            yield opened
