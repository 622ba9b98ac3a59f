"""What somebody would guess first is no password, and what takes thought is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.identity import guessable
from jianlu.govern.identity.first_people import random_password
from jianlu.govern.identity.guessable import is_guessable
from jianlu.govern.identity.model import PASSWORD_CHARACTERS_MIN
from jianlu.govern.identity.passwords import check_password

PLACE = ("建安银行", "jianan-bank", "林经理")
FREQUENT = Path(guessable.__file__).with_name("frequent.txt").read_text(encoding="ascii").split()
LONG = Path(guessable.__file__).with_name("frequent_long.txt").read_text(encoding="ascii").split()


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "Password!2026", "P@ssw0rd2026!!", "iloveyou2forever", "dragonmonkey12", "123-qwerty-456"),
        *("1qaz2wsx3edc", "qwertyuiop[]", "abcdefghijkl", "poiuytrewq12", "20260131-20261231", "139 1234 5678"),
        *(
            "abcabcabcabcabc",
            "q1w2q1w2q1w2",
            "jianan-bank-2026",
            "JiananBank!!2026",
            "建安银行2026年建安",
            "鉴录鉴录2026-01-01",
            "双录password888",
        ),
        *("林经理19880808!!", "lin.jing-password", "ｐａｓｓｗｏｒｄ１２３４"),
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    assert len(password) >= PASSWORD_CHARACTERS_MIN or not password.isascii()
    assert is_guessable(password, (*PLACE, "lin.jing"))


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery", "correct-horse-battery-7", "a long enough one", "mP9!xk2Lq0vB", "Tr0ub4dor&3xyz"),
        *("我喜欢在雨天读书喝茶真好", "窗前 茉莉 三轮车 旧雨伞", "teapot glacier violin 7", "x" * 20 + "qv7Kp2mZ"),
    ],
)
def test_what_takes_thought_is_one(password: str) -> None:
    assert not is_guessable(password, PLACE)


def test_every_frequent_password_that_is_long_enough_is_refused_as_is_each_with_a_number_behind_it() -> None:
    assert len(FREQUENT) == len({*FREQUENT}) > 28_000
    long_ones = [each for each in FREQUENT if len(each) >= PASSWORD_CHARACTERS_MIN]
    assert len(long_ones) > 150 and [each for each in long_ones if not is_guessable(each)] == []
    padded = [f"{each}{'2026!' * 3}" for each in FREQUENT[::40]]
    assert [each for each in padded if not is_guessable(each)] == []


def test_the_most_frequent_of_passwords_as_long_as_ours_are_refused_every_one() -> None:
    """OWASP ASVS 5.0, 6.2.4 wants the 3,000 most frequent that match the policy; capital letters do not save one."""
    assert len(LONG) == len({*LONG}) == 10_000 and min(map(len, LONG)) == PASSWORD_CHARACTERS_MIN
    assert [each for each in LONG[:3_000] if not is_guessable(each.title())] == []
    assert [each for each in LONG[3_000::7] if not is_guessable(each)] == []
    assert [each for each in LONG[:3_000:50] if not is_guessable(f"{each}2026!")] == []


@pytest.mark.parametrize(
    "password",
    [
        *(
            "woaini1314520",
            "5201314woaini",
            "woaini5201314",
            "Woaini@1314520",
            "a123456789012",
            "a123456a123456",
            "qq123456789012",
        ),
        *("wo-ai-ni-1314-520", "nihao123456789", "zhangwei19880808", "wangwei123456", "mima88888888", "我爱你5201314我爱你"),
        *("asd123456789", "1qaz@WSX3edc", "zhongguo20261001", "laopowoaini1314", "qwe123456789", "abc123456789"),
    ],
)
def test_what_chinese_people_like_best_is_no_password(password: str) -> None:
    assert is_guessable(password)


def test_two_frequent_ones_are_no_more_than_one() -> None:
    both = [f"{one.capitalize()}-{other}_1" for one, other in zip(FREQUENT[:1500:10], FREQUENT[1500:3000:10], strict=True)]
    assert [each for each in both if not is_guessable(each)] == []


def test_the_refusal_says_what_to_take_instead() -> None:
    assert check_password("teapot glacier violin", "zhou", PLACE)
    for password in ("Jianan-Bank-2027!", "password-password"):
        with pytest.raises(InvalidError, match="four words"):
            check_password(password, "zhou", PLACE)


def test_the_longest_password_is_judged_as_quickly_as_any() -> None:
    """Work is bounded by what is looked at, not by what is sent."""
    assert is_guessable("password" * 32) and not is_guessable("teapot glacier violin " * 11)


def test_a_password_made_for_a_demonstration_is_never_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("fcccxvfgfdsp" + "rrrrrrrrrrrr" + "bqkxnwthvzcm")
    with monkeypatch.context() as patched:
        patched.setattr("jianlu.govern.identity.first_people.secrets.choice", lambda _: next(drawn))
        assert random_password() == "bqkx-nwth-vzcm", "what is guessable is drawn again"
    made = {random_password() for _ in range(300)}
    assert len(made) == 300 and all(check_password(each, "sun", PLACE) for each in made)
