"""English text to lower-case words: contractions opened (`don't` is `do not`), numbers in one reading and marked.

Cardinals without `and`; currency signs and percent as words after the number. No other language, no matching.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from jianlu.core.phrases.model import NUMBER_MARK

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_VALUES = {word: n for n, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS) if n > 1}
_NUMBER_WORDS = {*_VALUES, "hundred", *_SCALES}
_ORDINALS = {
    "first": "one",
    "second": "two",
    "third": "three",
    "fifth": "five",
    "eighth": "eight",
    "ninth": "nine",
    "twelfth": "twelve",
}
_CURRENCY = {"$": "dollars", "£": "pounds", "€": "euros", "¥": "yuan"}
_WHOLE = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us", "gonna": "going to",
    "wanna": "want to", "ok": "okay", "o'clock": "o'clock", "y'all": "you all", "ain't": "is not",
}  # fmt: skip
_ENDINGS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am", "'d": " would", "'s": " is"}
_SUBJECTS = {"it", "that", "there", "here", "what", "who", "he", "she", "how", "where"}

_PIECE = re.compile(
    r"(?P<money>[$£€¥])\s*(?P<sum>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
    r"|(?P<amount>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)(?P<after>st|nd|rd|th|%)?"
    r"|(?P<word>[a-z]+(?:'[a-z]+)*)|(?P<percent>%)"
)

_Span = tuple[str, int, int]


def english_spans(text: str) -> list[_Span]:
    """Words of `text` with their character ranges; numbers in words, each word of a number carrying the mark. Never raises."""
    words: list[_Span] = []
    for found in _PIECE.finditer(_folded(text)):
        words += [(word, found.start(), found.end()) for word in _words(found)]
    return _numbers_marked(words)


def _folded(text: str) -> str:
    """Same length as `text`, so that ranges stay true."""
    chars = []
    for char in text:
        folded = unicodedata.normalize("NFKC", char).lower().replace("’", "'")
        chars.append(folded if len(folded) == 1 else char)
    return "".join(chars)


def _words(found: re.Match[str]) -> list[str]:
    if found["money"]:
        return [*_marked(found["sum"]), _CURRENCY[found["money"]]]
    if found["amount"]:
        words = _marked(found["amount"])
        if found["after"] == "%":
            return [*words, "percent"]
        return [*words[:-1], _ordinal(words[-1])] if found["after"] else words
    if found["percent"]:
        return ["percent"]
    return _opened(found["word"])


def _opened(word: str) -> list[str]:
    if word in _WHOLE:
        return _WHOLE[word].split()
    for ending, words in _ENDINGS.items():
        stem = word.removesuffix(ending)
        if stem != word and stem and (ending != "'s" or stem in _SUBJECTS):
            return (stem + words).split()
    return [word]


def _marked(amount: str) -> list[str]:
    value = Fraction(amount.replace(",", ""))
    whole, rest = divmod(value, 1)
    words = _cardinal(int(whole))
    digits = amount.partition(".")[2].rstrip("0") if rest else ""
    if digits:
        words = [*words, "point", *(_ONES[int(digit)] for digit in digits)]
    return [NUMBER_MARK + word for word in words]


def _cardinal(value: int) -> list[str]:
    if value >= 10**12:
        return [_ONES[int(digit)] for digit in str(value)]
    words: list[str] = []
    for name, scale in reversed(_SCALES.items()):
        count, value = divmod(value, scale)
        words += [*_below_thousand(count), name] if count else []
    return words + (_below_thousand(value) if value or not words else [])


def _below_thousand(value: int) -> list[str]:
    hundreds, rest = divmod(value, 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words += [_TENS[rest // 10]] + ([_ONES[rest % 10]] if rest % 10 else [])
    elif rest or not words:
        words.append(_ONES[rest])
    return words


def _ordinal(marked: str) -> str:
    word = marked.removeprefix(NUMBER_MARK)
    for ordinal, cardinal in _ORDINALS.items():
        if cardinal == word:
            return NUMBER_MARK + ordinal
    return NUMBER_MARK + (word[:-1] + "ieth" if word.endswith("y") else word + "th")


def _numbers_marked(words: list[_Span]) -> list[_Span]:
    """Runs of spoken number words brought to the reading that their digits have."""
    result: list[_Span] = []
    at = 0
    while at < len(words):
        end = _run_end(words, at)
        run = [word for word, _, _ in words[at:end]]
        if not run or run == ["one"]:  # `no one`, `one of them`
            result.append(words[at])
            at += 1
            continue
        value = _value_of(run)
        read = run if value is None else _cardinal(value)
        result += [(NUMBER_MARK + word, words[at][1], words[end - 1][2]) for word in read]
        at = end
    return result


def _run_end(words: list[_Span], at: int) -> int:
    end = at
    while end < len(words):
        word = words[end][0]
        joins = word == "and" and end > at and words[end - 1][0] in {"hundred", "thousand"} and end + 1 < len(words)
        starts = word == "a" and end == at and end + 1 < len(words) and words[end + 1][0] in {"hundred", "thousand", "million"}
        if word not in _NUMBER_WORDS and not starts and not (joins and words[end + 1][0] in _VALUES):
            break
        end += 1
    return end


def _value_of(run: list[str]) -> int | None:
    total = section = 0
    last = 1000
    for word in run:
        if word == "and":
            continue
        if word == "a":
            section, last = 1, 1
        elif word in _SCALES:
            total, section, last = total + (section or 1) * _SCALES[word], 0, 1000
        elif word == "hundred":
            section, last = (section or 1) * 100, 100
        elif _VALUES[word] >= last or (last < 20):
            return None  # `twenty twenty`, `five six`: digits one by one or a year, not one number
        else:
            section, last = section + _VALUES[word], (10 if _VALUES[word] >= 20 else 1)
    return total + section
