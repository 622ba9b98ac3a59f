"""What packs demand of reviews: the shipped rule says what the research says, and every mistake in one is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.policy import load_pack, packs_directory
from jianlu.govern.policy._values import amount_on

VALUES = "\n".join(
    f"""[[value]]
id = "{name}"
unit = "{unit}"
technical = true
reason = {{ zh = "我们的", en = "ours" }}
[[value.period]]
from = 2020-01-01
amount = 30
"""
    for name, unit in (("share", "permille"), ("days", "days"))
)
CLAUSES = """source = "https://example.org"
effective_from = 2020-01-01
effective_mark = "K"
confidence = "unverified"
[[clause]]
id = "XX-1"
citation = "Act 1"
title = { zh = "抽检", en = "Sampling" }
mark = "K"
status = "out_of_scope"
note = { zh = "不由单次录制得出", en = "not of one recording" }
"""
PACK = """format = "jianlu/pack/v1"
id = "xx-reviewed"
version = "1.0.0"
title = { zh = "小", en = "Small" }
authority = { zh = "某机关", en = "Some authority" }
jurisdiction = "XX"
source = "https://example.org"
[applies]
fact = "case.place"
starts_with = "XX"
"""
REVIEWS = """[[review]]
id = "sales"
clause = "XX-1"
title = { zh = "质检", en = "Quality control" }
when = { fact = "case.place", starts_with = "XX" }
share_permille = { value = "share" }
days_fact = "product.cooling_off_days"
unstated_days = { value = "days" }
second_permille = { value = "share" }
appeal_days = { value = "days" }
redo_days = { value = "days" }
[[review.group]]
id = "old"
title = { zh = "老人", en = "The old" }
mark = "U"
note = { zh = "未读原文", en = "not read" }
when = { fact = "customer.age", at_least = 60 }
"""


@pytest.fixture
def reviewed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small pack with reviews, one text of them replaced, and gives its folder."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in REVIEWS
        folder = tmp_path / "xx-reviewed"
        files = {"pack.toml": PACK, "values/own.toml": VALUES, "clauses/one.toml": CLAUSES}
        for path, text in {**files, "reviews.toml": REVIEWS.replace(old, new, 1) if old else REVIEWS}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder

    return write


def test_the_insurance_pack_demands_three_in_ten_within_the_cooling_off_period() -> None:
    pack = load_pack(packs_directory() / "cn-insurance-dual-recording")
    (rule,) = pack.reviews
    assert (rule.clause, rule.days_fact) == ("CN-IN-7", "product.cooling_off_days")
    assert amount_on(pack, rule.share_permille, date(2026, 11, 26)) == 300
    assert pack.values[rule.share_permille].clause == "CN-IN-7"
    assert {group.id: group.mark for group in rule.groups} == {"elder": "U", "unit-linked": "U"}


def test_monitoring_under_mifid_is_demanded_without_a_share_and_so_every_number_is_the_packs_own() -> None:
    pack = load_pack(packs_directory() / "eu-mifid2")
    (rule,) = pack.reviews
    assert (rule.clause, rule.days_fact, rule.groups) == ("EU-MF-2-monitoring", "", ())
    numbers = (rule.share_permille, rule.unstated_days, rule.second_permille, rule.appeal_days, rule.redo_days)
    assert all(pack.values[name].clause == "" and pack.values[name].reason for name in numbers)


def test_a_pack_with_reviews_loads_whole(reviewed: Callable[..., Path]) -> None:
    (rule,) = load_pack(reviewed()).reviews
    assert (rule.id, rule.share_permille, rule.unstated_days, rule.groups[0].id) == ("sales", "share", "days", "old")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('clause = "XX-1"', 'clause = "XX-2"', "clause"),
        ('id = "sales"', 'id = "Sales"', "id"),
        ('share_permille = { value = "share" }', "share_permille = 300", "share_permille"),
        ('share_permille = { value = "share" }', 'share_permille = { value = "days" }', "share_permille"),
        ('unstated_days = { value = "days" }', 'unstated_days = { value = "share" }', "unstated_days"),
        ('days_fact = "product.cooling_off_days"', 'days_fact = "product.kind"', "days_fact"),
        ('fact = "customer.age"', 'fact = "customer.shoe"', "customer.shoe"),
        ('mark = "U"', 'mark = "X"', "mark"),
        ('note = { zh = "未读原文", en = "not read" }\n', "", "note"),
        ('[[review.group]]\nid = "old"', 'surprise = 1\n[[review.group]]\nid = "old"', "surprise"),
        ("at_least = 60", 'at_least = { value = "lost" }', "lost"),
    ],
)
def test_a_mistake_in_reviews_is_refused_by_name(reviewed: Callable[..., Path], old: str, new: str, named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        load_pack(reviewed(old, new))
