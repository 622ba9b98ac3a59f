"""Scripts are edited as forms by several people, held to the rules before anybody proposes them, and changed in words a lawyer reads."""

from __future__ import annotations

import copy
from typing import Any

from tests.contract.api.test_oversight import changes
from tests.fakes.api.world import ApiWorld, ok

SALE = "/api/v1/scripts/insurance-sale"


def draft_of(api: ApiWorld, name: str = "xu") -> dict[str, Any]:
    found: dict[str, Any] = ok(api.client(name).get(f"{SALE}/draft")).json()
    return found


def save(api: ApiWorld, draft: dict[str, Any], name: str = "xu", **content: Any) -> Any:
    body = {"revision": draft["revision"], "content": {**draft["content"], **content}}
    return api.client(name).put(f"{SALE}/draft", json=body)


def step_of(draft: dict[str, Any], step: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in draft["content"]["steps"] if each["id"] == step)
    return found


def version_of(agent: Any, case: str) -> str:
    """The version of the script that a session runs."""
    return str(ok(agent.get(f"/api/v1/cases/{case}/session")).json()["script"]["version"])


def test_what_is_wrong_with_a_draft_is_said_at_its_place_and_it_is_kept_all_the_same(api: ApiWorld) -> None:
    draft = draft_of(api)
    assert (draft["revision"], draft["problems"], draft["based_on"]) == (0, [], "1.0.0")
    step = draft["content"]["steps"][0]
    step["title"]["en"], step["min_read_ms"], step["say"][0]["text"]["zh"] = "", -1, "我是{case.colour}的人"
    draft["content"]["steps"][1]["id"] = step["id"]
    saved = ok(save(api, draft)).json()
    said = {each["at"]: (each["code"], each["text"]["zh"]) for each in saved["problems"]}
    assert said["steps/0/title/en"] == ("text_en", "缺少英文。")
    assert {said[at][0] for at in ("steps/0/min_read_ms", "steps/0/say/0/text/zh", "steps/1/id")} == {
        "duration",
        "fact_unknown",
        "twice",
    }
    assert draft_of(api, "he")["content"] == saved["content"] and saved["lacks"] == []


def test_two_editors_never_overwrite_each_other(api: ApiWorld) -> None:
    mine, theirs = draft_of(api), draft_of(api, "he")
    ok(save(api, theirs, "he", title={"zh": "何改的", "en": "by He"}))
    refused = save(api, mine, title={"zh": "徐改的", "en": "by Xu"})
    assert refused.status_code == 409 and refused.json()["code"] == "draft_changed"
    now = draft_of(api)
    assert (now["content"]["title"]["zh"], now["revision"]) == ("何改的", 1) and now["saved_by_name"]
    assert api.client("xu").post(f"{SALE}/draft/discard", json={"revision": 0}).status_code == 409
    ok(api.client("xu").post(f"{SALE}/draft/discard", json={"revision": 1}))
    assert draft_of(api)["revision"] == 0


def test_a_disclosure_that_the_rules_require_cannot_be_taken_out(api: ApiWorld) -> None:
    draft = draft_of(api)
    step_of(draft, "explain_surrender")["say"][0]["text"] = {"zh": "犹豫期请看条款。", "en": "See the terms."}
    saved = ok(save(api, draft)).json()
    lacking = [each for each in saved["lacks"] if each["is_refused"]]
    assert {each["step"] for each in lacking} == {"explain_surrender"} and saved["rehearsed"] > 10
    assert all(each["clause"]["citation"] in each["text"]["zh"] for each in lacking)
    proposal = {"revision": 1, "version": "1.1.0", "effective_from": "2026-11-01"}
    refused = api.client("xu").post(f"{SALE}/draft/propose", json=proposal)
    assert (refused.status_code, refused.json()["code"]) == (422, "script_lacks")
    content = {**saved["content"], "script": "insurance-sale", "version": "1.1.0", "effective_from": "2026-11-01"}
    assert api.client("xu").post("/api/v1/scripts", json={"content": content}).json()["code"] == "script_lacks"


