"""Wordings of a pack, `phrases.toml`: what is listened for, in the words of people, and their compilation to token lists.

A variant is a text, or a list of parts in which facts of the case stand (the premium, the insurer). No templating.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Phrase
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.facts import FACTS
from jianlu.govern.policy.model import FactValue, Part, Wording

THRESHOLD = 800
"""Similarity in thousandths when a pack states none: one syllable in five may be misheard. Technical, not law; see decision 0053."""

VARIANTS_MAX = 64
"""Variants of one phrase after its units are multiplied out: bounds the matcher's work."""

LANGS = ("zh", "en")
Tokens = Callable[[str, str], Sequence[str]]


def read_wordings(folder: Path, names: list[str]) -> dict[tuple[str, str], Wording]:
    """The wordings of the pack by (phrase id, language); InvalidError names the key."""
    if "phrases.toml" not in names:
        return {}
    table = read_table(folder / "phrases.toml", f"{folder.name}/phrases.toml")
    found: dict[tuple[str, str], Wording] = {}
    for entry in table.take_tables("phrase"):
        wording = _wording(entry)
        if (wording.id, wording.lang) in found:
            raise InvalidError(f"{entry.where}: the phrase {wording.id} is there twice")
        found[wording.id, wording.lang] = wording
    table.close()
    return found


def _wording(entry: Table) -> Wording:
    phrase, lang = entry.take("id", str), entry.take_code("lang", LANGS)
    each = entry.take_or("each", str, "")
    variants = tuple(_variant(entry, variant, each) for variant in entry.take("variants", list))
    unless, threshold = entry.take_texts("unless"), entry.take_or("threshold", int, THRESHOLD)
    entry.close()
    if not variants or not 500 <= threshold <= 1000:
        raise InvalidError(f"{entry.where}: a phrase needs variants, and a threshold from 500 to 1000")
    if each and (each not in FACTS or FACTS[each].form != "texts"):
        raise InvalidError(f"{entry.where}: `each` must name a list fact")
    return Wording(phrase, lang, variants, unless, threshold, each)


def _variant(entry: Table, variant: object, each: str) -> tuple[Part, ...]:
    if isinstance(variant, str) and variant.strip():
        return (Part(text=variant),)
    if not isinstance(variant, list) or not variant:
        raise InvalidError(f"{entry.where}: a variant is a text or a list of parts")
    return tuple(_part(entry.where, part, each) for part in variant)


def _part(where: str, part: object, each: str) -> Part:
    if isinstance(part, str) and part.strip():
        return Part(text=part)
    table = Table(part, where)
    if "item" in table.keys:
        if not table.take("item", bool) or not each:
            raise InvalidError(f"{where}: `item = true` stands for the item of an `each` phrase")
        table.close()
        return Part(is_item=True)
    fact = table.take("fact", str)
    units = table.take_any("unit")
    table.close()
    if fact not in FACTS or FACTS[fact].form not in ("whole", "text"):
        raise InvalidError(f"{where}: {fact} is not a number or a text of a case")
    listed = ("",) if units is None else (units,) if isinstance(units, str) else tuple(units)
    if not listed or not all(isinstance(unit, str) for unit in listed):
        raise InvalidError(f"{where}: `unit` is a text or a list of texts")
    return Part(fact=fact, units=listed)


def compile_wording(wording: Wording, pack: str, facts: Mapping[str, FactValue], tokens_of: Tokens) -> tuple[Phrase, ...]:
    """The plan's phrases for `wording`: one, or one per item of its list fact; ids are `pack/phrase` and `pack/phrase/1` ...

    Raises InvalidError naming the fact that a part needs and the case does not state.
    """
    if not wording.each:
        return (_phrase(wording, f"{pack}/{wording.id}", "", facts, tokens_of),)
    items = _needed(wording, wording.each, facts)
    if not isinstance(items, tuple) or not items:
        raise InvalidError(f"{wording.each} must list at least one entry: {pack} asks for each to be said")
    return tuple(_phrase(wording, f"{pack}/{wording.id}/{n}", item, facts, tokens_of) for n, item in enumerate(items, 1))


def joined(phrases: Sequence[Phrase]) -> Phrase:
    """One phrase for what several packs ask in the same step: the first one's id, every variant, the strictest threshold."""
    first = phrases[0]
    variants = tuple(dict.fromkeys(variant for phrase in phrases for variant in phrase.variants))
    unless = tuple(dict.fromkeys(context for phrase in phrases for context in phrase.unless))
    return Phrase(first.id, first.lang, first.says, variants, max(phrase.threshold for phrase in phrases), unless)


def _phrase(wording: Wording, phrase_id: str, item: str, facts: Mapping[str, FactValue], tokens_of: Tokens) -> Phrase:
    texts = [text for variant in wording.variants for text in _texts(wording, variant, item, facts)]
    if len(texts) > VARIANTS_MAX:
        raise InvalidError(f"the phrase {phrase_id} has more than {VARIANTS_MAX} variants")
    variants = tuple(dict.fromkeys(tuple(tokens_of(text, wording.lang)) for text in texts))
    if not all(variants):
        raise InvalidError(f"a variant of the phrase {phrase_id} has no word in it")
    unless = tuple(tuple(tokens_of(text, wording.lang)) for text in wording.unless)
    return Phrase(phrase_id, wording.lang, texts[0], variants, wording.threshold, unless)


def _texts(wording: Wording, variant: tuple[Part, ...], item: str, facts: Mapping[str, FactValue]) -> list[str]:
    choices: list[list[str]] = []
    for part in variant:
        if part.fact:
            choices.append([f"{_needed(wording, part.fact, facts)}{unit}" for unit in part.units])
        else:
            choices.append([item if part.is_item else part.text])
    joiner = " " if wording.lang == "en" else ""
    return [joiner.join(pieces) for pieces in product(*choices)]


def _needed(wording: Wording, fact: str, facts: Mapping[str, FactValue]) -> FactValue:
    if fact not in facts:
        section, key = fact.split(".")
        raise InvalidError(f"the phrase {wording.id} needs {fact}: add `{key}` to [{section}] of the case file")
    return facts[fact]
