"""Every code that a session's events can hold has words in both languages: nobody reads a Chinese page with a machine's word in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from jianlu.capture.cases.scenes import load_scenes, scenes_directory
from jianlu.capture.recording.model import GapReason
from jianlu.capture.sessions.checking import WAIVERS
from jianlu.capture.sessions.model import Block
from jianlu.capture.sessions.steps import REASONS
from jianlu.capture.sessions.words import ALARM_WORDS
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.deliver.reports.course import Act, act_text, code_word
from jianlu.deliver.reports.labels import REFUSALS, SESSION_CODES
from tests.fakes.live_course import SCRIPT
from tests.fakes.reported_case import sale_plan

DEVICES = ("camera", "microphone", "speaker", "network", "bandwidth", "sample_clips")
SYSTEM = ("disk", "keys", "ledger", "tap", "desk", "clock", "key", "recorder", "media")
ENTRIES = ("account", "invitation", "handover", "left", "expired", "replaced", "occupied", "used", "revoked")
ENDS = ("completed", "refused", "halted", "abandoned", "unhealthy")
NOTICES = tuple(notice.id for scene in load_scenes(scenes_directory()).values() for notice in scene.notices)
LATIN = re.compile(r"[A-Za-z]{2,}|_")
EVERY = (*DEVICES, *SYSTEM, *ENTRIES, *ENDS, *NOTICES, *REASONS, *WAIVERS, *ALARM_WORDS, *(reason.value for reason in GapReason))


def told(kind: EventType, body: Mapping[str, Any], lang: str) -> str:
    """What report and playback say of an event."""
    event = Event(kind, tenant_id("bank"), case_ref("c" + "a" * 26), 1, "", "2026-11-26T08:00:00.000Z", body, b"")
    return act_text(Act(event, 0, 0), sale_plan(), SCRIPT, lang)


def machine_words(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if LATIN.search(text)]


@pytest.mark.parametrize("code", sorted(set(EVERY)))
def test_every_code_of_a_session_has_words_in_both_languages(code: str) -> None:
    assert machine_words([code_word(code, "zh")]) == []
    assert "_" not in code_word(code, "en")


def test_every_refusal_has_words() -> None:
    assert {block.value for block in Block} - set(REFUSALS) == set()


def test_the_checks_of_both_recorders_are_told_in_words() -> None:
    checks = [[name, "ok"] for name in (*SYSTEM, *DEVICES)] + [["b_tap", "failed"], ["b_key", "skipped"]]
    body = {"checks": checks, "seat": "recorder"}
    text = told(EventType.PREFLIGHT_RECORDED, body, "zh")
    assert machine_words([text]) == []
    assert "录制端 B 媒体接入 未通过" in text and "演示样片代替摄像头和麦克风 正常" in text
    assert "recorder B media tap failed" in told(EventType.PREFLIGHT_RECORDED, body, "en")


def test_an_alarm_of_the_whole_session_says_so() -> None:
    body = {"code": "recorder_away", "track": "", "at_ms": 5}
    assert told(EventType.HEALTH_ALARMED, body, "zh") == "告警：整个会话，录制程序没有响应"
    assert told(EventType.HEALTH_ALARMED, body, "en") == "Alarm: the whole session, the recorder does not answer"


def test_consents_documents_and_statements_are_called_by_their_names() -> None:
    agreed = {"purpose": "face", "how": "click", "notice": "face_notice", "version": "1.0.0", "lang": "zh", "by": "customer"}
    assert told(EventType.CONSENT_GIVEN, agreed, "zh") == "客户同意人脸检测（点击；《人脸信息处理告知》第 1.0.0 版，中文）"
    deposited = {"document": "contract", "by": "customer", "signature": "none_found", "object": "deposit-1"}
    assert told(EventType.DEPOSIT_RECORDED, deposited, "zh").startswith("客户存入文件“电子合同”")
    clause = sale_plan().clauses[0]
    stated = {"clause": clause.key, "by": "agent", "from_ms": 0, "to_ms": 5}
    assert told(EventType.ATTESTATION_RECORDED, stated, "zh") == f"销售人员作出陈述（{clause.title['zh']}）"


def test_of_a_deposit_no_more_is_told_than_was_looked_at() -> None:
    body = {"document": "annex_2", "by": "customer", "object": "deposit-1", "signature": "covers_file"}
    text = told(EventType.DEPOSIT_RECORDED, body, "zh")
    assert "“附件 2”" in text and "是否真正签署未作核验" in text
    assert "“annex 2”" in told(EventType.DEPOSIT_RECORDED, body, "en")
    for signature in ("covers_file", "covers_part"):
        assert "whether it is signed was not checked" in told(EventType.DEPOSIT_RECORDED, {**body, "signature": signature}, "en")
    assert told(EventType.DEPOSIT_RECORDED, {**body, "signature": "none_found"}, "en").endswith("no signature was found")


def test_the_check_of_a_step_counts_what_was_met_and_not_what_was_said() -> None:
    body = {"step": SCRIPT.steps[0].id, "met": 2, "not_met": 0, "unknown": 1}
    assert "2 项达到，0 项未达到" in told(EventType.CHECK_RECORDED, body, "zh")


def test_a_code_that_a_person_chose_stays_readable() -> None:
    assert SESSION_CODES.get("side_letter") is None
    body = {"document": "side_letter", "by": "agent", "signature": "covers_file", "object": "deposit-1"}
    assert "“side letter”" in told(EventType.DEPOSIT_RECORDED, body, "zh")
    assert told(EventType.DEPOSIT_RECORDED, {**body, "document": SCRIPT.documents[0].id}, "zh").startswith(
        "销售人员存入文件“风险提示书”"
    )
