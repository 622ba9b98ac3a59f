"""Reason codes of verdicts and their texts in Chinese and English: data for whoever shows them, `specs/verdicts.md`.

A text needs only what a Reason carries: `{about}`, `{track}`, `{from}`, `{to}`. Which code is given when is in the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from jianlu.core.terms.verdicts import Reason


class ReasonCode(StrEnum):
    """Why a clause is not met or not evidenced."""

    NOT_ENDED = "not_ended"
    ENGINE_ABSENT = "engine_absent"
    ENGINE_FAILED = "engine_failed"
    CONSENT_WITHHELD = "consent_withheld"
    NOT_COVERED = "not_covered"
    NO_OBLIGATION = "no_obligation"
    MISSING_POINT = "missing_point"
    WRONG_SPEAKER = "wrong_speaker"
    OUT_OF_ORDER = "out_of_order"
    PRECEDENT_MISSING = "precedent_missing"
    NEGATED = "negated"
    SCATTERED = "scattered"
    MISSING_QUESTION = "missing_question"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    BEFORE_QUESTION = "before_question"
    FORBIDDEN = "forbidden"
    FEW_FACES = "few_faces"
    FACE_GONE = "face_gone"
    BLACK = "black"
    FROZEN = "frozen"
    DEAD = "dead"
    NOISY = "noisy"
    QUIET = "quiet"
    NO_LEVEL = "no_level"
    OFFSET = "offset"
    DRIFT = "drift"
    FEW_MARKS = "few_marks"
    NOT_STARTED = "not_started"
    RECORDED_AGAIN = "recorded_again"
    ABANDONED = "abandoned"
    GAP_DECLARED = "gap_declared"
    GAP_UNDECLARED = "gap_undeclared"
    SEGMENT_MISSING = "segment_missing"
    TOTALS_DIFFER = "totals_differ"
    NOT_ATTESTED = "not_attested"
    WRONG_ATTESTER = "wrong_attester"
    TERM_UNKNOWN = "term_unknown"
    RETENTION_NOT_SET = "retention_not_set"
    RETENTION_SHORT = "retention_short"
    OBJECT_UNLABELLED = "object_unlabelled"
    LEVEL_LOW = "level_low"
    PLACE_UNDECLARED = "place_undeclared"
    PLACE_FORBIDDEN = "place_forbidden"
    KEEPER_UNKNOWN = "keeper_unknown"
    KEEPER_WEAK = "keeper_weak"


TEXTS: dict[ReasonCode, dict[str, str]] = {
    ReasonCode.NOT_ENDED: {
        "zh": "录制没有正常结束的记录，无法确认全程",
        "en": "the recording has no orderly end on record, so the whole cannot be confirmed",
    },
    ReasonCode.ENGINE_ABSENT: {"zh": "未运行所需的检测（{about}）", "en": "the inspection it needs did not run ({about})"},
    ReasonCode.CONSENT_WITHHELD: {
        "zh": "当事人未同意，所需的检测（{about}）未进行",
        "en": "the inspection it needs ({about}) was not allowed: a person did not consent to it",
    },
    ReasonCode.ENGINE_FAILED: {"zh": "所需的检测（{about}）运行失败", "en": "the inspection it needs failed ({about})"},
    ReasonCode.NOT_COVERED: {
        "zh": "检测（{about}）未覆盖{track}的全程，{from} 至 {to} 未检",
        "en": "the inspection ({about}) did not cover all of {track}: {from} to {to} was not examined",
    },
    ReasonCode.NO_OBLIGATION: {"zh": "本条款没有可自动核对的要求", "en": "the clause has no requirement that could be checked"},
    ReasonCode.MISSING_POINT: {
        "zh": "未听到应当说明的内容：{about}（应在 {from} 至 {to} 之间）",
        "en": "a required statement was not heard: {about} (expected between {from} and {to})",
    },
    ReasonCode.WRONG_SPEAKER: {
        "zh": "该内容由不应陈述的一方说出：{about}（{track}，{from}）",
        "en": "said by the wrong party: {about} ({track}, {from})",
    },
    ReasonCode.OUT_OF_ORDER: {
        "zh": "顺序不符合要求：与“{about}”的先后颠倒（{from} 至 {to}）",
        "en": "out of order with respect to “{about}” ({from} to {to})",
    },
    ReasonCode.PRECEDENT_MISSING: {
        "zh": "应在此之前完成的“{about}”没有完成，先后次序无从确认",
        "en": "“{about}”, which had to come first, did not take place, so the order cannot be shown",
    },
    ReasonCode.NEGATED: {
        "zh": "说的是相反的意思：{about}（{track}，{from}）",
        "en": "the opposite was said: {about} ({track}, {from})",
    },
    ReasonCode.SCATTERED: {
        "zh": "各要点说得过于分散，超出规定的时间（{from} 至 {to}）",
        "en": "the points were said too far apart ({from} to {to})",
    },
    ReasonCode.MISSING_QUESTION: {
        "zh": "未听到应当提出的询问：{about}（应在 {from} 至 {to} 之间）",
        "en": "the required question was not heard: {about} (expected between {from} and {to})",
    },
    ReasonCode.NO_ANSWER: {
        "zh": "提问后未听到{track}作出肯定答复（{from} 至 {to}）",
        "en": "no agreement by {track} after the question ({from} to {to})",
    },
    ReasonCode.REFUSED: {"zh": "{track}表示不同意或有疑虑（{from}）", "en": "{track} refused or hesitated ({from})"},
    ReasonCode.BEFORE_QUESTION: {
        "zh": "答复在提问之前（{from}），不能作为同意",
        "en": "the answer came before the question ({from}) and is no consent",
    },
    ReasonCode.FORBIDDEN: {
        "zh": "出现禁止的表述：{about}（{track}，{from}）",
        "en": "forbidden words: {about} ({track}, {from})",
    },
    ReasonCode.FEW_FACES: {
        "zh": "{track}中可见规定人数的时间不足（仅 {about}）",
        "en": "in {track}, the required number of faces is visible for too little of the time (only {about})",
    },
    ReasonCode.FACE_GONE: {
        "zh": "{track}中连续缺少应当在场的人（{from} 至 {to}）",
        "en": "a person who must be visible is missing from {track} ({from} to {to})",
    },
    ReasonCode.BLACK: {"zh": "{track}全黑（{from} 至 {to}）", "en": "{track} is black ({from} to {to})"},
    ReasonCode.FROZEN: {"zh": "{track}静止不动（{from} 至 {to}）", "en": "{track} is frozen ({from} to {to})"},
    ReasonCode.DEAD: {"zh": "{track}一侧没有声音信号（{from} 至 {to}）", "en": "{track} carries no sound ({from} to {to})"},
    ReasonCode.NOISY: {
        "zh": "{track}的噪声过大，信噪比为 {about}",
        "en": "{track} is too noisy: signal to noise is {about}",
    },
    ReasonCode.QUIET: {
        "zh": "{track}的语音音量过低，为 {about}",
        "en": "speech on {track} is too quiet: {about}",
    },
    ReasonCode.NO_LEVEL: {"zh": "没有{track}的音量测量结果", "en": "there is no level measurement of {track}"},
    ReasonCode.OFFSET: {
        "zh": "声音与画面相差 {about} 毫秒（{track}，{from}）",
        "en": "sound and picture are {about} ms apart ({track}, {from})",
    },
    ReasonCode.DRIFT: {
        "zh": "声音与画面的偏差在录制中变化了 {about} 毫秒（{track}）",
        "en": "sound and picture drift by {about} ms ({track})",
    },
    ReasonCode.FEW_MARKS: {
        "zh": "{track}的声音中可用于核对同步的标记不足（{about} 个）",
        "en": "too few marks to check synchronism on {track} ({about})",
    },
    ReasonCode.NOT_STARTED: {"zh": "没有录制开始的记录", "en": "no start of a recording is on record"},
    ReasonCode.RECORDED_AGAIN: {
        "zh": "录制不止一段，不能视为一次连续录制",
        "en": "there is more than one recording: it is not one continuous session",
    },
    ReasonCode.ABANDONED: {"zh": "录制被放弃（{about}）", "en": "the recording was abandoned ({about})"},
    ReasonCode.GAP_DECLARED: {
        "zh": "{track}中断（{from} 至 {to}，{about}）",
        "en": "{track} has a gap ({from} to {to}, {about})",
    },
    ReasonCode.GAP_UNDECLARED: {
        "zh": "{from} 至 {to} 没有录制内容，且无中断记录",
        "en": "nothing was recorded from {from} to {to}, and no gap was declared",
    },
    ReasonCode.SEGMENT_MISSING: {"zh": "第 {about} 段缺失或重复", "en": "segment {about} is missing or doubled"},
    ReasonCode.TOTALS_DIFFER: {
        "zh": "录制结束时记载的总量与各段之和不符（{about}）",
        "en": "the totals at the end of the recording do not fit the segments ({about})",
    },
    ReasonCode.NOT_ATTESTED: {"zh": "没有相应人员的确认记录", "en": "nobody attested it"},
    ReasonCode.WRONG_ATTESTER: {"zh": "确认人（{about}）不是规定的角色", "en": "it was attested by somebody else ({about})"},
    ReasonCode.TERM_UNKNOWN: {
        "zh": "方案中没有该部分（{about}）的保存期限",
        "en": "the plan has no retention term for this part ({about})",
    },
    ReasonCode.RETENTION_NOT_SET: {"zh": "尚未设定保存期限（{about}）", "en": "no retention was set ({about})"},
    ReasonCode.RETENTION_SHORT: {
        "zh": "设定的保存期限短于要求（{about}）",
        "en": "the retention that was set is shorter than required ({about})",
    },
    ReasonCode.OBJECT_UNLABELLED: {
        "zh": "封存记录未说明级别（{about}）",
        "en": "the record of sealing states no level ({about})",
    },
    ReasonCode.LEVEL_LOW: {
        "zh": "封存时的级别低于要求（{about}）",
        "en": "it was sealed at a lower level than required ({about})",
    },
    ReasonCode.PLACE_UNDECLARED: {
        "zh": "封存所在的存储未声明地点（{about}）",
        "en": "the store in which it was sealed has no declared place ({about})",
    },
    ReasonCode.PLACE_FORBIDDEN: {
        "zh": "封存在不允许的地点（{about}）",
        "en": "it was sealed in a place where it may not be kept ({about})",
    },
    ReasonCode.KEEPER_UNKNOWN: {"zh": "没有根密钥由谁保管的记录", "en": "who kept the root key is not on record"},
    ReasonCode.KEEPER_WEAK: {
        "zh": "根密钥不在密码机或密钥服务中（{about}）",
        "en": "the root key was in no hardware token or key service ({about})",
    },
}

TRACK_NAMES = {
    "session": {"zh": "本次录制", "en": "the session"},
    "picture": {"zh": "画面", "en": "the picture"},
    "agent": {"zh": "销售人员", "en": "the agent"},
    "customer": {"zh": "客户", "en": "the customer"},
    "interpreter": {"zh": "翻译人员", "en": "the interpreter"},
    "guardian": {"zh": "监护人", "en": "the guardian"},
    "witness": {"zh": "见证人", "en": "the witness"},
    "mixed": {"zh": "混合音轨", "en": "the mixed track"},
    "supervisor": {"zh": "主管", "en": "the supervisor"},
    "recorder": {"zh": "录制端", "en": "the recorder"},
    "source": {"zh": "全部音画", "en": "all tracks"},
}
_SHOWN = {
    "picture": {"zh": "{owner}的画面", "en": "{owner}'s picture"},
    "screen": {"zh": "{owner}的共享内容", "en": "{owner}'s screen"},
}


def track_name(track: str, lang: str) -> str:
    """What a track is called: whose voice, whose camera (`agent-picture`), whose screen; an unknown one as it is."""
    owner, hyphen, shown = track.rpartition("-")
    if hyphen and owner in TRACK_NAMES and shown in _SHOWN:
        return _SHOWN[shown][lang].format(owner=TRACK_NAMES[owner][lang])
    return TRACK_NAMES.get(track, {}).get(lang, track)


CODE_NAMES = {
    "voice": {"zh": "人声检测", "en": "voice activity"},
    "speech": {"zh": "语音识别", "en": "speech recognition"},
    "phrases": {"zh": "用语比对", "en": "phrase matching"},
    "faces": {"zh": "人脸检测", "en": "face detection"},
    "picture": {"zh": "画面检测", "en": "picture inspection"},
    "sound": {"zh": "声音检测", "en": "sound inspection"},
    "sync": {"zh": "音画同步检测", "en": "synchronism inspection"},
    "timestamps_jump": {"zh": "时间戳跳变", "en": "the time stamps jump"},
    "starts_late": {"zh": "开始较晚", "en": "it starts late"},
    "ends_early": {"zh": "提前结束", "en": "it ends early"},
    "connection_lost": {"zh": "连接中断", "en": "the connection was lost"},
    "packets_lost": {"zh": "数据丢失", "en": "packets were lost"},
    "recorder_restarted": {"zh": "录制端重启", "en": "the recorder was restarted"},
    "sealing_stalled": {"zh": "封存受阻", "en": "sealing stalled"},
    "paused": {"zh": "暂停", "en": "paused"},
    "muted": {"zh": "静音", "en": "muted"},
    "source_absent": {"zh": "没有信号源", "en": "there was no source"},
    "undecryptable": {"zh": "无法解密", "en": "it could not be decrypted"},
    "invalid_source": {"zh": "录制文件损坏", "en": "the recording file is damaged"},
    "segments": {"zh": "片段数", "en": "number of segments"},
    "duration_ms": {"zh": "时长", "en": "duration"},
    "recording": {"zh": "录音录像", "en": "the recording"},
    "transcript": {"zh": "转写文本", "en": "the transcript"},
    "findings": {"zh": "检测结果", "en": "the findings"},
    "biometric": {"zh": "生物特征", "en": "biometric templates"},
    "consent": {"zh": "同意记录", "en": "the consents"},
    "ledger": {"zh": "账本记录", "en": "the ledger"},
}
"""What a reason may be about, where it is a code of ours: inspectors, causes of gaps, totals, parts that are kept."""

_DECIBEL_CODES = frozenset({ReasonCode.NOISY, ReasonCode.QUIET})
_ABOUT_WORDS = frozenset(
    {
        ReasonCode.MISSING_POINT,
        ReasonCode.WRONG_SPEAKER,
        ReasonCode.OUT_OF_ORDER,
        ReasonCode.PRECEDENT_MISSING,
        ReasonCode.NEGATED,
        ReasonCode.MISSING_QUESTION,
        ReasonCode.FORBIDDEN,
    }
)
"""Reasons about a phrase or a step, whose ids are the packs' and may look like anything."""


