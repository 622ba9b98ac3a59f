"""The pack loader: a whole small pack loads; every kind of mistake in one is refused with the place of the mistake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.plan import KINDS as PLAN_KINDS
from jianlu.govern.policy import load_languages, load_pack, load_packs, packs_directory
from jianlu.govern.policy._values import amount_on
from jianlu.govern.policy.obligations.kinds import KINDS

FILES = {
    "pack.toml": """
format = "jianlu/pack/v1"
id = "xx-small"
version = "1.0.0"
title = { zh = "小", en = "Small" }
authority = { zh = "某机关", en = "Some authority" }
jurisdiction = "XX"
source = "https://example.org"
[applies]
fact = "case.place"
starts_with = "XX"
[conditions.old]
fact = "customer.age"
at_least = { value = "old_age" }
""",
    "values/ages.toml": """
[[value]]
id = "old_age"
unit = "count"
clause = "XX-1"
[[value.period]]
from = 2020-01-01
to = 2024-01-01
amount = 60
[[value.period]]
from = 2024-01-01
amount = 65
""",
    "clauses/one.toml": """
source = "https://example.org"
effective_from = 2020-01-01
effective_mark = "K"
confidence = "unverified"
[[clause]]
id = "XX-1"
citation = "Act 1"
title = { zh = "问候", en = "A greeting" }
mark = "K"
status = "automated"
when = { condition = "old" }
[[clause.obligation]]
kind = "require_step"
stage = "opening"
step = "greeting"
speaker = "agent"
points = ["hello"]
""",
    "phrases.toml": """
[[phrase]]
id = "hello"
lang = "en"
variants = ["good morning"]
""",
}


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small pack with one text replaced in one file (or a file added), and gives its folder."""

    def write(name: str = "", old: str = "", new: str = "") -> Path:
        folder = tmp_path / "xx-small"
        for path, text in {**FILES, **({} if name in FILES or not name else {name: new})}.items():
            if path == name and old:
                assert old in text
                text = text.replace(old, new, 1)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder

    return write


def test_a_small_pack_loads_whole(small: Callable[..., Path]) -> None:
    pack = load_pack(small())
    assert (pack.id, pack.version, [clause.id for clause in pack.clauses]) == ("xx-small", "1.0.0", ["XX-1"])
    assert pack.clauses[0].demands[0].fields == {"step": "greeting", "speaker": "agent", "points": ["hello"]}


