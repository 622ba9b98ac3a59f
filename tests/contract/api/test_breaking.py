"""The description of today takes nothing from programs that were written for the last released one; and the rules notice what does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from jianlu.deliver.api import _bodies
from jianlu.deliver.api.app import description_text
from jianlu.deliver.api.describe import ANSWERS
from tests.architecture.tree import ROOT
from tests.contract.api.breaking import breaking

RELEASED = ROOT / "specs" / "api" / "released"


def test_nothing_is_taken_from_programs_of_the_last_release() -> None:
    released = sorted(RELEASED.glob("v*.json"))
    assert released, "keep the description of each release as specs/api/released/vMAJOR.MINOR.PATCH.json"
    newest = max(released, key=lambda path: tuple(int(part) for part in path.stem[1:].split(".")))
    found = breaking(json.loads(newest.read_text(encoding="utf-8")), json.loads(description_text()))
    assert found == [], f"programs written for {newest.stem} would fail; keep what is there, or release /api/v2 beside it"


def test_a_description_takes_nothing_from_itself() -> None:
    document = json.loads(description_text())
    assert breaking(document, document) == []


CHANGES: dict[str, Callable[[Any], Any]] = {
    "/cases is gone": lambda d: d["paths"].pop("/api/v1/cases"),
    "POST /api/v1/cases is gone": lambda d: d["paths"]["/api/v1/cases"].pop("post"),
    "is called": lambda d: d["paths"]["/api/v1/cases"]["get"].update(operationId="list_cases"),
    "asks for the scope": lambda d: d["paths"]["/api/v1/cases"]["get"].update({"x-scope": "case.everything"}),
    "takes api_key no more": lambda d: d["paths"]["/api/v1/cases"]["get"].update(security=[{"staff": []}]),
    "parameter q is gone": lambda d: d["paths"]["/api/v1/cases"]["get"].update(parameters=[]),
    "parameter q: maxLength is tighter": lambda d: parameter(d, "q")["schema"].update(maxLength=10),
    "parameter q is required now": lambda d: parameter(d, "q").update(required=True),
    "parameter branch is new and required": lambda d: d["paths"]["/api/v1/cases"]["get"]["parameters"].append(
        {"name": "branch", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "body.number is gone": lambda d: schema(d, "NewCase")["properties"].pop("number"),
    "body.title is required now": lambda d: schema(d, "NewCase")["required"].append("title"),
    "body.number: maxLength is tighter": lambda d: schema(d, "NewCase")["properties"]["number"].update(maxLength=8),
    "body.number is integer instead of string": lambda d: schema(d, "NewCase")["properties"]["number"].update(type="integer"),
    "body.how takes fewer words": lambda d: schema(d, "AnswerGiven")["properties"]["how"].update(enum=["click"]),
    "answers 201 no more": lambda d: d["paths"]["/api/v1/cases"]["post"]["responses"].pop("201"),
    "201.case is gone": lambda d: schema(d, "CaseMade")["properties"].pop("case"),
    "201.case may be absent now": lambda d: schema(d, "CaseMade").update(required=[]),
    "201.case is integer instead of string": lambda d: schema(d, "CaseMade")["properties"]["case"].update(type="integer"),
    "200.cases[].state may be null now": lambda d: schema(d, "CaseEntry")["properties"]["state"].update(
        anyOf=[{"type": "string"}, {"type": "null"}], type=None
    ),
}
HARMLESS: dict[str, Callable[[Any], Any]] = {
    "an operation more": lambda d: d["paths"].update({"/api/v1/new": {"get": {"operationId": "new", "responses": {"200": {}}}}}),
    "a field more in an answer": lambda d: schema(d, "CaseMade")["properties"].update(link={"type": "string"}),
    "an optional field more in a request": lambda d: schema(d, "NewCase")["properties"].update(branch={"type": "string"}),
    "a word more in a request": lambda d: schema(d, "AnswerGiven")["properties"]["how"]["enum"].append("signed"),
    "a wider bound": lambda d: schema(d, "NewCase")["properties"]["number"].update(maxLength=400),
    "an error more": lambda d: d["paths"]["/api/v1/cases"]["get"]["responses"].update({"418": {}}),
    "other words": lambda d: d["info"].update(description="other words"),
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_change_that_breaks_programs_is_noticed(said: str) -> None:
    before = json.loads(description_text())
    after = copy.deepcopy(before)
    CHANGES[said](after)
    assert any(said in each for each in breaking(before, after)), breaking(before, after)


@pytest.mark.parametrize("what", HARMLESS)
def test_a_change_that_programs_do_not_notice_is_free(what: str) -> None:
    before = json.loads(description_text())
    after = copy.deepcopy(before)
    HARMLESS[what](after)
    assert breaking(before, after) == []


def test_no_answer_takes_the_name_of_a_request() -> None:
    """One of them would stand for both in the description, silently."""
    requests = {name for name, each in vars(_bodies).items() if isinstance(each, type)}
    answers = {each.__name__ for found in ANSWERS.values() for each in (found if isinstance(found, tuple) else (found,))}
    described = json.loads(description_text())["components"]["schemas"]
    assert len(requests) > 20 and not requests & answers
    for name in requests & set(described):
        fields = set(getattr(_bodies, name).model_fields)
        assert set(described[name].get("properties", {})) == fields, f"{name} is described as something else"


def parameter(document: Any, name: str) -> Any:
    return next(each for each in document["paths"]["/api/v1/cases"]["get"]["parameters"] if each["name"] == name)


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]
