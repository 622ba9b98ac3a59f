"""The manifest: everything of a case on one time line, while the session is live and after it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import NotFoundError
from jianlu.core.formats.findings import findings_bytes
from jianlu.core.formats.plan import Plan, plan_bytes
from jianlu.core.formats.verdicts import verdicts_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspection
from jianlu.core.verdicts.clauses import judge
from jianlu.deliver.playback.key_frames import key_frames_in
from jianlu.deliver.playback.manifest import playback_manifest
from jianlu.deliver.playback.media import open_segment
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.ports import VaultPorts
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.conversation import obligation, phrase, plan_of, said
from tests.fakes.playback.live_recording import Feed, feeds_of, record_live
from tests.fakes.vault.home import CASE, TENANT, memory_vault

LINES = said(("agent", "本次录音录像您同意吗"), ("customer", "同意"), ("agent", "保险不是存款"))


@pytest.fixture
def vault() -> Iterator[VaultPorts]:
    with memory_vault() as using:
        yield using


def _plan() -> Plan:
    said_by_agent = {"step": "risk", "speaker": "agent", "points": ["not_deposit"], "after": [], "before": []}
    return plan_of([obligation("risk", "require_step", said_by_agent)], [phrase("not_deposit", "保险不是存款")])


def _log(vault: VaultPorts) -> CaseLog:
    log = open_case_log(vault, TENANT, CASE)
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(_plan()), {})
    return log


def _record(log: CaseLog, folder: Path) -> None:
    seats = {
        seat: make_media(folder / f"{seat}.mp4", Clip("libx264", "libopus", seconds=5, audio_tracks=1))
        for seat in ("agent", "customer")
    }
    record_live(log, feeds_of(seats))


def _add_findings(log: CaseLog, inspections: tuple[Inspection, ...]) -> None:
    for found in inspections:
        body = {"inspector": found.inspector.value, "engine": "x", "engine_version": "1", "model": "", "status": "ran"}
        log.seal_and_append(EventType.FINDINGS_RECORDED, f"findings-{found.inspector.value}", findings_bytes(found), body)


def _manifest(log: CaseLog, text: str = "") -> dict[str, Any]:
    return playback_manifest(log, address="playback", text=text)


def test_before_anything_is_recorded_there_is_nothing_to_play(vault: VaultPorts) -> None:
    with pytest.raises(NotFoundError, match="no recording"):
        _manifest(_log(vault))


def test_each_role_has_its_segments_with_their_seconds(vault: VaultPorts, tmp_path: Path) -> None:
    log = _log(vault)
    _record(log, tmp_path)
    manifest = _manifest(log)
    assert [role["role"] for role in manifest["roles"]] == ["agent", "customer"]
    assert manifest["roles"][1]["init"] == "playback/customer/init.mp4"
    first, *_, last = manifest["roles"][1]["segments"]
    assert (first["from_ms"], first["url"], first["has_key_frame"]) == (0, "playback/customer/1.m4s", True)
    assert last["to_ms"] == manifest["duration_ms"] and not manifest["is_live"]
    assert manifest["roles"][0]["label"] == {"zh": "销售人员", "en": "agent"}


def test_where_a_picture_can_begin_is_known_for_whoever_sees_fewer_roles_first(vault: VaultPorts, tmp_path: Path) -> None:
    log = _log(vault)
    _record(log, tmp_path)
    first = [event for event in log.events if event.type is EventType.SEGMENT_SEALED][:1]
    (one,) = key_frames_in(log, first, [1])
    (both,) = key_frames_in(log, first, [1, 2])
    assert one == {1} and both == {1, 2}


def test_a_screen_that_nobody_shared_is_no_role(vault: VaultPorts, tmp_path: Path) -> None:
    log = _log(vault)
    media = make_media(tmp_path / "agent.mp4", Clip("libx264", "libopus", seconds=3, audio_tracks=1))
    record_live(log, [*feeds_of({"agent": media}), Feed("agent-screen", media, "video")])
    assert [role["role"] for role in _manifest(log)["roles"]] == ["agent"]
    log.append(EventType.SHARE_STARTED, {"track": "agent-screen", "kind": "screen", "at_ms": 1_000})
    assert [role["role"] for role in _manifest(log)["roles"]] == ["agent", "agent-screen"]


def test_while_the_session_is_live_it_tells_what_is_sealed(vault: VaultPorts, tmp_path: Path) -> None:
    whole = _log(vault)
    _record(whole, tmp_path)
    until = next(n for n, event in enumerate(whole.events) if event.body.get("no") == 2)
    positions = [(whole.position_of(n), whole.events[n]) for n in range(until + 1)]
    live = CaseLog(vault, whole.tenant, whole.case, positions)
    manifest = _manifest(live)
    assert manifest["is_live"] and len(manifest["roles"][0]["segments"]) == 2
    assert manifest["duration_ms"] == manifest["roles"][0]["segments"][-1]["to_ms"]
    assert open_segment(live, "agent", 2).content
    with pytest.raises(NotFoundError, match="manifest"):
        open_segment(live, "agent", 3)
    with pytest.raises(NotFoundError, match="agent, customer"):
        open_segment(live, "witness", 1)


def test_words_findings_and_clauses_carry_their_seconds(vault: VaultPorts, tmp_path: Path) -> None:
    log = _log(vault)
    _record(log, tmp_path)
    inspections = LINES.inspections(_plan())
    _add_findings(log, inspections)
    clauses = judge(_plan(), log.events, inspections)
    log.seal_and_append(EventType.VERDICTS_JUDGED, "verdicts", verdicts_bytes(clauses), {"met": 1})
    manifest = _manifest(log)
    assert [(line["role"], line["from_ms"]) for line in manifest["transcript"]] == [
        (track, at) for track, (at, _) in zip(("agent", "customer", "agent"), LINES.times, strict=True)
    ]
    assert any(found["kind"] == "phrase" and "保险不是存款" in found["label"]["zh"] for found in manifest["findings"])
    (clause,) = manifest["clauses"]
    assert clause["verdict"] in ("met", "not_met") and set(clause) >= {"key", "citation", "title", "reasons", "evidence"}
    assert [line["text"] for line in _manifest(log, "同意")["transcript"]] == ["本次录音录像您同意吗", "同意"]


def test_gaps_and_events_are_told_in_both_languages(vault: VaultPorts, tmp_path: Path) -> None:
    log = _log(vault)
    gap = {"from_ms": 1000, "to_ms": 3000, "reason": "connection_lost", "side": "customer"}
    log.append(EventType.GAP_DECLARED, gap)
    log.append(EventType.STEP_COMPLETED, {"step": "risk", "no": 1, "attempt": 1, "from_ms": 0, "to_ms": 900})
    _record(log, tmp_path)
    manifest = _manifest(log)
    (told,) = manifest["gaps"]
    assert told["label"] == {"zh": "客户 · 连接中断", "en": "customer · the connection was lost"}
    texts = {event["type"]: event["text"] for event in manifest["events"]}
    assert texts["session:step:completed"] == {"zh": "完成环节“risk”（第 1 次）", "en": "Step “risk” completed (attempt 1)"}
    assert manifest["steps"] == [
        {"id": "risk", "no": 1, "title": {"zh": "risk", "en": "risk"}, "attempt": 1, "from_ms": 0, "to_ms": 900}
    ]