def test_a_promise_that_the_rules_forbid_and_a_fact_that_no_case_states_are_found(api: ApiWorld) -> None:
    draft = draft_of(api)
    sentence = copy.deepcopy(step_of(draft, "closing")["say"][0])
    sentence["text"] = {"zh": "这个产品保本保息，没有风险。", "en": "Principal and interest are guaranteed."}
    step_of(draft, "closing")["say"].append(sentence)
    saved = ok(save(api, draft)).json()
    assert ("forbidden", "closing") in {(each["code"], each["step"]) for each in saved["lacks"] if each["is_refused"]}
    sentence["text"] = {"zh": "年化{product.rate}。", "en": "At {product.rate}."}
    again = ok(save(api, saved, steps=draft["content"]["steps"])).json()
    assert {each["code"] for each in again["lacks"] if each["is_refused"]} == {"no_case"}


def test_a_draft_becomes_a_version_by_two_people_and_a_running_session_keeps_its_own(api: ApiWorld) -> None:
    running, agent, _ = api.live("running")
    before = changes(api)
    draft = draft_of(api)
    step_of(draft, "closing")["say"][0]["text"] = {
        "zh": "录音录像到此结束，谢谢您。",
        "en": "The recording ends here; thank you.",
    }
    saved = ok(save(api, draft)).json()
    assert saved["changes"]["counts"]["changed"] == 1 and saved["next_version"] == "1.1.0"
    proposal = {"revision": 1, "version": "1.1.0", "effective_from": "2026-11-01", "reason": "用语更简"}
    made = ok(api.client("xu").post(f"{SALE}/draft/propose", json=proposal)).json()
    assert (made["state"], draft_of(api)["revision"]) == ("proposed", 0)
    at = f"{SALE}/versions/1.1.0"
    assert api.client("xu").post(f"{at}/approve").status_code == 403
    ok(api.client("he").post(f"{at}/approve", json={"reason": "已核对"}))
    new = api.make_case("new")
    assert (version_of(agent, running), version_of(agent, new)) == ("1.0.0", "1.1.0")
    ok(api.client("xu").post(f"{at}/withdraw", json={"reason": "法务要求"}))
    assert (version_of(agent, new), version_of(agent, api.make_case("later"))) == ("1.1.0", "1.0.0")
    acts = ok(agent.get(f"{SALE}/acts")).json()["acts"]
    assert [(each["act"], each["reason"]) for each in acts[:4]] == [
        ("withdrawn", "法务要求"),
        ("approved", "已核对"),
        ("proposed", "用语更简"),
        ("saved", ""),
    ]
    assert changes(api) == before + 4, "each of the four acts is in the ledger"


def test_what_changed_is_told_word_by_word(api: ApiWorld) -> None:
    draft = draft_of(api)
    step_of(draft, "explain_surrender")["say"][0]["text"]["zh"] = (
        "犹豫期{product.cooling_off_days}天，犹豫期之后退保会有较大损失。"
    )
    ok(save(api, draft))
    ok(api.client("xu").post(f"{SALE}/draft/propose", json={"revision": 1, "version": "1.2.0", "effective_from": "2026-12-01"}))
    found = ok(api.client("lin").get(f"{SALE}/versions/1.2.0/changes")).json()
    changed = [step for step in found["changes"]["steps"] if step["kind"] != "same"]
    assert [(step["id"], step["kind"]) for step in changed] == [("explain_surrender", "changed")]
    (field,) = changed[0]["fields"]
    parts = field["parts"]["zh"]
    assert [text for kind, text in parts if kind == "added"] == ["之", "较大"] and not [p for p in parts if p[0] == "removed"]
    assert "〔犹豫期（天）〕" in "".join(text for _, text in parts)
    assert found["against"] == "1.0.0" and found["reading"]["steps"][0]["say"][0]["when"]["zh"]
    assert ok(api.client("lin").get(f"{SALE}/versions/1.0.0/changes")).json()["against"] == "1.2.0"


def test_drafts_are_for_those_who_propose_scripts(api: ApiWorld) -> None:
    assert api.client("lin").get(f"{SALE}/draft").status_code == 403
    assert api.client("xu").get("/api/v1/scripts/nothing/draft").status_code == 404
    assert api.client("xu").post(f"{SALE}/draft/discard", json={"revision": 0}).status_code == 404
    wrong = {"revision": 0, "content": {"steps": []}}
    assert api.client("xu").put(f"{SALE}/draft", json=wrong).status_code == 422
