"""Numbers in Chinese text, brought to one reading: `15天`, `十五天` and `一十五天` are the same three syllables.

Works on folded text (half-width, simplified, lower case) with the source range of each character kept. Source of the reading:
GB/T 15835 usage as spoken; `两` is read `二` in numbers, years digit by digit. No pinyin here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

_DIGITS = {
    "零": 0, "〇": 0, "一": 1, "壹": 1, "幺": 1, "二": 2, "贰": 2, "两": 2, "三": 3, "叁": 3, "四": 4, "肆": 4, "五": 5, "伍": 5,
    "六": 6, "陆": 6, "七": 7, "柒": 7, "八": 8, "捌": 8, "九": 9, "玖": 9,
}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_READING = "零一二三四五六七八九"

_HAN_DIGIT = "".join(_DIGITS)
_HAN_UNIT = "".join((*_SMALL, *_LARGE))
_ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_NUMBER = rf"(?:{_ARABIC}|[{_HAN_DIGIT}十拾])(?:[{_HAN_DIGIT}{_HAN_UNIT}]|点(?=[{_HAN_DIGIT}](?![十拾]))|{_ARABIC})*"
_PART = re.compile(rf"{_ARABIC}|[{_HAN_DIGIT}]+点[{_HAN_DIGIT}]+|[{_HAN_DIGIT}]|[{_HAN_UNIT}]")

# Measure words that make a single Chinese digit a number (`五年`); after other characters it is part of a word (`四川`, `一定`).
_MEASURES = "元块角年天日月岁周期季层章条项款倍号"
_MEASURES_PLURAL = "个次份位名页张遍种年天日月岁周期季元块角层章条项款倍号人"
_NO_NUMBER = {"一一", "十十"}
_YEARS = range(1900, 2100)
_DIGITWISE_MIN = 7
"""Arabic digits without a unit behind them: from seven on it is a telephone or document number, read digit by digit."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One character to be read, its range in the source text, and whether it is part of a number."""

    char: str
    start: int
    end: int
    number: bool


def spell_numbers(signs: list[Sign]) -> list[Sign]:
    """`signs` with every number in its one Chinese reading, marked as number; a reading's characters share the range of the whole.

    Idempotent on the characters: reading a reading changes nothing. Never raises; what is no number stays as it is.
    """
    for pattern, reading in _FORMS:
        signs = _rewritten(signs, pattern, reading)
    return signs


def read_value(value: Fraction) -> str:
    """The Chinese reading of a non-negative decimal `value` below 10^16 (`15` is 十五, `10.5` is 十点五); "" when it has none."""
    whole, rest = divmod(value, 1)
    if value < 0 or whole >= 10**16:
        return ""
    fraction = _decimals(rest)
    if fraction is None:
        return ""
    return _whole(int(whole)) + (("点" + fraction) if fraction else "")


def value_of(text: str) -> Fraction | None:
    """The value of a Chinese, Arabic or mixed number (`1万5`, `两千三`, `一百零五`); None when `text` is not one number."""
    parts = _PART.findall(text)
    if not parts or "".join(parts) != text:
        return None
    total = section = Fraction(0)
    pending: Fraction | None = None
    last_unit = 0
    for part in parts:
        if part in _SMALL or part in _LARGE:
            unit = _SMALL.get(part) or _LARGE[part]
            if part in _SMALL:
                section += (Fraction(1) if pending is None else pending) * unit
            else:
                total, section = _raised(total, section + (pending or 0), unit)
                if not total:
                    return None
            pending, last_unit = None, unit
        elif pending is not None and pending != 0:
            return None
        else:
            pending, last_unit = _part_value(part), (0 if pending == 0 or part in "零〇" else last_unit)
    if pending is not None and last_unit > 10 and pending < 10 and pending.denominator == 1:
        pending *= Fraction(last_unit, 10)  # 一百五, 一万二: the last unit is left out in speech
    return total + section + (pending or 0)


def _raised(total: Fraction, section: Fraction, unit: int) -> tuple[Fraction, Fraction]:
    """After 万 or 亿: what was counted so far in that unit, and an empty section."""
    if unit == _LARGE["亿"]:
        return (total + section) * unit, Fraction(0)
    return total + section * unit, Fraction(0)


def _part_value(part: str) -> Fraction:
    if part[0].isdigit():
        return Fraction(part.replace(",", ""))
    before, _, after = part.partition("点")
    return Fraction("".join(str(_DIGITS[c]) for c in before) + ("." + "".join(str(_DIGITS[c]) for c in after) if after else ""))


def _decimals(rest: Fraction) -> str | None:
    found = ""
    for _ in range(9):
        if not rest:
            return found
        digit, rest = divmod(rest * 10, 1)
        found += _READING[int(digit)]
    return None if rest else found


def _whole(value: int) -> str:
    if value == 0:
        return "零"
    text, must_zero = "", False
    for power, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1, "")):
        section, value = divmod(value, power)
        if section:
            text += ("零" if text and (must_zero or section < 1000) else "") + _below_ten_thousand(section) + name
        must_zero = bool(text) and not section
    return text[1:] if text.startswith("一十") else text


def _below_ten_thousand(section: int) -> str:
    text, gap = "", False
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, section = divmod(section, power)
        if digit:
            text += ("零" if gap and text else "") + _READING[digit] + name
        gap = not digit
    return text


