"""A home with one sealed sale to review, made before its service starts: a real plan and script, real media, real rules.

What is spoken is put in by hand, as a recogniser wrote it; the engines for faces, picture and sound are absent. So the verdicts are
of all three kinds, and every clause and finding has a second to jump to.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.cases.create_case import create_case
from jianlu.capture.cases.scripts import adopt_shipped_scripts
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.formats.findings import findings_bytes
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.entry.serve.access import access_of
from jianlu.entry.serve.live import session_ports
from jianlu.govern.identity.accounts import list_accounts
from jianlu.govern.identity.model import Account, Staff
from jianlu.judge.judge_case import judge_case
from jianlu.runtime.database import transaction
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import open_home, open_identity
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.counter_sale import conversation, with_changes
from tests.fakes.identity.worlds import add_account
from tests.fakes.playback.live_recording import feeds_of, record_live
from tests.fakes.running_home import PASSWORD, make_live_home
from tests.fakes.sessions.rooms import FakeRooms
from tests.fakes.sessions.world import sale_request

NUMBER = "sale-0001"
REVIEWERS = {"qin": ("reviewer", "秦质检"), "tang": ("reviewer", "唐质检"), "wei": ("regulator", "魏监管")}
DEAF = {
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
}


def make_reviewed_home(home: Path) -> str:
    """Make the home, not started, with ACCOUNTS and REVIEWERS; the reference of the sealed sale, which lin led."""
    make_live_home(home, DEAF)
    with open_identity(home) as (read, identity):
        for name, (role, display) in REVIEWERS.items():
            add_account(identity, tenant_id(read.tenant.id), name, PASSWORD, roles=[role], display=display, languages=["zh"])
        people = {each.name: each for each in list_accounts(identity, tenant_id(read.tenant.id))}
    with open_home(home) as opened:
        desk, tenant = CaseDesk(opened.vault), tenant_id(opened.settings.tenant.id)
        using = replace(session_ports(opened, desk, access_of(opened, desk, tenant)), rooms=FakeRooms())
        adopt_shipped_scripts(using=using, proposed_by=people["xu"].id, approved_by=people["he"].id)
        lin = people["lin"]
        case = create_case(sale_request(NUMBER), using=using, by=Staff(lin, "sign-in-lin", by_totp=False))
        _seal(case, lin, home.parent, using)
    return case


def _seal(case: str, agent: Account, folder: Path, using: SessionPorts) -> None:
    talk = conversation(*with_changes(replaced={"a09": ""}))
    seconds = -(-talk.duration_ms // 1000)
    clip = Clip("libvpx", "libopus", seconds=seconds, audio_tracks=1, size=(320, 180))
    log = using.desk.log(using.tenant, case)
    record_live(log, feeds_of({seat: make_media(folder / f"{seat}.mkv", clip) for seat in ("agent", "customer")}))
    log.append(EventType.STEP_COMPLETED, {"step": "risk", "no": 1, "attempt": 1, "from_ms": 1_000, "to_ms": 20_000})
    log.append(EventType.SESSION_ENDED, {"reason": "completed", "by": "agent", "at_ms": talk.duration_ms})
    plan = parse_plan(log.open_object("plan"))
    for found in talk.inspections(plan):
        body = {"inspector": found.inspector.value, "engine": "x", "engine_version": "1", "model": "", "status": "ran"}
        log.seal_and_append(EventType.FINDINGS_RECORDED, f"findings-{found.inspector.value}", findings_bytes(found), body)
    judge_case(log)
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    now = instant_text(using.clock.now())
    with transaction(using.database) as connection:
        change_case(connection, using.tenant, case, state="sealed", started_at=now, ended_at=now)
