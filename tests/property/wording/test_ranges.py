"""Ranges without tokens are the ranges of the tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jianlu.govern.wording.tokens import token_ranges, token_spans

written = st.lists(
    st.sampled_from(
        [
            "投保",
            "15天",
            "二十五",
            "1万5",
            "app",
            "it's",
            "don't",
            "，",
            " ",
            "50%",
            "¥100",
            "録音",
            "〇",
            "2026-01-02",
            "ab1c",
            "嗯",
        ]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@given(written, st.sampled_from(["zh", "en"]))
def test_ranges_are_those_of_the_tokens(text: str, lang: str) -> None:
    assert token_ranges(text, lang) == [(span.start, span.end) for span in token_spans(text, lang)]
