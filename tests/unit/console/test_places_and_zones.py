"""Where each role's day begins, what its pages offer, and in which time zone they show times."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.oversight import oversight_routes
from jianlu.deliver.console.places import ABREAST, first_place_of, grouped, places_of
from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.texts import LANGS, texts_of
from jianlu.deliver.console.zones import ZONE_COOKIE, offset_now
from jianlu.govern.identity.model import Role
from tests.fakes.console_pages import CASE, TablePages, app_of
from tests.fakes.oversight_pages import TableOversight

HTML = {"accept": "text/html"}


def served(role: str, **cookies: str) -> TestClient:
    """The pages for somebody of one role."""
    pages = TablePages(staff=Viewer("staff", "某人", frozenset({role})))
    app = app_of(pages, oversight_routes(pages, TableOversight()))
    return TestClient(app, headers=HTML, follow_redirects=False, cookies=cookies)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_begins_on_a_page_that_is_among_its_own(role: Role) -> None:
    viewer = Viewer("staff", "某人", frozenset({role.value}))
    first = served(role.value).get("/").headers["location"]
    assert first == first_place_of(viewer) == places_of(viewer)[0].path


def test_who_is_led_nowhere_begins_with_their_account_and_nobody_with_the_sign_in() -> None:
    assert first_place_of(Viewer("staff", "某人")) == "/account"
    assert first_place_of(None) == "/sign-in"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("role", list(Role))
def test_the_account_page_names_every_role(role: Role, lang: str) -> None:
    answer = served(role.value).get("/account", params={"lang": lang})
    assert answer.status_code == 200
    assert texts_of(lang)[f"role.{role.value}"] in answer.text


@pytest.mark.parametrize(("role", "status"), [("agent", 200), ("supervisor", 200), ("auditor", 403), ("administrator", 403)])
def test_a_new_case_is_offered_to_those_who_make_them(role: str, status: int) -> None:
    assert served(role).get("/cases/new").status_code == status
    assert ('href="/cases/new"' in served(role).get("/cases").text) == (status == 200)


@pytest.mark.parametrize(
    ("chosen", "shown", "zone"),
    [
        ("", "2026-11-26 06:05:00 (UTC+8)", "Asia/Shanghai"),
        ("Europe/London", "2026-11-25 22:05:00 (UTC)", "Europe/London"),
        ("America/St_Johns", "2026-11-25 18:35:00 (UTC-3:30)", "America/St_Johns"),
        ("Mars/Olympus", "2026-11-26 06:05:00 (UTC+8)", "Asia/Shanghai"),
        ("../../etc/passwd", "2026-11-26 06:05:00 (UTC+8)", "Asia/Shanghai"),
    ],
)
def test_times_of_evidence_are_in_the_chosen_zone_with_their_offset_and_in_utc(chosen: str, shown: str, zone: str) -> None:
    page = served("compliance", **({ZONE_COOKIE: chosen} if chosen else {})).get(f"/cases/{CASE}/file").text
    assert shown in page and "2026-11-25 22:05:00 UTC" in page
    assert f'data-zone="{zone}"' in page and f"{zone}（{offset_now(zone)}）" in page


@pytest.mark.parametrize("role", list(Role))
def test_no_top_has_more_than_six_entries_and_groups_lead_to_every_place(role: Role) -> None:
    places = places_of(Viewer("staff", "某人", frozenset({role.value})))
    groups = grouped(places)
    assert len(groups) <= ABREAST
    assert [place for group in groups for place in group.places] == list(places)
    assert all((group.kind == "") == (len(group.places) == 1) for group in groups)


def test_the_group_of_the_page_says_that_one_is_there() -> None:
    page = served("compliance").get("/wall", params={"lang": "en"}).text
    assert re.search(r'<summary class="is-here">Sessions<span class="only-heard"> \(you are here\)', page)
    assert re.search(r'<a href="/wall" aria-current="page">Wall<small>Sessions in progress', page)
    assert page.count('aria-current="page"') == 1 and page.count('class="is-here"') == 1
