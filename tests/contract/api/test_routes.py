"""Every route, found in the application itself: who is turned away, what is not found, what is malformed; always as a problem document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.fakes.api.world import NOBODYS_CASE, ApiWorld
from tests.fakes.capture.signed_pdf import signed_pdf

PUBLIC = {
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/me"),
    ("POST", "/api/v1/sign-in"),
    ("POST", "/api/v1/sign-out"),
    ("POST", "/api/v1/leave"),
    ("POST", "/api/v1/join"),
    ("POST", "/api/v1/copy"),
    ("POST", "/api/v1/queue"),
    ("POST", "/api/v1/queue/ticket"),
    ("POST", "/api/v1/queue/leave"),
    ("GET", "/ledger/checkpoint"),
    ("GET", "/ledger/anchors"),
    ("GET", "/ledger/anchors/{place}"),
    ("GET", "/ledger/tile/{level}/{place}"),
    *(
        ("POST", f"/api/v1/{way}")
        for way in ("sign-in/passkey/options", "sign-in/passkey", "enrol/look", "enrol/options", "enrol")
    ),
}
"""What anybody may call: the way in, and what says nothing."""

PARAMETERS = {"case": NOBODYS_CASE, "step": "greeting", "no": "1", "kind": "whip", "stage": "first", "request_id": "r" + "0" * 26}
BODIES: dict[str, Any] = {
    "/api/v1/me/totp/confirm": {"code": "123456"},
    "/api/v1/cases": {"template": "insurance-remote", "number": "n", "people": {"customer": {"name": "x"}}},
    "/api/v1/scripts": {"content": {}},
    "/invitations": {"seat": "customer"},
    "/serve": {"case": NOBODYS_CASE},
    "/seat": {"seat": "agent"},
    "/preflight": {"checks": {"camera": "ok"}},
    "/redo": {"reason": "other"},
    "/waive": {"reason": "other"},
    "/encryption/key": {"public_key": "A" * 43},
    "/recorders/{recorder}": {"wrapped": "A" * 107},
    "/handovers/{seat}": {"wrapped": "A" * 107},
    "/documents": {"document": "terms"},
    "/answers": {"question": "q", "answer": "yes"},
    "/consents": {"purpose": "recording", "decision": "given"},
    "/attestations": {"clause": "c", "statement": "s"},
    "/messages": {"text": "hello"},
    "/advice": {"text": "hello"},
    "/copies": {"seat": "customer"},
    "/withdrawals": {"purpose": "training", "way": "letter", "reason": "a letter of today"},
    "/copy": {"token": "x", "code": "1"},
    "/samples": {"from_on": "2026-01-01", "until_on": "2026-12-31", "size": 1},
    "/shares": {"kind": "screen"},
    "/pause": {"reason": "technical"},
    "/handover": {"to": "he"},
    "/endpoints": {"kind": "whip", "feed": "agent"},
    "/access/requests": {"kind": "emergency", "case": NOBODYS_CASE, "reason": "somebody must look at once"},
    "/reveal": {"reason": "somebody must look at once"},
    "/policies/versions": {"files": {}, "again": 0, "reason": "back to what came with the software"},
    "/policies/versions/{version}/approve": {"digest": "0" * 64},
    "/api/v1/keys": {"name": "x", "scopes": ["case.read"]},
    "/programs": {"name": "program-x", "roles": ["agent"]},
    "/api/v1/webhooks": {"url": "https://bank.example/hook", "name": "x"},
    "/webhooks/{endpoint}": {"name": "x"},
    "/rotate": {"overlap_h": 1},
    "/replay": {"messages": ["msg_" + "a" * 26]},
    "/ticket": {"token": "t"},
    "/leave": {"token": "t"},
    "/join": {"token": "t"},
    "/queue": {"template": "insurance-remote", "name": "x"},
    "/sign-in": {"name": "x", "password": "y"},
    "/statements": {
        "trigger": "contract_end",
        "day": "2026-11-01",
        "evidence": "x-1",
        "evidence_digest": "0" * 64,
        "reason": "the contract was ended",
    },
}


@dataclass(frozen=True)
class Call:
    """One operation with everything that a right request needs."""

    method: str
    template: str
    media: str

    @property
    def path(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: PARAMETERS.get(found[1], "something"), self.template)

    def send(self, client: TestClient, **changes: Any) -> Any:
        body: dict[str, Any] = {}
        if self.media == "application/json":
            end = max((end for end in BODIES if self.template.endswith(end)), key=len, default="")
            body = {"json": BODIES.get(end, {})}
        elif self.media:
            body = {
                "content": signed_pdf() if self.media == "application/pdf" else "v=0",
                "headers": {"Content-Type": self.media, "If-Match": "*"},
            }
        body["headers"] = body.get("headers", {}) | changes.pop("headers", {})
        return client.request(self.method, self.path, **{**body, **changes})


def calls(api: ApiWorld) -> Iterator[Call]:
    for template, item in api.app.openapi()["paths"].items():
        for method, operation in item.items():
            media = next(iter(operation.get("requestBody", {}).get("content", {})), "")
            yield Call(method.upper(), template, media)


def expect_problem(answer: Any, *statuses: int) -> dict[str, Any]:
    request = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code in statuses, f"{request}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json", request
    document: dict[str, Any] = answer.json()
    assert set(document) - {"denial", "code"} == {"type", "title", "status", "detail", "instance"}, request
    assert document["type"].startswith("urn:jianlu:problem:"), f"{request}: a program cannot tell {document['type']} from others"
    assert document["status"] == answer.status_code and document["detail"], request
    return document


def test_there_are_as_many_routes_as_we_know(api: ApiWorld) -> None:
    found = list(calls(api))
    assert len(found) >= 60
    assert {(call.method, call.template) for call in found} >= PUBLIC


def test_nobody_gets_anywhere_without_signing_in(api: ApiWorld) -> None:
    client = api.client()
    for call in calls(api):
        if (call.method, call.template) not in PUBLIC and not call.template.startswith("/api/v1/sign-in/organisation"):
            api.world.clock.move(100)
            document = expect_problem(call.send(client), 401)
            assert document["type"] == "urn:jianlu:problem:sign-in-needed"


def test_a_case_that_is_not_there_is_not_found_by_anybody(api: ApiWorld) -> None:
    case = api.make_case()
    guest = api.guest(api.invite(case))
    for client in (api.client("he"), guest):
        for call in calls(api):
            if call.template.startswith("/api/v1/cases/{case}"):
                api.world.clock.move(100)
                others = ((403,) if client is guest else ()) + ((422,) if "/review" in call.template else ())
                others += (403,) if call.template.endswith("/statements") else ()  # as of a case of others: it tells nothing
                expect_problem(call.send(client), 404, *others)


def test_a_case_of_other_agents_is_denied(api: ApiWorld) -> None:
    case = api.make_case(name="lin")
    api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"})
    stranger = api.client("zhou")
    for call in calls(api):
        if call.template.startswith("/api/v1/cases/{case}"):
            api.world.clock.move(100)
            mine = Call(call.method, call.template.replace("{case}", case), call.media)
            if call.template.endswith("/seat") and call.method == "POST":
                expect_problem(mine.send(stranger), 409)  # an agent may ask for a seat, and hears that somebody has it
            else:
                expect_problem(mine.send(stranger), 403, *((404, 422) if "/review" in call.template else ()))


def test_a_customer_does_nothing_that_is_for_staff(api: ApiWorld) -> None:
    case = api.make_case()
    guest = api.guest(api.invite(case))
    staff_only = ["templates", "cases", "scripts", "queue", "invitations", "playback", "package", "endpoints", "handover", "seat"]
    for call in calls(api):
        last = call.template.rpartition("/")[2]
        if last in staff_only and (call.method, call.template) not in PUBLIC and call.method != "DELETE":
            api.world.clock.move(100)
            mine = Call(call.method, call.template.replace("{case}", case), call.media)
            expect_problem(mine.send(guest), 403)


def test_a_call_from_another_site_is_refused_before_anything_else(api: ApiWorld) -> None:
    client = api.client("lin")
    for call in calls(api):
        if call.method in ("POST", "PUT", "PATCH", "DELETE") and not call.template.startswith(("/whip", "/whep")):
            api.world.clock.move(100)
            expect_problem(call.send(client, headers={"X-Jianlu": "0", "Sec-Fetch-Site": "cross-site"}), 403)
    assert client.post("/api/v1/sign-out", headers={"X-Jianlu": "", "Sec-Fetch-Site": "same-origin"}).status_code == 204


def test_a_malformed_case_reference_is_unprocessable(api: ApiWorld) -> None:
    client = api.client("lin")
    for call in calls(api):
        if "{case}" in call.template:
            api.world.clock.move(100)
            for wrong in ("x", "C" + NOBODYS_CASE[1:], NOBODYS_CASE + "a", "..%2f..%2fetc"):
                answer = Call(call.method, call.template.replace("{case}", wrong), call.media).send(client)
                expect_problem(answer, 422, 404, 403)


def test_a_body_with_a_field_too_many_or_of_the_wrong_kind_is_unprocessable(api: ApiWorld) -> None:
    client, denied = api.client("lin"), set[Call]()
    case = api.make_case()
    for call in calls(api):
        if call.media == "application/json":
            path = Call(call.method, call.template.replace("{case}", case), "").path
            wrongs: list[Any] = [{"unknown_field": 1}, [], None, "text", {"text": "x" * 3_000}]
            for wrong in wrongs:
                api.world.clock.move(2_000)
                document = expect_problem(client.request(call.method, path, json=wrong), 422, 403, 404)
                if document["status"] != 422:
                    denied.add(call)
                assert "unknown_field" not in document["detail"] or "body" in document["detail"]
            answer = client.request(call.method, path, content="{not json", headers={"Content-Type": "application/json"})
            expect_problem(answer, 422)
    assert 0 < len(denied) < 30, "an agent is refused before a body is looked at where agents do nothing"


def test_an_offer_of_another_media_type_is_unprocessable(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    for call in calls(api):
        if "sdp" in call.media and "{case}" in call.template:
            path = Call(call.method, call.template.replace("{case}", case), "").path
            expect_problem(client.request(call.method, path, json={}), 422)
            headers = {"Content-Type": call.media, "If-Match": "*"}
            expect_problem(client.request(call.method, path, content=b"\xff\xfe", headers=headers), 422)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/health", 405), ("GET", "/x", 404), ("PUT", "/whip/x/y", 405)],
)
def test_an_unknown_path_or_method_is_a_problem_too(api: ApiWorld, method: str, path: str, status: int) -> None:
    expect_problem(api.client("lin").request(method, path), status)


def test_problems_never_echo_what_was_sent(api: ApiWorld) -> None:
    marked = "SECRET-6217000012345678"
    client = api.client("lin")
    for path, body in (
        ("/api/v1/cases", {"template": marked, "number": marked, "people": {"customer": {"name": marked, "phone": marked * 5}}}),
        ("/api/v1/sign-in", {"name": marked, "password": marked, "code": marked}),
        ("/api/v1/join", {"token": marked}),
        ("/api/v1/cases", {marked: marked}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code >= 400 and "6217000012345678" not in answer.text.replace(f"body.{marked}", "")


def test_every_answer_carries_the_security_headers(api: ApiWorld) -> None:
    for path in ("/api/v1/health", "/api/v1/nothing", "/api/v1/cases", "/x"):
        headers = api.client().get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        if path.startswith("/api"):
            assert headers["cache-control"] == "no-store"


def test_a_body_that_is_no_text_is_wrong_as_any_other_wrong_body(api: ApiWorld) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b"\xff\xfe\x00", b'{"template": "\xff"}', b"{", b"[]", b"null"):
        expect_problem(api.client("lin").post("/api/v1/cases", content=content, headers=headers), 422)
