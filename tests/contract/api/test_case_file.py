"""The case file over HTTP: what is in it is sealed or recorded, people are masked, and who looked is for those who may know."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.api.world import ApiWorld, ok


def test_the_file_of_a_live_case_holds_plan_consents_events_and_retention(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    api.do_step(case, "greeting", agent, customer)
    file = ok(api.client("xu").get(f"/api/v1/cases/{case}/file")).json()
    assert file["case"] == case and {person["seat"]: person["name"] for person in file["people"]}["customer"] == "王**"
    assert places_of("小明", file) == [] and places_of("5555 0101", file) == []
    assert len(file["demands"]) > 10 and all(each["text"]["zh"] and each["clause"]["citation"] for each in file["demands"])
    assert {each["part"] for each in file["retention"]} >= {"recording", "consent"} and not file["retention"][0]["is_set"]
    assert [each["text"]["en"] for each in file["events"] if each["type"] == "session:seat:taken"]
    assert file["verdicts"] == [] and file["package"] is None and not file["chain"]["is_closed"]
    assert file["chain"]["events"] == len(api.world.events(case))


def test_a_notice_is_shown_where_the_event_commits_to_its_very_text(api: ApiWorld) -> None:
    case, _, _ = api.live()
    using, at = api.world.using, f"/api/v1/cases/{case}/file"
    scene = using.scenes["insurance-remote"]
    shown = ok(api.client("xu").get(at)).json()["consents"]
    texts = {notice.id: notice.text["zh"] for notice in scene.notices}
    assert shown and all(each["text"] == texts[each["notice"]] and each["decision"] == "given" for each in shown)
    notices = tuple(replace(notice, text={"zh": "改过的文本", "en": "changed"}) for notice in scene.notices)
    using.scenes["insurance-remote"] = replace(scene, notices=notices)  # type: ignore[index]
    assert all(each["text"] is None for each in ok(api.client("xu").get(at)).json()["consents"])


def test_who_looked_is_in_the_file_for_those_who_may_know(api: ApiWorld) -> None:
    case, agent, _ = api.live()
    at = f"/api/v1/cases/{case}/file"
    assert ok(agent.get(at)).json()["access"] is None
    ok(api.client("he").get(at))
    api.deps.access.log.flush()
    looks = ok(api.client("xu").get(at)).json()["access"]
    assert ("he", "case.read", True) in {(look["who"], look["action"], look["is_allowed"]) for look in looks}


def test_the_file_is_not_for_customers_nor_for_other_agents(api: ApiWorld) -> None:
    case, _, customer = api.live()
    assert customer.get(f"/api/v1/cases/{case}/file").status_code == 403
    assert api.client("zhou").get(f"/api/v1/cases/{case}/file").status_code in (403, 404)


def places_of(text: str, value: object, at: str = "") -> list[str]:
    """Where in a document the text is."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in places_of(text, each, f"{at}.{key}")]
    if isinstance(value, list):
        return [found for no, each in enumerate(value) for found in places_of(text, each, f"{at}[{no}]")]
    return [at] if text in str(value) else []
