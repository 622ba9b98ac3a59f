"""Which tokens sound alike, as the plan's language says: beginnings, ends and whole syllables that speakers exchange.

A pair like ("zh-", "z-") exchanges a beginning, ("-an", "-ang") an end, a pair without hyphens whole tokens. No costs here.
"""

from __future__ import annotations

from collections.abc import Iterable

from jianlu.core.phrases.model import plain

_Ends = tuple[tuple[str, str], ...]


class Nearness:
    """The near pairs of one language; answers are remembered per token, so memory grows with the vocabulary only."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        whole: dict[str, set[str]] = {}
        heads: list[tuple[str, str]] = []
        tails: list[tuple[str, str]] = []
        for one, other in pairs:
            if one.endswith("-") and other.endswith("-"):
                heads += [(one[:-1], other[:-1]), (other[:-1], one[:-1])]
            elif one.startswith("-") and other.startswith("-"):
                tails += [(one[1:], other[1:]), (other[1:], one[1:])]
            else:
                whole.setdefault(one, set()).add(other)
                whole.setdefault(other, set()).add(one)
        self._heads, self._tails, self._whole = tuple(heads), tuple(tails), whole
        self._known: dict[str, frozenset[str]] = {}

    def near_to(self, token: str) -> frozenset[str]:
        """Every token that sounds like `token` (without its number mark), itself included: one beginning, one end, or both exchanged."""
        token = plain(token)
        found = self._known.get(token)
        if found is None:
            begun = _exchanged_heads({token}, self._heads)
            found = frozenset(_exchanged_tails(begun, self._tails) | self._whole.get(token, set()))
            self._known[token] = found
        return found


def _exchanged_heads(tokens: set[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    return tokens | {new + t[len(old) :] for t in tokens for old, new in pairs if t.startswith(old) and len(t) > len(old)}


def _exchanged_tails(tokens: set[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    return tokens | {t[: len(t) - len(old)] + new for t in tokens for old, new in pairs if t.endswith(old) and len(t) > len(old)}
