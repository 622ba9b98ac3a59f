"""Names as others see them: the first character of a Chinese name, the first letter of another, stars for the rest. Pure.

Whole names are sealed with the case; tables, lists and other people get these.
"""

from __future__ import annotations

_CHARACTERS_MAX = 40


def masked(name: str) -> str:
    """`name` with everything but its beginning starred: `王小明` is `王**`, `Anna Schmidt` is `A*** S***`; "" stays "".

    The number of stars of a Chinese name is that of its characters, of another three a word, so that its length says nothing.
    """
    words = name.strip()[:_CHARACTERS_MAX].split()
    return " ".join(word[0] + ("*" * (len(word) - 1) if _is_chinese(word) else "***") for word in words)


def _is_chinese(word: str) -> bool:
    return all("\u3400" <= character <= "\u9fff" for character in word)
