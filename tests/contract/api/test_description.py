"""`specs/api/openapi.json` is the application's description, whole: every operation with its answers, problems and no stray schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from jianlu.deliver.api.app import description_text
from jianlu.deliver.api.describe import ANSWERS, check_answer
from tests.architecture.tree import ROOT

WRITTEN = ROOT / "specs" / "api" / "openapi.json"
ELSEWHERE = {
    "GET /api/v1/templates": "described by the templates themselves",
    "POST /api/v1/scripts/shipped": "a list of versions",
    "GET /api/v1/scripts/{script}/versions/{version}": "the script's own format",
    "GET /api/v1/cases/{case}/certificate": "the certificate of specs/custody.md",
    "GET /api/v1/cases/{case}/playback": "the manifest of deliver/playback",
    "GET /api/v1/reviews/export": "the record of judge/review/export",
}


def operations() -> dict[str, Any]:
    document = json.loads(description_text())
    return {f"{method.upper()} {path}": each for path, item in document["paths"].items() for method, each in item.items()}


def test_the_published_description_is_the_applications() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == description_text(), "run: python -m jianlu.deliver.api > specs/api/openapi.json"


def test_every_operation_says_what_it_does_and_how_it_fails() -> None:
    names = [each["operationId"] for each in operations().values()]
    assert len(set(names)) == len(names)
    for name, operation in operations().items():
        assert operation["description"].endswith("."), name
        assert {"401", "403", "404", "409", "422", "429", "503"} <= set(operation["responses"]), name


def test_every_json_answer_is_described() -> None:
    found = operations()
    assert set(ANSWERS) <= set(found)
    for name, operation in found.items():
        success = next(each for code, each in operation["responses"].items() if code.startswith("2"))
        schema = success.get("content", {}).get("application/json", {}).get("schema", {})
        is_described = "$ref" in schema or "anyOf" in schema
        assert is_described or name in ELSEWHERE or not schema, f"{name} answers with JSON that nobody describes"


def test_every_reference_leads_somewhere() -> None:
    document = json.loads(description_text())
    references = {part.split('"')[0] for part in json.dumps(document).split('"$ref": "')[1:]}
    assert references
    for reference in references:
        found: Any = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def test_an_answer_that_says_more_or_less_is_noticed() -> None:
    check_answer("POST", "/api/v1/join", {"case": "c", "seat": "customer"})
    for wrong in ({"case": "c"}, {"case": "c", "seat": "customer", "name": "x"}, {"case": 1, "seat": "customer"}):
        with pytest.raises(ValidationError):
            check_answer("POST", "/api/v1/join", wrong)


def test_an_answer_without_a_body_promises_none() -> None:
    for name in ("close", "close_whip", "close_whep"):
        found = next(each for each in operations().values() if each["operationId"] == name)
        assert "content" not in found["responses"]["200"], f"{name} answers with nothing (RFC 9725, 4.2)"
    for name, operation in operations().items():
        for code, answer in operation["responses"].items():
            promised = answer.get("content", {}).get("application/json")
            assert promised is None or promised["schema"], f"{name} {code} promises JSON of any kind"
