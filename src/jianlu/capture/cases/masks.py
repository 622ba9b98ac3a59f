"""Names as others see them: the first character of a Chinese name, the first letter of another, stars for the rest; and numbers. Pure.

Whole names are sealed with the case; tables, lists and other people get these. Whose role a number is masked for is the policies'.
"""

from __future__ import annotations

_CHARACTERS_MAX = 40
_SHOWN_AT_END = 2


def masked(name: str) -> str:
    """`name` with everything but its beginning starred: `王小明` is `王**`, `Anna Schmidt` is `A*** S***`; "" stays "".

    The number of stars of a Chinese name is that of its characters, of another three a word, so that its length says nothing.
    """
    words = name.strip()[:_CHARACTERS_MAX].split()
    return " ".join(word[0] + ("*" * (len(word) - 1) if _is_chinese(word) else "***") for word in words)


def masked_number(number: str) -> str:
    """`number` with everything but its last two characters starred; of a number that short nothing is left."""
    kept = number[-_SHOWN_AT_END:] if len(number) > 2 * _SHOWN_AT_END else ""
    return "*" * (len(number) - len(kept)) + kept


def _is_chinese(word: str) -> bool:
    return all("\u3400" <= character <= "\u9fff" for character in word)
