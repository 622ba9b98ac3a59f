"""One sentence per obligation of a plan, in Chinese or English, with the numbers that decide.

Which clause demands it and in which order is `render.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jianlu.core.formats.plan import Obligation, Phrase, Plan
from jianlu.deliver.plans.handling_words import demand_text
from jianlu.deliver.plans.labels import ROLES, ROLES_MEDICAL, word

_TECHNICAL = {"zh": "（技术阈值）", "en": " (technical)"}


def speaker(plan: Plan, role: str, lang: str) -> str:
    """Who a role or track is in this case: an agent and a customer, or a physician and a patient, and whose camera or screen."""
    owner, hyphen, shown = role.partition("-")
    if hyphen:
        possessive = "的" if lang == "zh" else "'s "
        return f"{speaker(plan, owner, lang)}{possessive}{word(ROLES, shown, lang)}"
    kind = plan.facts.get("product", {}).get("kind")
    words = {**ROLES, **ROLES_MEDICAL} if kind == "medical_consult" else ROLES
    return word(words, role, lang)


def sentence(plan: Plan, obligation: Obligation, lang: str) -> str:
    """What the obligation demands, in one sentence; terms of retention are no sentences but a table (`render.py`)."""
    return _WRITERS[obligation.kind](_Said(plan, lang), obligation.params)


class _Said:
    """The plan's phrases and roles in the reader's language."""

    def __init__(self, plan: Plan, lang: str) -> None:
        self.zh = lang == "zh"
        self.lang = lang
        self._plan = plan
        self._phrases: Mapping[str, Phrase] = {phrase.id: phrase for phrase in plan.phrases}

    def role(self, role: str) -> str:
        return speaker(self._plan, role, self.lang)

    def roles(self, roles: Sequence[str]) -> str:
        return ("或" if self.zh else " or ").join(self.role(role) for role in roles)

    def picture(self, track: str) -> str:
        """Whose picture, where there are several."""
        return self.role(track) if "-" in track else ("画面" if self.zh else "picture")

    def quoted(self, phrases: Sequence[str]) -> str:
        quotes = [f"“{self._phrases[phrase].says}”" for phrase in phrases]
        return ("、" if self.zh else ", ").join(quotes)

    @property
    def technical(self) -> str:
        return _TECHNICAL[self.lang]


def _step(said: _Said, params: Mapping[str, Any]) -> str:
    text = f"{said.role(params['speaker'])}{'须说出：' if said.zh else ' says: '}{said.quoted(params['points'])}"
    if "within_ms" not in params:
        return text
    seconds = _seconds(params["within_ms"])
    return text + (f"，在{seconds}秒之内说完" if said.zh else f", within {seconds} s")


def _consent(said: _Said, params: Mapping[str, Any]) -> str:
    asker, answerer = said.role(params["asker"]), said.role(params["answerer"])
    question, seconds = said.quoted([params["question"]]), _seconds(params["within_ms"])
    if said.zh:
        answers = f"答以{said.quoted(params['answers'])}" if params["answers"] else "作出肯定答复"
        return f"{asker}须询问{question}，{answerer}本人在{seconds}秒内{answers}{said.technical}；沉默、拒绝、代答均不算同意"
    answers = f"answers {said.quoted(params['answers'])}" if params["answers"] else "affirms"
    return (
        f"{asker} asks {question}, and the {answerer} {answers} within {seconds} s{said.technical};"
        " silence, refusal or another voice is no consent"
    )


def _forbid(said: _Said, params: Mapping[str, Any]) -> str:
    who, words, asked = said.roles(params["speakers"]), said.quoted(params["phrases"]), said.quoted(params["questions"])
    if said.zh:
        after = f"；被问及{asked}时也不得作肯定答复" if params["questions"] else ""
        return f"{who}不得说{words}等（否定的说法不算）{after}"
    after = f", nor affirm when asked {asked}" if params["questions"] else ""
    return f"the {who} must not say {words} or the like (denials do not count){after}"


def _presence(said: _Said, params: Mapping[str, Any]) -> str:
    share, absent, height = params["share_permille"], _seconds(params["absent_ms_max"]), params["height_permille_min"]
    picture = said.picture(params["track"])
    if said.zh:
        return (
            f"{picture}中可见至少{params['faces_min']}张人脸的秒数不少于{_percent(share)}，连续缺失不超过{absent}秒，"
            f"人脸高度不低于画面的{_percent(height)}{said.technical}"
        )
    where = f"in the {picture}: " if "-" in params["track"] else ""
    faces = f"{params['faces_min']} {'faces' if params['faces_min'] > 1 else 'face'}"
    return (
        f"{where}at least {faces} in {_percent(share)} of the seconds, never missing for longer than {absent} s,"
        f" each at least {_percent(height)} of the picture's height{said.technical}"
    )


def _picture(said: _Said, params: Mapping[str, Any]) -> str:
    black, frozen, picture = _seconds(params["black_ms_max"]), _seconds(params["frozen_ms_max"]), said.picture(params["track"])
    if said.zh:
        return f"{picture}黑屏不超过{black}秒，静止不超过{frozen}秒{said.technical}"
    return f"the {picture} is black for at most {black} s and frozen for at most {frozen} s{said.technical}"


def _sound(said: _Said, params: Mapping[str, Any]) -> str:
    dead, ratio, level = _seconds(params["dead_ms_max"]), _decibels(params["snr_cdb_min"]), _decibels(params["speech_cdb_min"])
    tracks = ("、" if said.zh else ", ").join(said.role(track) for track in params["tracks"])
    if said.zh:
        return f"{tracks}的音轨无声不超过{dead}秒，语音高出噪声至少{ratio}分贝、电平不低于{level}分贝满刻度{said.technical}"
    return (
        f"the tracks of {tracks} are dead for at most {dead} s, speech at least {ratio} dB above noise and at {level} dBFS or"
        f" more{said.technical}"
    )


def _sync(said: _Said, params: Mapping[str, Any]) -> str:
    offset, drift, marks = params["offset_ms_max"], params["drift_ms_max"], params["marks_min"]
    if said.zh:
        return f"音画偏差不超过{offset}毫秒，漂移不超过{drift}毫秒，至少有{marks}个同步标记{said.technical}"
    return f"sound and picture at most {offset} ms apart, drifting at most {drift} ms, shown by {marks} sync marks or more{said.technical}"


def _continuity(said: _Said, params: Mapping[str, Any]) -> str:
    allowed = params["gap_ms_max"]
    if said.zh:
        return "一次录完，不得剪辑，" + (f"间断不超过{allowed}毫秒" if allowed else "不得有任何间断")
    return "one recording, unedited, " + (f"without a gap of more than {allowed} ms" if allowed else "without any gap")


def _attestation(said: _Said, params: Mapping[str, Any]) -> str:
    what = params["what"][said.lang]
    return f"{said.roles(params['by'])}声明：{what}" if said.zh else f"{said.roles(params['by'])} attests: {what}"


def _handling(said: _Said, params: Mapping[str, Any]) -> str:
    return demand_text(params, said.lang)


_WRITERS: Mapping[str, Callable[[_Said, Mapping[str, Any]], str]] = {
    "require_step": _step,
    "require_consent": _consent,
    "forbid_phrase": _forbid,
    "require_presence": _presence,
    "require_picture": _picture,
    "require_sound": _sound,
    "require_sync": _sync,
    "require_continuity": _continuity,
    "require_attestation": _attestation,
    "handle_as": _handling,
}


def _seconds(ms: int) -> str:
    return f"{ms // 1000}" if ms % 1000 == 0 else f"{ms / 1000:g}"


def _percent(permille: int) -> str:
    return f"{permille / 10:g}%"


def _decibels(cdb: int) -> str:
    return f"{cdb / 100:g}"
