"""What a process that begins anew takes up: sessions that are not closed, and what supervisors took note of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jianlu.capture.cases.find_cases import read_case
from jianlu.capture.sessions.alerts import take_note
from jianlu.capture.sessions.conducting import abandon_session, refuse
from jianlu.capture.sessions.wall import wall
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog, open_case_log
from tests.fakes.sessions.world import AGENT, SUPERVISOR, participant, session_world
from tests.fakes.vault.home import TENANT
from tests.unit.capture.sessions.test_watch import reopen


def test_after_a_restart_a_closed_case_is_not_opened(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with session_world(database_url) as world:
        running, sealed, packing = (world.live(name) for name in ("running", "sealed", "packing"))
        refused = world.seated("refused")
        refuse(refused, using=world.using, by=participant(refused))
        for case in (sealed, packing):
            abandon_session(case, using=world.using, by=AGENT)
            log = open_case_log(world.vault, TENANT, case)
            log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
        again = world.restarted()
        stages = {sealed: "done", packing: "package"}
        again.using = replace(again.using, jobs=lambda cases: {case: {"jobs": {"stage": stages[case]}} for case in cases})
        opened: list[str] = []
        look = again.using.desk.log

        def noting(tenant: str, case: str) -> CaseLog:
            opened.append(case)
            return look(tenant, case)

        monkeypatch.setattr(again.using.desk, "log", noting)
        reopen(again)
        assert (
            set(opened) & {running, packing, sealed, refused}
            == {running, packing}
            == {each.row.case for each in again.using.switchboard.sessions}
        )
        assert read_case(sealed, using=again.using, by=AGENT).state == "sealed"
        assert read_case(refused, using=again.using, by=AGENT).state == "refused"


def test_what_a_supervisor_took_note_of_is_still_noted_after_a_restart(tmp_path: Path) -> None:
    with session_world(f"sqlite:///{tmp_path}/index.sqlite") as world:
        case = world.live()
        world.recorder.lost.add("customer-picture")
        world.beat(case)
        take_note(case, using=world.using, by=SUPERVISOR)
        before = wall(using=world.using, by=SUPERVISOR)["tiles"][0]["noted"]
        again = world.restarted()
        reopen(again)
        assert before["name"] and wall(using=again.using, by=SUPERVISOR)["tiles"][0]["noted"] == before
        again.recorder.lost.add("agent")
        again.beat(case)
        assert wall(using=again.using, by=SUPERVISOR)["tiles"][0]["noted"] is None, "what comes later calls again"
