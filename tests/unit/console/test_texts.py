"""The console's two languages have the same keys, say something under each, and hold every key that pages and code ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from jianlu.core.terms.events import EventType
from jianlu.deliver.console.texts import LANGS, Lang, in_lang, lang_of, texts_of

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "src/jianlu/deliver/console/templates"
CODE = ROOT / "web/src"
NAMES = re.compile(r"\{(\w+)\}")


def request_with(*, query: str = "", cookie: str = "", wish: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", wish.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers})


def asked_by_templates() -> set[str]:
    return {key for path in TEMPLATES.rglob("*.j2") for key in re.findall(r'\bt\("([a-z_0-9.]+)"[,)]', path.read_text("utf-8"))}


def asked_by_code() -> set[str]:
    return {
        f"js.{key}" for path in CODE.rglob("*.ts") for key in re.findall(r'\bt\("([a-z_0-9.]+)"[,)]', path.read_text("utf-8"))
    }


def test_both_languages_have_the_same_keys() -> None:
    zh, en = texts_of("zh"), texts_of("en")
    assert set(zh) ^ set(en) == set()


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_is_empty_or_has_loose_ends(lang: str) -> None:
    texts = texts_of("zh" if lang == "zh" else "en")
    assert [key for key, text in texts.items() if not text or text != text.strip()] == []


def test_both_languages_fill_in_the_same_names() -> None:
    zh, en = texts_of("zh"), texts_of("en")
    assert [key for key in zh if set(NAMES.findall(zh[key])) != set(NAMES.findall(en[key]))] == []


def test_chinese_texts_are_chinese_and_english_ones_are_not() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    allowed = {"frame.other_language"}
    assert [key for key, text in texts_of("en").items() if chinese.search(text) and key not in allowed] == []
    assert sum(bool(chinese.search(text)) for text in texts_of("zh").values()) > 500


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_of_ledger_entry_has_a_name(lang: Lang) -> None:
    assert {key for key in texts_of(lang) if key.startswith("js.ledger.kind.")} == {
        f"js.ledger.kind.{kind}" for kind in EventType
    }


def test_every_key_that_a_page_asks_for_is_there() -> None:
    asked = asked_by_templates()
    assert len(asked) > 80
    assert asked - set(texts_of("zh")) == set()


def test_every_key_that_the_browser_asks_for_is_there() -> None:
    asked = asked_by_code()
    assert len(asked) > 200
    assert asked - set(texts_of("zh")) == set()


def test_the_query_chooses_the_language_before_cookie_and_browser() -> None:
    assert lang_of(request_with(query="lang=en", cookie="__Host-jianlu-lang=zh", wish="zh-CN")) == "en"
    assert lang_of(request_with(cookie="__Host-jianlu-lang=en", wish="zh-CN")) == "en"
    assert lang_of(request_with(wish="fr, en-GB;q=0.8, zh;q=0.5")) == "en"
    assert lang_of(request_with(wish="zh-CN,zh;q=0.9,en;q=0.8")) == "zh"


@pytest.mark.parametrize("wish", ["", "fr", ";;;q=x", "en;q=nothing", "*"])
def test_whoever_wishes_for_neither_gets_chinese(wish: str) -> None:
    assert lang_of(request_with(query="lang=fr", wish=wish)) == "zh"


def test_a_text_with_one_language_only_is_shown_in_that_one() -> None:
    assert in_lang({"zh": "甲", "en": "a"}, "en") == "a"
    assert in_lang({"zh": "甲"}, "en") == "甲"
    assert in_lang("plain", "zh") == "plain" and in_lang(None, "zh") == ""


def test_a_wish_may_have_spaces_around_its_weight() -> None:
    assert lang_of(request_with(wish="fr, en; q=0.8")) == "en"
    assert lang_of(request_with(wish="en; q=0.3, zh; q=0.7")) == "zh"


@pytest.mark.parametrize("lang", LANGS)
def test_the_access_log_has_words_for_every_act_that_policies_know(lang: str) -> None:
    schema = (ROOT / "policies/schema.cedarschema").read_text(encoding="utf-8")
    acts = set(re.findall(r'"([a-z]+\.[a-z_]+)"', schema))
    assert len(acts) > 60 and [act for act in sorted(acts) if f"look.{act}" not in texts_of(lang)] == []
