"""Pages of reviews, as they are served: in both languages, without script or style of their own, escaped, with charts beside tables."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.charts import BAR_HIGH, bars_of, forest_of
from jianlu.deliver.console.ports import Viewer
from jianlu.deliver.console.reviews import review_routes
from tests.fakes.console_pages import CASE, TablePages, app_of
from tests.fakes.review_pages import DRAWS, ENTRY, REDO, STATISTICS, TableReviews
from tests.unit.console.test_pages import HTML, judged

REVIEWER = Viewer("staff", "秦质检", frozenset({"reviewer"}))
COMPLIANCE = Viewer("staff", "徐合规", frozenset({"compliance"}))
PAGES = ("/reviews", "/reviews/statistics", f"/reviews/{CASE}")


def client(reviews: TableReviews | None = None, staff: Viewer | None = REVIEWER) -> TestClient:
    pages = TablePages(staff=staff)
    app = app_of(pages, review_routes(pages, reviews or TableReviews()))
    return TestClient(app, headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("staff", [REVIEWER, COMPLIANCE])
def test_every_page_renders_in_both_languages(path: str, lang: str, staff: Viewer) -> None:
    answer = client(staff=staff).get(path, params={"lang": lang})
    judge = judged(answer.text)
    assert answer.status_code == 200
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert judge.forbidden == []
    assert [control for control in judge.controls if control not in judge.labels] == []


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(path: str) -> None:
    answer = client(staff=None).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_the_list_says_who_is_late_and_what_came_of_it() -> None:
    text = client().get("/reviews", params={"lang": "en"}).text
    assert "Soon due" in text and '<span class="badge bad">Late</span>' in text
    assert "Overturned" in text and "Redo asked" in text and "Agent appealed" in text


def test_talks_to_be_held_again_stand_above_the_list_for_whoever_may_arrange_them() -> None:
    late = client(staff=Viewer("staff", "何主管", frozenset({"supervisor"}))).get("/reviews?lang=en").text
    assert "Talks to be held again" in late and "by 2026-11-25 · Late" in late and f'data-redo="{CASE}"' in late
    assert "data-redo" not in client().get("/reviews?lang=en").text
    made = {
        **REDO,
        "state": "assigned",
        "is_late": False,
        "successor": {"case": CASE, "number": "sale-0001-r2", "state": "draft"},
    }
    assert "New case sale-0001-r2" in client(TableReviews(again=[made])).get("/reviews?lang=en").text
    assert "Talks to be held again" not in client(TableReviews(again=[])).get("/reviews?lang=en").text


def test_an_empty_list_says_what_will_come() -> None:
    text = client(TableReviews(rows=[])).get("/reviews?lang=en").text
    assert "Nothing to review" in text
    assert "This list is empty" in client(TableReviews(rows=[])).get("/reviews?which=late&lang=en").text


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", ("open", 1)),
        ("?which=late&page=3", ("late", 3)),
        ("?which=../etc&page=-1", ("open", 1)),
        ("?page=99999", ("open", 10_000)),
    ],
)
def test_a_list_that_is_none_is_the_first_one(query: str, asked: tuple[str, int]) -> None:
    reviews = TableReviews(pages=4)
    assert client(reviews).get(f"/reviews{query}").status_code == 200
    assert reviews.asked == [asked]


def test_agents_are_told_that_these_are_their_own_and_not_led_to_statistics() -> None:
    text = client(TableReviews(sees_all=False)).get("/reviews", params={"lang": "en"}).text
    assert "you may appeal" in text
    assert "/reviews/statistics" not in text


def test_titles_cannot_break_out_of_the_page() -> None:
    bad = "</script><script>alert(1)</script>"
    reviews = TableReviews(rows=[{**ENTRY, "title": bad}], bench={**TableReviews().bench, "title": bad})
    for path in ("/reviews", f"/reviews/{CASE}"):
        assert "<script>alert" not in client(reviews).get(path).text


def test_the_workbench_has_player_sheet_and_script_before_its_code() -> None:
    text = client().get(f"/reviews/{CASE}", params={"lang": "en"}).text
    assert f'<jl-playback data-case="{CASE}"' in text
    assert f'<jl-review data-case="{CASE}">' in text
    assert "Hello, I am Lin Jing" in text


def test_statistics_show_counts_intervals_and_what_is_undefined() -> None:
    text = client().get("/reviews/statistics", params={"lang": "en"}).text
    assert "75.0 %" in text and "30.1–95.4" in text and "undefined" in text and "0.41" in text
    assert "n=4" in text and "20.0 %" in text and "at least 30.0 %" in text


def test_only_those_who_may_are_offered_draws_and_the_record() -> None:
    assert "Draw now" not in client().get("/reviews/statistics", params={"lang": "en"}).text
    text = client(staff=COMPLIANCE).get("/reviews/statistics", params={"lang": "en"}).text
    assert "Draw now" in text and "/api/v1/reviews/export" in text


def test_statistics_of_nothing_say_so() -> None:
    nothing = {**STATISTICS, "coverage": [], "clauses": [], "reviewers": [], "machine": STATISTICS["clauses"][1]}
    reviews = TableReviews(found_statistics=nothing, found_draws={**DRAWS, "draws": []})
    text = client(reviews).get("/reviews/statistics", params={"lang": "en"}).text
    assert "Nothing was drawn yet" in text
    assert '<svg class="chart' not in text


def test_a_draw_made_between_two_reads_does_not_break_the_page() -> None:
    reviews = TableReviews(found_draws={**DRAWS, "draws": []})
    assert client(reviews).get("/reviews/statistics").status_code == 200


def test_bars_stand_on_each_other_and_the_line_at_the_share() -> None:
    (bar,) = bars_of(STATISTICS["coverage"])
    assert (bar.in_time, bar.late, bar.waiting, bar.line_y, bar.label) == (24.0, 12.0, 12.0, BAR_HIGH * 0.7, "11-25")
    rows = [{**STATISTICS["coverage"][0], "no": no, "eligible": no % 2} for no in range(40)]
    assert [bar.row["no"] for bar in bars_of(rows)][-1] == 1


def test_the_forest_begins_with_the_least_agreement_and_leaves_out_the_unknown() -> None:
    (point,) = forest_of(STATISTICS["clauses"])
    assert (point.low, point.at, point.high) == (90.2, 225.0, 286.3)
    assert re.fullmatch(r"cn-.*:CN-IN-5a", point.row["clause"])
