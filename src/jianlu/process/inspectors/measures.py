"""Levels, rules and identifiers that several inspectors write down in the same way.

Levels are hundredths of a decibel against full scale, whole numbers. A rule-like engine is named by the SHA-256 of its
parameters, so that a changed threshold is a changed engine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.findings import Coverage, Engine, Finding, Inspection, Inspector, Status

FLOOR_CDB = -12_000
"""What digital silence is written as: below anything that 16 bits can hold."""

HOLE_MS_MIN = 100
"""A hole in a track that is shorter does not interrupt coverage: it is a rounded timestamp, not a missing conversation."""

NO_ENGINE = Engine("", "", "")


def level_cdb(mean_square: float) -> int:
    """Level of a mean square of samples in -1..1, in hundredths of dBFS."""
    return FLOOR_CDB if mean_square <= 0 else max(FLOOR_CDB, round(1000 * math.log10(mean_square)))


def rule_engine(name: str, version: str, parameters: Mapping[str, int]) -> Engine:
    """The engine that is nothing but its parameters: named by their SHA-256 as canonical JSON."""
    return Engine(name, version, digest_of(canonical_bytes(dict(parameters))))


def covered_without(track: str, from_ms: int, to_ms: int, holes: Iterable[tuple[int, int]]) -> tuple[Coverage, ...]:
    """[from_ms, to_ms) of `track` less its `holes` (in order, joined where they touch) of HOLE_MS_MIN and more."""
    covered, at = [], from_ms
    for hole_from, hole_to in _joined(holes):
        if hole_to - hole_from >= HOLE_MS_MIN:
            if hole_from > at:
                covered.append(Coverage(track, at, min(hole_from, to_ms)))
            at = max(at, hole_to)
    if to_ms > at:
        covered.append(Coverage(track, at, to_ms))
    return tuple(covered)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def ran(inspector: Inspector, engine: Engine, covered: Iterable[Coverage], findings: Sequence[Finding]) -> Inspection:
    """The inspection that ran: findings in time order, each with an identifier of its own."""
    ordered = sorted(findings, key=lambda found: (found.from_ms, found.to_ms, found.track, found.kind.value))
    named = tuple(replace(found, id=f"{inspector.value}-{number:06d}") for number, found in enumerate(ordered, 1))
    return Inspection(inspector, Status.RAN, "", engine, tuple(covered), named)


def absent(inspector: Inspector, reason: str) -> Inspection:
    """The inspection that nobody could make."""
    return Inspection(inspector, Status.ABSENT, reason, NO_ENGINE, (), ())


def failed(inspector: Inspector, engine: Engine, reason: str) -> Inspection:
    """The inspection that broke off: nothing that it found is kept, since nobody knows what it missed."""
    return Inspection(inspector, Status.FAILED, reason, engine, (), ())