# --- the forms of a number in writing, most specific first --------------------------------------------------------

_Reading = Callable[[re.Match[str]], str | None]


def _read_date(found: re.Match[str]) -> str | None:
    year, month, day = found[1], int(found[2]), int(found[3])
    return f"{_digitwise(year)}年{_whole(month)}月{_whole(day)}日" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _read_clock(found: re.Match[str]) -> str | None:
    hour, minute = int(found[1]), int(found[2])
    if hour > 24 or minute > 59:
        return None
    return f"{_whole(hour)}点" + ("" if minute == 0 else ("零" if minute < 10 else "") + f"{_whole(minute)}分")


def _read_year(found: re.Match[str]) -> str | None:
    digits = "".join(c if c.isdigit() and c.isascii() else str(_DIGITS[c]) for c in found[1])
    return _digitwise(digits) if int(digits) in _YEARS else None


def _read_percent(found: re.Match[str]) -> str | None:
    reading = _read_amount(found[1])
    return None if reading is None else ("千" if found[2] == "‰" else "百") + "分之" + ("百" if reading == "一百" else reading)


def _read_spoken_percent(found: re.Match[str]) -> str | None:
    reading = "百" if found[2] == "百" else _read_amount(found[2])
    return None if reading is None else found[1] + "分之" + ("百" if reading == "一百" else reading)


def _read_fraction(found: re.Match[str]) -> str | None:
    above, below = int(found[1]), int(found[2])
    return f"{_whole(below)}分之{_whole(above)}" if 0 < above < below <= 1000 else None


def _read_money(found: re.Match[str]) -> str | None:
    reading = _read_amount(found[2])
    return None if reading is None else reading + ("美元" if found[1] == "$" else "元")


def _read_range(found: re.Match[str]) -> str | None:
    low, high = _read_amount(found[1]), _read_amount(found[2])
    return None if low is None or high is None else f"{low}至{high}"


def _read_number(found: re.Match[str]) -> str | None:
    text = found[0]
    after = found.string[found.end() : found.end() + 2]
    if text in _NO_NUMBER or (text == "十" and after.startswith("分") and after != "分钟"):
        return None
    if len(text) == 1 and text in _DIGITS and not _counts(text, after):
        return None
    if all(c in _DIGITS for c in text):
        return "".join(_READING[_DIGITS[c]] for c in text)
    if (
        text.isascii()
        and text.isdigit()
        and ((len(text) >= _DIGITWISE_MIN and not _counts("5", after)) or (text[0] == "0" < text))
    ):
        return _digitwise(text)
    return _read_amount(text)


def _counts(digit: str, after: str) -> bool:
    """Whether a single `digit` before `after` is a number and no part of a word."""
    if digit in "零〇幺":
        return False
    if after[:2] in {"个月", "分钟", "小时", "周岁"} or (after[:1] in {"至", "到"} and after[1:] in _DIGITS):
        return True
    return after[:1] in set(_MEASURES if digit in "一壹" else _MEASURES_PLURAL) and after[:1] != ""


def _read_amount(text: str) -> str | None:
    value = value_of(text)
    return (read_value(value) or None) if value is not None else None


def _digitwise(digits: str) -> str:
    return "".join(_READING[int(c)] for c in digits)


_FORMS: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    (re.compile(r"(?<![\w-])[-−](?=\d)"), lambda _: "负"),
    (re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), _read_date),
    (re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])"), _read_clock),
    (re.compile(rf"(?<![\d{_HAN_DIGIT}{_HAN_UNIT}])(\d{{4}}|[{_HAN_DIGIT}]{{4}})(?=年)"), _read_year),
    (re.compile(rf"([¥$])\s*({_NUMBER})"), _read_money),
    (re.compile(rf"({_NUMBER})\s*([%‰])"), _read_percent),
    (re.compile(rf"([百千万])分之({_NUMBER}|百)"), _read_spoken_percent),
    (re.compile(r"(?<![\d/])(\d{1,3})/(\d{1,4})(?![\d/])"), _read_fraction),
    (re.compile(rf"(?<![\d-])({_ARABIC})\s*[-~—–]\s*({_ARABIC})(?![\d-])"), _read_range),
    (re.compile(_NUMBER), _read_number),
)  # fmt: skip


def _rewritten(signs: list[Sign], pattern: re.Pattern[str], reading: _Reading) -> list[Sign]:
    """`signs` with each match of `pattern` that has a reading replaced; what is a number already is left alone."""
    text = "".join("\x00" if sign.number else sign.char for sign in signs)
    result: list[Sign] = []
    done = 0
    for found in pattern.finditer(text):
        read = reading(found)
        if read is None:
            continue
        result += signs[done : found.start()]
        start, end = signs[found.start()].start, signs[found.end() - 1].end
        quotient = 3 if read[1:3] == "分之" and read[0] in "百千万" else 0
        spoken = _SPOKEN - {"点"} if read[-1] in "点分" else _SPOKEN  # the 点 of a clock is no decimal point
        result += [Sign(char, start, end, place >= quotient and char in spoken) for place, char in enumerate(read)]
        done = found.end()
    return result + signs[done:]


_SPOKEN = frozenset(_READING + "十百千万亿点")
