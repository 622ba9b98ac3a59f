"""Language rules, `packs/_language/*.toml`: how a language denies, agrees and asks, compiled to the plan's tokens.

The lists are text, so that a compliance officer can correct them; the plan carries tokens, so that a verifier needs no dictionary.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.plan import Language
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.wording.tokens import tokens_of

FOLDER = "_language"
WINDOW_MAX = 20
"""Tokens over which a negation may act: a sentence, not a speech."""


def load_languages(directory: Path) -> dict[str, Language]:
    """The languages of the packs in `directory` by code; InvalidError names file and key, NotFoundError a missing folder."""
    folder = directory / FOLDER
    if not folder.is_dir():
        raise NotFoundError(f"the rule packs lack the folder {FOLDER}: install them again")
    return {path.stem: _language(path) for path in sorted(folder.glob("*.toml"))}


def _language(path: Path) -> Language:
    table = read_table(path, f"{FOLDER}/{path.name}")
    lang, window = table.take("lang", str), table.take("negation_window", int)
    if lang != path.stem or not 0 < window <= WINDOW_MAX:
        raise InvalidError(f"{table.where}: `lang` must be the file's name, `negation_window` 1 to {WINDOW_MAX}")
    language = Language(
        lang=lang,
        negations=_tokens(table, "negations", lang),
        negation_window=window,
        neutral=_tokens(table, "neutral", lang),
        affirmations=_tokens(table, "affirmations", lang),
        refusals=_tokens(table, "refusals", lang),
        question_tails=_tokens(table, "question_tails", lang),
        near=_near(table),
    )
    table.close()
    return language


def _tokens(table: Table, key: str, lang: str) -> tuple[tuple[str, ...], ...]:
    """Each text as tokens; texts that sound the same are kept once, in the order of the file."""
    found = [tuple(tokens_of(text, lang)) for text in table.take_texts(key)]
    if not all(found):
        raise InvalidError(f"{table.where}: an entry of `{key}` has no word in it")
    return tuple(dict.fromkeys(found))


def _near(table: Table) -> tuple[tuple[str, str], ...]:
    pairs = table.take("near", list)
    if not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(sound, str) and sound for sound in pair) for pair in pairs
    ):
        raise InvalidError(f"{table.where}: `near` lists pairs of sounds")
    return tuple((one, other) for one, other in pairs)