def reason_text(reason: Reason, lang: str, *, name_of: Callable[[str], str] = str) -> str:
    """`reason` in "zh" or "en"; `name_of` turns what it is about (a phrase id, a step) into words. An unknown code shows itself."""
    code = ReasonCode(reason.code) if reason.code in ReasonCode._value2member_map_ else None
    if code is None:
        return reason.code
    track = track_name(reason.track, lang)
    fields = {
        "about": _about(code, reason.about, lang, name_of),
        "track": track,
        "from": clock_text(reason.from_ms),
        "to": clock_text(reason.to_ms),
    }
    return TEXTS[code][lang].format_map(fields)


def _about(code: ReasonCode, about: str, lang: str, name_of: Callable[[str], str]) -> str:
    """What the reason is about, for people: a quantity with its unit, a code of ours by its name, else as `name_of` has it."""
    if about.removeprefix("-").isdecimal() and about.isascii() and len(about) < 12:
        if code in _DECIBEL_CODES:
            return f"{int(about) / 100:.1f} {'分贝' if lang == 'zh' else 'dB'}"
        if code is ReasonCode.FEW_FACES:
            return f"{int(about) / 10:.1f}%"
    first, space, rest = about.partition(" ")
    if first in CODE_NAMES and code not in _ABOUT_WORDS:
        return CODE_NAMES[first][lang] + space + rest
    if code is ReasonCode.WRONG_ATTESTER:
        return TRACK_NAMES.get(about, {}).get(lang, about)
    return name_of(about) if about else about


def clock_text(ms: int) -> str:
    """Session time as `mm:ss.mmm`, from an hour on `h:mm:ss.mmm`."""
    seconds, rest = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return (f"{hour}:" if hour else "") + f"{minute:02d}:{second:02d}.{rest:03d}"
