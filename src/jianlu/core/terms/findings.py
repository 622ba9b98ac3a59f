"""Findings: what an engine saw or heard, where, how surely, and which engine it was. `specs/findings.md`.

A finding never says that a law is kept; that is a verdict. Coverage says which stretch of which track an inspector really
examined, so that "nothing found" can be told from "nobody looked".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Inspector(StrEnum):
    """The inspectors; each writes one findings document per case."""

    VOICE = "voice"
    SPEECH = "speech"
    PHRASES = "phrases"
    FACES = "faces"
    PICTURE = "picture"
    SOUND = "sound"
    SYNC = "sync"


class FindingKind(StrEnum):
    """What was found; the `value` of each kind is specified in `specs/findings.md`."""

    VOICED = "voiced"
    """Stretch of speech activity on an audio track. value: {}"""
    UTTERANCE = "utterance"
    """Recognised speech. value: {"lang","text","tokens":[[token, from_ms, to_ms, score], ...]}; tokens are toneless pinyin or words."""
    PHRASE = "phrase"
    """A plan's phrase heard. value: {"phrase","variant":i,"negated":bool,"asked":bool,"utterances":[ids],"heard"}; score: similarity."""
    FACES = "faces"
    """One second of picture. value: {"count","height_permille":[tallest first, of the frame],"brightness": 0..255,"sharpness"}"""
    BLACK = "black"
    """Stretch of black picture. value: {"luma": mean 0..255}"""
    FROZEN = "frozen"
    """Stretch of unchanging picture. value: {"frames": n}"""
    DEAD = "dead"
    """Stretch of audio below the level of any live microphone. value: {"level_cdb": level in hundredths of dBFS}"""
    LEVEL = "level"
    """Level of a whole audio track. value: {"speech_cdb","noise_cdb","snr_cdb","peak_cdb"} in hundredths of dB"""
    OFFSET = "offset"
    """One sync mark. value: {"offset_ms": sound minus picture, positive when the sound is late}"""
    DRIFT = "drift"
    """Change of offset from the first to the last mark. value: {"drift_ms","marks":n}"""


class Status(StrEnum):
    """How an inspection ended."""

    RAN = "ran"
    ABSENT = "absent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Engine:
    """What made a finding: name, version, and SHA-256 of its weights or of its rules ("" when it has neither)."""

    name: str
    version: str
    model_digest: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding on `track`, in half-open [from_ms, to_ms) of session time; score and threshold in thousandths."""

    id: str
    kind: FindingKind
    track: str
    from_ms: int
    to_ms: int
    score: int
    threshold: int
    engine: Engine
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Stretch [from_ms, to_ms) of `track` that an inspector examined from end to end."""

    track: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspector's whole result: status, reason code when it did not run, engine, coverage and findings in time order."""

    inspector: Inspector
    status: Status
    reason: str
    engine: Engine
    covered: tuple[Coverage, ...]
    findings: tuple[Finding, ...]
