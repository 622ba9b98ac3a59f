"""The lawful sale at a bank counter, as a plan made by hand and as a small recogniser heard it: for golden tests of verdicts.

The texts are what faster-whisper-base wrote for synthesised speech of the script (its mistakes kept), by utterance id; the
variants of the sabotage list are made from them by replacing, moving and adding lines. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Obligation, Plan, Retention, RetentionTerm
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import FindingKind, Inspection, Inspector
from tests.fakes.conversation import Line, Session, finding, findings_of, obligation, phrase, plan_of, recording, said

HEARD = {
    "a01": "您好,我是建南银行的立财经理,这是我的工作证,请您查看。",
    "a02": "根据监管要求,本次销售过程需要全程录音录响,请问您是否同意?",
    "c02": "我同意。",
    "a03": "此次录音录像过程对于今后您维护权益非常关键,请您认真配合。",
    "a04": "我们需要采集您的人脸信息,用于核实身份,请问您是否单独同意?",
    "c04": "我单读同意。",
    "a05": "这是投宝提示书,产品条款和免除保险人责任条款的书面说明,请您阅读。",
    "a06": "您购买的是保险产品,不是银行存款,由河岸人受保险公司承保。",
    "a07": "保险责任包括蛮气保陷境和生股保陷境。",
    "a08": "每年缴保费一万元,缴费期间五年,保险期间十年。",
    "a09": "由于起15天,由于其后退宝会有损失。",
    "a10": "本产品是分红性保险,红力分配是不确定的。",
    "a11": "以上内容您是否清楚病例解?",
    "c11": "我青春也理解了。",
    "a12": "请您潮路风险提示语,并在头宝单和头宝提示书上签字。",
    "c12": "好的,我已经超路并签子。",
    "a13": "请问您是否资源购买?",
    "c13": "我支援购买。",
    "a14": "本次录音录像结束,感谢您的配合。",
    "xc02_no": "我不同意。",
    "xc02_later": "我再考虑一下。",
    "xa02_byagent": "我同意。",
    "xc_reads_a09": "犹豫期15天,犹豫期后退保会有损失。",
    "xc_reads_a06": "您购买的是保险产品不是银行存款,由荷安人受保险公司承保。",
    "xa_promise": "这个产品保本,保收益,您放心买。",
    "xa_promise_spoken": "您的本金绝对不会亏损,纹状不陪。",
    "xc_ask_baoben": "这个产品保本吗?",
    "xa_yes": "对,是保本的。",
    "xa_yes_short": "施的,没问题。",
    "xa_not_baoben": "这个产品不包本,收益是不确定的。",
    "xa_toubao": "您投宝本产品之前,请自系阅读条款。",
    "xa08_num": "每年缴保费10000块钱,缴费期间是5年,保险期间是10年。",
    "xa09_num": "由于其为15日,由于7后退保会有损失。",
    "xc02_alt": "好的,我同意录音录像。",
    "xc04_alt": "可以,我同意。",
    "xa_smalltalk": "今天外面天气不错,您喝点水,我们慢慢来。",
}
ORDER = (
    "a01",
    "a02",
    "c02",
    "a03",
    "a04",
    "c04",
    "a05",
    "a06",
    "a07",
    "a08",
    "a09",
    "a10",
    "a11",
    "c11",
    "a12",
    "c12",
    "a13",
    "c13",
    "a14",
)

_PHRASES = (
    phrase("work_card", "这是我的工作证"),
    phrase("ask_recording", "录音录像请问您是否同意", "全程录音录像请问您是否同意"),
    phrase("notice", "此次录音录像过程对于今后您维护权益非常关键"),
    phrase("ask_face", "请问您是否单独同意", "人脸信息用于核实身份请问您是否单独同意"),
    phrase("application_notice", "投保提示书"),
    phrase("terms", "产品条款"),
    phrase("exemptions", "免除保险人责任条款的书面说明"),
    phrase("is_insurance", "是保险产品"),
    phrase("no_deposit", "不是银行存款"),
    phrase("insurer", "和安人寿保险公司承保"),
    phrase("maturity", "满期保险金"),
    phrase("death", "身故保险金"),
    phrase("premium", "每年交保费一万元", "每年交保费一万块"),
    phrase("paying", "缴费期间五年", "缴费期间是五年"),
    phrase("term", "保险期间十年", "保险期间是十年"),
    phrase("cooling_off", "犹豫期十五天", "犹豫期十五日", "犹豫期为十五日"),
    phrase("loss", "犹豫期后退保会有损失"),
    phrase("participating", "是分红型保险"),
    phrase("uncertain", "红利分配是不确定的"),
    phrase("ask_understood", "以上内容您是否清楚并理解"),
    phrase("copy", "抄录风险提示语"),
    phrase("sign", "投保单和投保提示书上签字"),
    phrase("signed", "我已经抄录并签字", "已经签字"),
    phrase("ask_buy", "请问您是否自愿购买"),
    phrase("p_safe", "保本", "保证本金", unless=("投保本", "承保本")),
    phrase("p_yield", "保收益", "保证收益"),
    phrase("p_no_loss", "不会亏损", "稳赚不赔", "稳赚"),
)


def _step(name: str, points: Sequence[str], after: Sequence[str] = (), before: Sequence[str] = ()) -> Obligation:
    params = {"step": name, "speaker": "agent", "points": list(points), "after": list(after), "before": list(before)}
    return obligation(name, "require_step", params)


def _consent(
    name: str, question: str, after: Sequence[str] = (), before: Sequence[str] = (), answers: Sequence[str] = ()
) -> Obligation:
    params = {
        "step": name,
        "question": question,
        "asker": "agent",
        "answerer": "customer",
        "within_ms": 12_000,
        "answers": list(answers),
        "after": list(after),
        "before": list(before),
    }
    return obligation(name, "require_consent", params)


_EXPLAINED = ("explain_kind", "explain_cover", "explain_payment", "explain_cooling_off", "explain_dividends")


def sale_plan() -> Plan:
    """Every obligation kind, the conversation in its order; one clause per obligation, named like it."""
    return plan_of(
        [
            _step("identity", ["work_card"]),
            _consent("recording_consent", "ask_recording", before=_EXPLAINED),
            _step("notice", ["notice"], after=["recording_consent"]),
            _consent("face_consent", "ask_face", after=["recording_consent"]),
            _step("documents", ["application_notice", "terms", "exemptions"], after=["recording_consent"]),
            _step("explain_kind", ["is_insurance", "no_deposit", "insurer"]),
            _step("explain_cover", ["maturity", "death"]),
            _step("explain_payment", ["premium", "paying", "term"]),
            _step("explain_cooling_off", ["cooling_off", "loss"]),
            _step("explain_dividends", ["participating", "uncertain"]),
            _consent("understood", "ask_understood", after=_EXPLAINED),
            _step("signing", ["copy", "sign"], after=["understood"]),
            _consent("purchase", "ask_buy", after=["understood"]),
            obligation(
                "promises",
                "forbid_phrase",
                {
                    "speakers": ["agent"],
                    "phrases": ["p_safe", "p_yield", "p_no_loss"],
                    "questions": ["p_safe", "p_yield", "p_no_loss"],
                    "within_ms": 6000,
                },
            ),
            obligation(
                "faces",
                "require_presence",
                {"track": "picture", "faces_min": 2, "share_permille": 900, "absent_ms_max": 5000, "height_permille_min": 100},
            ),
            obligation("picture", "require_picture", {"track": "picture", "black_ms_max": 2000, "frozen_ms_max": 5000}),
            obligation(
                "sound",
                "require_sound",
                {"tracks": ["agent", "customer"], "dead_ms_max": 3000, "snr_cdb_min": 1000, "speech_cdb_min": -4500},
            ),
            obligation("sync", "require_sync", {"offset_ms_max": 80, "drift_ms_max": 80, "marks_min": 2}),
            obligation("continuity", "require_continuity", {"gap_ms_max": 0}),
            obligation(
                "documents_seen", "require_attestation", {"by": ["agent"], "what": {"zh": "已出示文件", "en": "documents shown"}}
            ),
            obligation("kept", "retain_for", {"part": "recording"}),
        ],
        _PHRASES,
        retention=[
            Retention("recording", "2046-11-20", "test:kept", (RetentionTerm("test:kept", "term_end", 10, 0, "2046-11-20"),))
        ],
        attested=["documents_seen"],
    )


def line(name: str, **changes: object) -> Line:
    """The utterance `name` on the track of its speaker: `a...` and `xa...` the agent, `c...` and `xc...` the customer."""
    track = "agent" if name.removeprefix("x").startswith("a") else "customer"
    return replace(Line(track, HEARD[name]), **changes)  # type: ignore[arg-type]


def conversation(*names: str | Line) -> Session:
    """The utterances in this order."""
    return said(*(line(entry) if isinstance(entry, str) else entry for entry in names))


def with_changes(
    *, replaced: dict[str, str | Line] | None = None, after: dict[str, Sequence[str | Line]] | None = None
) -> list[str | Line]:
    """The lawful order with utterances replaced (by "" for none) and others said after them."""
    names: list[str | Line] = []
    for name in ORDER:
        chosen = (replaced or {}).get(name, name)
        names += ([chosen] if chosen else []) + list((after or {}).get(name, ()))
    return names


def sale_events(session: Session) -> tuple[Event, ...]:
    """An orderly recording of the session, attested and with its retention set."""
    return recording(
        session.duration_ms,
        (
            EventType.ATTESTATION_RECORDED,
            {"clause": "test:documents_seen", "by": "agent", "from_ms": 1000, "to_ms": 5000, "commit": "0" * 64},
        ),
        (EventType.RETENTION_SET, {"part": "recording", "until": "2046-11-20", "clause": "test:kept"}),
    )


def sale_inspections(session: Session, plan: Plan) -> tuple[Inspection, ...]:
    """Speech and phrases as heard; picture, faces, sound and synchronism without a fault."""
    end = session.duration_ms
    seconds = [
        finding(
            FindingKind.FACES,
            "picture",
            low,
            min(low + 1000, end),
            count=2,
            height_permille=[300, 250],
            brightness=120,
            sharpness=50,
        )
        for low in range(0, end, 1000)
    ]
    levels = [
        finding(FindingKind.LEVEL, track, 0, end, speech_cdb=-2300, noise_cdb=-6000, snr_cdb=3700, peak_cdb=-300)
        for track in ("agent", "customer")
    ]
    marks = [
        finding(FindingKind.OFFSET, track, at, at + 120, offset_ms=4)
        for track in ("agent", "customer")
        for at in (600, end - 720)
    ]
    return (
        *session.inspections(plan),
        findings_of(Inspector.FACES, end, ["picture"], seconds),
        findings_of(Inspector.PICTURE, end, ["picture"]),
        findings_of(Inspector.SOUND, end, ["agent", "customer"], levels),
        findings_of(Inspector.SYNC, end, ["agent", "customer"], marks),
    )
