"""The page of other programs as it is served: both languages, escaped, forms that go by the API's paths, nothing for who may not."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from jianlu.deliver.console.integrations import integration_routes
from jianlu.deliver.console.ports import Json, Viewer
from jianlu.deliver.webhooks.topics import TOPICS
from tests.fakes.console_pages import TablePages, app_of
from tests.unit.console.test_pages import HTML, judged

ADMINISTRATOR = Viewer("staff", "孙管理", frozenset({"administrator"}))
KEY = {
    "id": "k" + "a" * 26,
    "name": "<b>core</b>",
    "account": "program-core",
    "display": "核心系统",
    "is_program": True,
    "scopes": ["case.*", "session.read"],
    "per_minute": 600,
    "state": "active",
    "created_at": "2026-11-26T09:00:00.000Z",
    "expires_at": "2027-02-24T09:00:00.000Z",
    "used_at": "",
    "revoked_at": "",
}
HOOK = {
    "id": "w" + "a" * 26,
    "url": "https://bank.example/hook",
    "name": "core",
    "topics": ["case.*"],
    "scheme": "v1a",
    "public_key": "whpk_AAAA",
    "is_active": False,
    "why_off": "the endpoint said that it is gone (410)",
    "former_until": "",
    "created_at": "2026-11-26T09:00:00.000Z",
}
DELIVERY = {
    "message": "msg_" + "a" * 26,
    "topic": "case.packaged",
    "case": "c" + "a" * 26,
    "state": "dead",
    "attempts": 10,
    "status": 500,
    "error": "the endpoint answered 500",
    "made_at": "2026-11-26T09:00:00.000Z",
    "tried_at": "2026-11-26T09:10:00.000Z",
    "next_at": "",
}
PATHS = ("/integrations", f"/integrations/webhooks/{HOOK['id']}")


class TableIntegrations:
    """The port from values; `is_plain`: somebody who administers nothing."""

    def __init__(self, *, is_plain: bool = False, is_empty: bool = False) -> None:
        self._is_plain, self._is_empty = is_plain, is_empty

    def keys(self, request: Request) -> Json:
        return {"keys": [] if self._is_empty else [KEY, {**KEY, "state": "revoked"}, {**KEY, "state": "over"}]}

    def webhooks(self, request: Request) -> Json | None:
        found: dict[str, Any] = {
            "endpoints": [] if self._is_empty else [HOOK],
            "topics": list(TOPICS),
            "is_on": not self._is_empty,
        }
        return None if self._is_plain else found

    def deliveries(self, request: Request, endpoint: str, cursor: str) -> Json:
        found = (
            []
            if self._is_empty
            else [DELIVERY, {**DELIVERY, "state": "waiting"}, {**DELIVERY, "state": "delivered", "error": ""}]
        )
        return {"endpoint": HOOK, "deliveries": found, "next": "abc"}

    def may_make(self, request: Request) -> bool:
        return not self._is_plain


def client(integrations: TableIntegrations | None = None, staff: Viewer | None = ADMINISTRATOR) -> TestClient:
    pages = TablePages(staff=staff)
    app = app_of(pages, integration_routes(pages, integrations or TableIntegrations()))
    return TestClient(app, headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("is_empty", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_renders_in_both_languages(path: str, lang: str, is_empty: bool) -> None:
    answer = client(TableIntegrations(is_empty=is_empty)).get(f"{path}?lang={lang}")
    judge = judged(answer.text)
    assert answer.status_code == 200 and judge.forbidden == []
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert [control for control in judge.controls if control not in judge.labels] == []


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(path: str) -> None:
    answer = client(staff=None).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_names_are_escaped_and_only_active_keys_can_be_revoked() -> None:
    text = client().get("/integrations").text
    assert "<b>core</b></b>" not in text and "&lt;b&gt;core" in text
    assert text.count('data-method="DELETE" data-ask') == 2, "one active key, one webhook"


def test_who_administers_nothing_sees_their_own_keys_and_no_forms() -> None:
    text = client(TableIntegrations(is_plain=True)).get("/integrations").text
    assert 'data-path="/api/v1/keys"' not in text and "/api/v1/webhooks" not in text


def test_that_webhooks_are_off_is_said() -> None:
    assert "[webhooks]" in client(TableIntegrations(is_empty=True)).get("/integrations").text
    assert "[webhooks]" not in client().get("/integrations").text


def test_a_message_that_still_waits_is_not_sent_again_by_hand() -> None:
    text = client().get(PATHS[1]).text
    assert text.count('name="messages"') == 2 and "whpk_AAAA" in text and "410" in text
