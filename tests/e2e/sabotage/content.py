"""Sessions with something wrong in what was said or shown, and harmless variants that must not fail; both from the same clips.

Each fault names the clauses that must not come out as met, the reason, and where: a function of the truth about the session. The first
sessions have several faults each, of every reason there is; those after them have one, so that no fault is found only beside another.
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


def during(span: Span) -> Place:
    """A fixed stretch."""
    return lambda _timeline: (span.from_ms, span.to_ms)


def anywhere(timeline: Timeline) -> tuple[int, int]:
    """The whole session."""
    return 0, timeline.duration_ms


@dataclass(frozen=True)
class Fault:
    """The clauses (`pack:clause`) that must not be met, the reason code and the place."""

    clauses: tuple[str, ...]
    reason: str
    place: Place


@dataclass(frozen=True)
class Sabotage:
    """A spoiled session: its recipe and everything that is wrong with it."""

    name: str
    recipe: Recipe
    faults: tuple[Fault, ...]


def single(name: str, recipe: Recipe, clauses: tuple[str, ...], reason: str, place: Place) -> Sabotage:
    """A session with one fault."""
    return Sabotage(name, recipe, (Fault(clauses, reason, place),))


CONSENT = (f"{BANK}:CN-BK-5", f"{SALE}:CN-IN-4")
PROMISE = (f"{SUIT}:CN-SU-2",)
POINTS = (f"{SALE}:CN-IN-5c",)
QUALITY = (f"{SALE}:CN-IN-6",)

MUTE, BLACK, FROZEN = Span(40_000, 70_000), Span(30_000, 40_000), Span(52_000, 64_000)

SEVERAL_FAULTS = (
    Sabotage(
        "things said wrong",
        DEFAULT.replacing("c02", customer("xc02_no"))
        .replacing("a09", customer("xc_reads_a09"))
        .adding_after("a10", agent("xa_promise_spoken")),
        (
            Fault(CONSENT, "refused", said("xc02_no")),
            Fault(POINTS, "wrong_speaker", said("xc_reads_a09")),
            Fault(PROMISE, "forbidden", said("xa_promise_spoken")),
        ),
    ),
    Sabotage(
        "picture and sound",
        replace(DEFAULT, mutes=(Mute("customer", MUTE),), black=BLACK, freeze=FROZEN, audio_shift_ms=300),
        (
            Fault(QUALITY, "dead", during(MUTE)),
            Fault(QUALITY, "black", during(BLACK)),
            Fault(QUALITY, "frozen", during(FROZEN)),
            Fault((f"{BANK}:CN-BK-1", f"{SALE}:CN-IN-4"), "offset", anywhere),
        ),
    ),
    Sabotage(
        "things left out",
        DEFAULT.without("c02", "a03", "c04", "a09", "a10", "c11"),
        (
            Fault(CONSENT, "no_answer", between("a02", "a03b")),
            Fault((f"{SALE}:CN-IN-11",), "missing_point", between("a02", "a04")),
            Fault((f"{FACE}:CN-PI-5",), "no_answer", between("a04", "a05")),
            Fault(POINTS, "missing_point", between("a08", "a11")),
            Fault((f"{SALE}:CN-IN-5c-new",), "missing_point", between("a08", "a11")),
            Fault((f"{SALE}:CN-IN-5d",), "no_answer", between("a11", "a12")),
        ),
    ),
    Sabotage(
        "things in the wrong order",
        DEFAULT.moving_after("c02", "a01")
        .moving_after("a09", "c11")
        .adding_after("a10", customer("xc_ask_baoben"), agent("xa_yes")),
        (
            Fault(CONSENT, "before_question", said("c02")),
            Fault(POINTS, "out_of_order", said("a09")),
            Fault(PROMISE, "forbidden", said("xa_yes")),
        ),
    ),
)

ONE_FAULT = (
    single("disclosure missing", DEFAULT.without("a09"), POINTS, "missing_point", between("a08", "a10")),
    single("disclosure after the understanding", DEFAULT.moving_after("a09", "c11"), POINTS, "out_of_order", said("a09")),
    single(
        "disclosure read by the customer",
        DEFAULT.replacing("a09", customer("xc_reads_a09")),
        POINTS,
        "wrong_speaker",
        said("xc_reads_a09"),
    ),
    single(
        "uncertainty of benefits missing",
        DEFAULT.without("a10"),
        (f"{SALE}:CN-IN-5c-new",),
        "missing_point",
        between("a09", "a11"),
    ),
    single("prescribed notice missing", DEFAULT.without("a03"), (f"{SALE}:CN-IN-11",), "missing_point", between("c02", "a04")),
    single("consent missing", DEFAULT.without("c02"), CONSENT, "no_answer", between("a02", "a03")),
    single("consent negated", DEFAULT.replacing("c02", customer("xc02_no")), CONSENT, "refused", said("xc02_no")),
    single("consent put off", DEFAULT.replacing("c02", customer("xc02_later")), CONSENT, "refused", said("xc02_later")),
    single("consent before the question", DEFAULT.moving_after("c02", "a01"), CONSENT, "before_question", said("c02")),
    single(
        "consent on the agent's track only",
        DEFAULT.replacing("c02", Line("c02", "customer", "agent")),
        CONSENT,
        "wrong_speaker",
        said("c02"),
    ),
    single(
        "separate consent to the face missing", DEFAULT.without("c04"), (f"{FACE}:CN-PI-5",), "no_answer", between("a04", "a05")
    ),
    single("no answer to the understanding", DEFAULT.without("c11"), (f"{SALE}:CN-IN-5d",), "no_answer", between("a11", "a12")),
    single("a promise", DEFAULT.adding_after("a10", agent("xa_promise")), PROMISE, "forbidden", said("xa_promise")),
    single(
        "a promise in other words",
        DEFAULT.adding_after("a10", agent("xa_promise_spoken")),
        PROMISE,
        "forbidden",
        said("xa_promise_spoken"),
    ),
    single(
        "a promise by answering",
        DEFAULT.adding_after("a10", customer("xc_ask_baoben"), agent("xa_yes")),
        PROMISE,
        "forbidden",
        said("xa_yes"),
    ),
    single(
        "the customer mute for 30 s",
        replace(DEFAULT, mutes=(Mute("customer", MUTE),)),
        QUALITY,
        "dead",
        during(MUTE),
    ),
    single("black for 10 s", replace(DEFAULT, black=BLACK), QUALITY, "black", during(BLACK)),
    single("frozen for 12 s", replace(DEFAULT, freeze=FROZEN), QUALITY, "frozen", during(FROZEN)),
    single(
        "sound late by 300 ms", replace(DEFAULT, audio_shift_ms=300), (f"{BANK}:CN-BK-1", f"{SALE}:CN-IN-4"), "offset", anywhere
    ),
)

OTHER_PEOPLE = "another agent and another customer"
AT_ONCE = "everything that is lawful but different"
ALL_HARMLESS = {
    OTHER_PEOPLE: DEFAULT.in_voices({"agent": "agent_other", "customer": "customer_other"}),
    AT_ONCE: replace(
        DEFAULT.replacing("a08", agent("xa08_num"))
        .replacing("a09", agent("xa09_num"))
        .replacing("c02", customer("xc02_alt"))
        .replacing("c04", customer("xc04_alt"))
        .adding_after("a05", agent("xa_smalltalk"), agent("xa_toubao"))
        .adding_after("a10", customer("xc_ask_baoben"), agent("xa_not_baoben"))
        .with_pauses(300),
        noise_db=-48.0,
        encoding=Encoding(container="mkv", remuxed=True),
    ),
}

ONE_HARMLESS: dict[str, Recipe] = {
    "long pauses": DEFAULT.with_pauses(1_200),
    "numerals said differently": DEFAULT.replacing("a08", agent("xa08_num")).replacing("a09", agent("xa09_num")),
    "consent in other words": DEFAULT.replacing("c02", customer("xc02_alt")).replacing("c04", customer("xc04_alt")),
    "street noise": replace(DEFAULT, noise_db=-48.0),
    "small talk": DEFAULT.adding_after("a05", agent("xa_smalltalk")),
    "the promise denied": DEFAULT.adding_after("a10", customer("xc_ask_baoben"), agent("xa_not_baoben")),
    "words that only sound like a promise": DEFAULT.adding_after("a05", agent("xa_toubao")),
    "re-muxed to Matroska": replace(DEFAULT, encoding=Encoding(container="mkv", remuxed=True)),
}

__all__ = ["ALL_HARMLESS", "AT_ONCE", "ONE_FAULT", "ONE_HARMLESS", "OTHER_PEOPLE", "SEVERAL_FAULTS", "Fault", "Line", "Sabotage"]
