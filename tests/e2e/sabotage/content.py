"""Sessions with something wrong in what was said or shown, and harmless variants that must not fail; both from the same clips.

Each sabotage names the clause that must not come out as met, the reason, and where: a function of the truth about the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jianlu.entry.sample.recipe import DEFAULT, Encoding, Line, Mute, Recipe, Span, agent, customer
from jianlu.entry.sample.schedule import Timeline

SALE = "cn-insurance-dual-recording"
BANK = "cn-bank-sales-zone"
FACE = "cn-pipl-face"
SUIT = "cn-product-suitability"

Place = Callable[[Timeline], tuple[int, int]]


def said(utterance: str) -> Place:
    """Where the utterance is."""

    def place(timeline: Timeline) -> tuple[int, int]:
        line = next(line for line in timeline.lines if line.id == utterance)
        return line.from_ms, line.to_ms

    return place


def between(before: str, after: str) -> Place:
    """From the end of one utterance to the start of another: where something is missing."""
    return lambda timeline: (said(before)(timeline)[1], said(after)(timeline)[0])


def during(from_ms: int, to_ms: int) -> Place:
    """A fixed stretch."""
    return lambda _timeline: (from_ms, to_ms)


def anywhere(timeline: Timeline) -> tuple[int, int]:
    """The whole session."""
    return 0, timeline.duration_ms


@dataclass(frozen=True)
class Sabotage:
    """A spoiled session: its recipe, the clauses (`pack:clause`) that must not be met, the reason code and the place."""

    name: str
    recipe: Recipe
    clauses: tuple[str, ...]
    reason: str
    place: Place


CONSENT = (f"{BANK}:CN-BK-5", f"{SALE}:CN-IN-4")
PROMISE = (f"{SUIT}:CN-SU-2",)
POINTS = (f"{SALE}:CN-IN-5c",)
QUALITY = (f"{SALE}:CN-IN-6",)

SABOTAGES = (
    Sabotage("disclosure missing", DEFAULT.without("a09"), POINTS, "missing_point", between("a08", "a10")),
    Sabotage("disclosure after the understanding", DEFAULT.moving_after("a09", "c11"), POINTS, "out_of_order", said("a09")),
    Sabotage(
        "disclosure read by the customer",
        DEFAULT.replacing("a09", customer("xc_reads_a09")),
        POINTS,
        "wrong_speaker",
        said("xc_reads_a09"),
    ),
    Sabotage(
        "uncertainty of benefits missing",
        DEFAULT.without("a10"),
        (f"{SALE}:CN-IN-5c-new",),
        "missing_point",
        between("a09", "a11"),
    ),
    Sabotage("prescribed notice missing", DEFAULT.without("a03"), (f"{SALE}:CN-IN-11",), "missing_point", between("c02", "a04")),
    Sabotage("consent missing", DEFAULT.without("c02"), CONSENT, "no_answer", between("a02", "a03")),
    Sabotage("consent negated", DEFAULT.replacing("c02", customer("xc02_no")), CONSENT, "refused", said("xc02_no")),
    Sabotage("consent put off", DEFAULT.replacing("c02", customer("xc02_later")), CONSENT, "refused", said("xc02_later")),
    Sabotage("consent before the question", DEFAULT.moving_after("c02", "a01"), CONSENT, "before_question", said("c02")),
    Sabotage(
        "consent on the agent's track only",
        DEFAULT.replacing("c02", Line("c02", "customer", "agent")),
        CONSENT,
        "wrong_speaker",
        said("c02"),
    ),
    Sabotage(
        "separate consent to the face missing", DEFAULT.without("c04"), (f"{FACE}:CN-PI-5",), "no_answer", between("a04", "a05")
    ),
    Sabotage("no answer to the understanding", DEFAULT.without("c11"), (f"{SALE}:CN-IN-5d",), "no_answer", between("a11", "a12")),
    Sabotage("a promise", DEFAULT.adding_after("a10", agent("xa_promise")), PROMISE, "forbidden", said("xa_promise")),
    Sabotage(
        "a promise in other words",
        DEFAULT.adding_after("a10", agent("xa_promise_spoken")),
        PROMISE,
        "forbidden",
        said("xa_promise_spoken"),
    ),
    Sabotage(
        "a promise by answering",
        DEFAULT.adding_after("a10", customer("xc_ask_baoben"), agent("xa_yes")),
        PROMISE,
        "forbidden",
        said("xa_yes"),
    ),
    Sabotage(
        "the customer mute for 30 s",
        replace(DEFAULT, mutes=(Mute("customer", Span(40_000, 70_000)),)),
        QUALITY,
        "dead",
        during(40_000, 70_000),
    ),
    Sabotage("black for 10 s", replace(DEFAULT, black=Span(30_000, 40_000)), QUALITY, "black", during(30_000, 40_000)),
    Sabotage("frozen for 12 s", replace(DEFAULT, freeze=Span(52_000, 64_000)), QUALITY, "frozen", during(52_000, 64_000)),
    Sabotage(
        "sound late by 300 ms", replace(DEFAULT, audio_shift_ms=300), (f"{BANK}:CN-BK-1", f"{SALE}:CN-IN-4"), "offset", anywhere
    ),
)

HARMLESS: dict[str, Recipe] = {
    "another agent and another customer": DEFAULT.in_voices({"agent": "agent_other", "customer": "customer_other"}),
    "long pauses": DEFAULT.with_pauses(1_200),
    "numerals said differently": DEFAULT.replacing("a08", agent("xa08_num")).replacing("a09", agent("xa09_num")),
    "consent in other words": DEFAULT.replacing("c02", customer("xc02_alt")).replacing("c04", customer("xc04_alt")),
    "street noise": replace(DEFAULT, noise_db=-48.0),
    "small talk": DEFAULT.adding_after("a05", agent("xa_smalltalk")),
    "the promise denied": DEFAULT.adding_after("a10", customer("xc_ask_baoben"), agent("xa_not_baoben")),
    "words that only sound like a promise": DEFAULT.adding_after("a05", agent("xa_toubao")),
    "re-muxed to Matroska": replace(DEFAULT, encoding=Encoding(container="mkv", remuxed=True)),
}

__all__ = ["HARMLESS", "SABOTAGES", "Line", "Sabotage"]