def test_a_dated_value_is_that_of_the_day(small: Callable[..., Path]) -> None:
    pack = load_pack(small())
    days = [date(2020, 1, 1), date(2023, 12, 31), date(2024, 1, 1), date(2050, 1, 1)]
    assert [amount_on(pack, "old_age", day) for day in days] == [60, 60, 65, 65]
    with pytest.raises(InvalidError, match="2019-12-31"):
        amount_on(pack, "old_age", date(2019, 12, 31))


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("pack.toml", "jianlu/pack/v1", "jianlu/pack/v9", "format"),
        ("pack.toml", 'id = "xx-small"', 'id = "xx-large"', "folder"),
        ("pack.toml", 'version = "1.0.0"', 'version = "one"', "version"),
        ("pack.toml", 'title = { zh = "小", en = "Small" }', 'title = { zh = "小" }', "title"),
        ("pack.toml", 'source = "https://example.org"', "", "source"),
        ("pack.toml", 'jurisdiction = "XX"', 'jurisdiction = "XX"\nowner = "x"', "owner"),
        ("pack.toml", "at_least = { value", "at_least = { valu", "customer.age"),
        ("pack.toml", 'value = "old_age"', 'value = "young_age"', "young_age"),
        ("pack.toml", 'fact = "customer.age"\nat_least = { value = "old_age" }', 'condition = "old"', "itself"),
        ("values/ages.toml", 'unit = "count"', 'unit = "stones"', "unit"),
        ("values/ages.toml", 'clause = "XX-1"', "technical = true", "reason"),
        ("values/ages.toml", 'clause = "XX-1"', "", "technical"),
        ("values/ages.toml", 'clause = "XX-1"', 'clause = "XX-9"', "XX-9"),
        ("values/ages.toml", "to = 2024-01-01", "to = 2024-06-01", "overlap"),
        ("values/ages.toml", "to = 2024-01-01\n", "", "overlap"),
        ("values/ages.toml", "to = 2024-01-01", "to = 2019-01-01", "after"),
        ("values/ages.toml", "amount = 60", 'amount = "60"', "amount"),
        ("clauses/one.toml", 'source = "https://example.org"', "", "source"),
        ("clauses/one.toml", "effective_from = 2020-01-01", "", "effective_from"),
        ("clauses/one.toml", 'confidence = "unverified"', 'confidence = "sure"', "confidence"),
        ("clauses/one.toml", 'mark = "K"\nstatus', 'mark = "Z"\nstatus', "mark"),
        ("clauses/one.toml", 'status = "automated"', 'status = "attested"', "require_attestation"),
        ("clauses/one.toml", 'status = "automated"', 'status = "out_of_scope"', "note"),
        ("clauses/one.toml", 'kind = "require_step"', 'kind = "require_luck"', "kind"),
        ("clauses/one.toml", 'stage = "opening"', 'stage = "someday"', "stage"),
        ("clauses/one.toml", 'stage = "opening"', "", "stage"),
        ("clauses/one.toml", 'speaker = "agent"', "", "speaker"),
        ("clauses/one.toml", 'speaker = "agent"', 'speaker = "dog"', "speaker"),
        ("clauses/one.toml", 'points = ["hello"]', 'points = "hello"', "points"),
        ("clauses/one.toml", 'points = ["hello"]', 'points = ["goodbye"]', "points"),
        ("clauses/one.toml", 'points = ["hello"]', 'points = ["hello"]\nloudness = 3', "loudness"),
        ("clauses/one.toml", 'points = ["hello"]', 'points = ["hello"]\nwithin_ms = { value = "none" }', "within_ms"),
        ("clauses/one.toml", 'condition = "old"', 'condition = "new"', "new"),
        ("clauses/one.toml", 'id = "XX-1"', 'id = "XX 1"', "id"),
        ("phrases.toml", 'lang = "en"', 'lang = "la"', "lang"),
        ("phrases.toml", 'variants = ["good morning"]', "variants = []", "variants"),
        ("phrases.toml", 'variants = ["good morning"]', "variants = [[]]", "variant"),
        ("phrases.toml", 'variants = ["good morning"]', 'variants = [[{ fact = "customer.name" }]]', "customer.name"),
        ("phrases.toml", 'variants = ["good morning"]', "variants = [[{ item = true }]]", "item"),
        ("phrases.toml", 'variants = ["good morning"]', 'variants = ["good morning"]\nthreshold = 10', "threshold"),
        ("phrases.toml", 'variants = ["good morning"]', 'variants = ["good morning"]\neach = "customer.age"', "each"),
        ("clauses/two.toml", "", "[[clause]]\nid = 3", "clauses/two"),
        ("clauses/two.toml", "", FILES["clauses/one.toml"], "twice"),
        ("notes.txt", "", "x", "notes.txt"),
        ("conflicts.toml", "", '[[conflict]]\ncode = "x"\nclauses = ["a:b"]', "text"),
        ("pack.toml", 'format = "jianlu/pack/v1"', "format = ", "TOML"),
    ],
)
def test_a_mistake_is_refused_where_it_is(small: Callable[..., Path], name: str, old: str, new: str, named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        load_pack(small(name, old, new))


def conflict_with(clause: str) -> str:
    texts = 'text = { zh = "a", en = "a" }\nresolution = { zh = "b", en = "b" }'
    return f'[[conflict]]\ncode = "x"\nclauses = ["xx-small:XX-1", "{clause}"]\n{texts}'


def test_a_conflict_with_a_clause_that_its_pack_does_not_have_is_refused(small: Callable[..., Path]) -> None:
    with pytest.raises(InvalidError, match="xx-small:XX-9"):
        load_packs(small("conflicts.toml", "", conflict_with("xx-small:XX-9")).parent)


def test_a_conflict_with_a_pack_that_is_not_there_is_left_alone(small: Callable[..., Path]) -> None:
    (pack,) = load_packs(small("conflicts.toml", "", conflict_with("yy:YY-1")).parent)
    assert pack.conflicts[0].clauses == ("xx-small:XX-1", "yy:YY-1")


def test_every_shipped_conflict_is_between_shipped_clauses() -> None:
    packs = load_packs(packs_directory())
    known = {f"{pack.id}:{clause.id}" for pack in packs for clause in pack.clauses}
    named = {clause for pack in packs for conflict in pack.conflicts for clause in conflict.clauses}
    assert named
    assert named <= known


def test_a_digest_is_that_of_the_lines_that_sha256sum_prints(small: Callable[..., Path]) -> None:
    folder = small()
    lines = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(FILES))
    assert load_pack(folder).digest == hashlib.sha256(lines.encode()).hexdigest()


def test_a_changed_letter_changes_the_digest(small: Callable[..., Path]) -> None:
    before = load_pack(small()).digest
    assert load_pack(small("phrases.toml", "good morning", "good evening")).digest != before


def test_a_folder_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_packs(tmp_path / "nowhere")
    with pytest.raises(NotFoundError):
        load_languages(tmp_path)
    tmp_path.joinpath("empty").mkdir()
    with pytest.raises(InvalidError, match=r"pack\.toml"):
        load_pack(tmp_path / "empty")


def test_the_kinds_of_packs_are_the_kinds_of_plans() -> None:
    assert tuple(KINDS) == PLAN_KINDS


def test_every_shipped_clause_has_a_source_dates_and_its_marks() -> None:
    for pack in load_packs(packs_directory()):
        for clause in pack.clauses:
            assert clause.source.startswith("https://"), clause.id
            assert clause.citation, clause.id
            assert clause.confidence == "unverified", clause.id
            assert clause.effective_from >= date(1990, 1, 1), clause.id
