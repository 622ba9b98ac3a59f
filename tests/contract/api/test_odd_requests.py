"""Whatever a client sends, the answer is one that the description lists, and never an error of ours.

Every operation with a JSON body is sent its right body with each field left out, doubled in kind, emptied, overlong, or full of what breaks
parsers; found clean by schemathesis too (a few thousand requests against a running service), which is not needed to run this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.contract.api.test_routes import BODIES, calls
from tests.fakes.api.world import ApiWorld

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**63,
    1.5,
    "",
    "\x00",
    "\u202e \ud7ff",
    "x" * 5_000,
    [],
    [[]],
    {},
    {"": None},
    "../../etc",
    "' OR 1=1 --",
)


RIGHT: dict[str, Any] = {
    **BODIES,
    "/decision": {"clauses": [], "redo": ""},
    "/review/appeal": {"clauses": [], "reason": "the recording shows otherwise"},
    "/review/redo": {"number": "sale-1-r"},
    "/sign-in/passkey": {"credential": {}},
    "/me/passkeys": {"credential": {}, "name": "desk"},
    "/enrol/look": {"token": "x" * 43},
    "/enrol/options": {"token": "x" * 43, "code": "12345678"},
    "/enrol": {"token": "x" * 43, "code": "12345678", "password": "a long enough one", "name": "desk"},
    "/sign-in/organisation": {"code": "c", "state": "s", "iss": ""},
    "/accounts": {"name": "new.one", "roles": ["agent"], "display": "New", "languages": ["zh"], "licences": [], "skills": []},
    "/destructions": {"cases": ["c" + "a2" * 13], "reason": "its time has come"},
    "/statements": {
        "lines": [
            {
                "case": "c" + "a2" * 13,
                "trigger": "contract_end",
                "day": "2026-11-01",
                "evidence": "x-1",
                "evidence_digest": "0" * 64,
            }
        ],
        "reason": "the contract was ended",
    },
    "{case}/statements": {
        "trigger": "contract_end",
        "day": "2026-11-01",
        "evidence": "x-1",
        "evidence_digest": "0" * 64,
        "reason": "the contract was ended",
    },
    "/retention": {"until": "2090-01-01", "reason": "a long contract"},
    "/withdrawals": {"purpose": "training", "way": "letter", "reason": "a letter of today"},
    "/holds": {"matter": "a suit", "reason": "a court has it before it", "hold": ""},
    "/lift": {"reason": "the suit is over"},
    "/standing": {"branch": "pudong", "place": "CN-31", "level": 3},
    "/roles": {"roles": ["agent"]},
    "/draft": {"revision": 0, "content": {"title": {}, "documents": [], "steps": []}},
    "/draft/discard": {"revision": 0},
    "/draft/propose": {"revision": 0, "version": "1.1.0", "effective_from": "2026-12-01", "effective_to": "", "reason": "x"},
    "/approve": {"reason": "x"},
    "/withdraw": {"reason": "x"},
}
COUNTED = ("/me/step-up", "/me/step-up/organisation", "/me/password")
"""Wrong proofs are counted and end what the test goes on with: `test_signing_in.py` and `test_enrolling.py` have them."""


def odd_bodies(right: dict[str, Any]) -> Iterator[Any]:
    """The right body, spoilt in one place at a time; and bodies that are no object."""
    for name in right:
        yield {key: value for key, value in right.items() if key != name}
        for odd in ODD:
            yield {**right, name: odd}
    yield {**right, "unknown": 1}
    yield from ([], "text", 0, None, [right])


def test_odd_bodies_are_answered_as_described(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    described = api.app.openapi()["paths"]
    seen: set[int] = set()
    for call in [each for each in calls(api) if each.media == "application/json" and not each.template.endswith(COUNTED)]:
        end = max((end for end in RIGHT if call.template.endswith(end)), key=len)
        listed = described[call.template][call.method.lower()]["responses"]
        path = call.path.replace(call.path.split("/")[4], case) if "{case}" in call.template else call.path
        client = customer if "customer" in str(RIGHT[end]) else agent
        for body in odd_bodies(RIGHT[end]):
            api.world.clock.move(3_000)  # slow enough for the ways in, too
            answer = client.request(
                call.method, path, json=body, headers={"X-Jianlu-As": "seat" if client is customer else "staff"}
            )
            assert str(answer.status_code) in listed, (
                f"{call.method} {call.template} {str(body)[:200]}: {answer.status_code} {answer.text[:300]}"
            )
            assert answer.status_code < 500, (
                f"nothing is away: {call.method} {call.template} {str(body)[:200]}: {answer.text[:300]}"
            )
            seen.add(answer.status_code)
    assert 429 not in seen, "who is slowed down tests nothing"
    assert 422 in seen and seen & {200, 201, 204}, "odd bodies are refused, and some of them are fine"


def test_a_day_is_written_as_a_day_and_no_number_is_one(api: ApiWorld) -> None:
    for odd in ("0", "20261126", "1764115200", "2026-11-26T00:00:00", "٢٠٢٦-١١-٢٦", "2026-02-30", "26.11.2026"):
        assert api.client("xu").get("/api/v1/search", params={"to": odd}).status_code == 422, odd
    assert api.client("xu").get("/api/v1/search", params={"from": "2026-11-01", "to": "2026-11-26"}).status_code == 200
    for number in (0, 1764115200, "0", 1.5, True, None):
        body = {"from_on": number, "until_on": "2026-11-26", "size": 1}
        assert api.client("xu").post("/api/v1/samples", json=body).status_code == 422, number


def test_odd_queries_and_paths_are_answered_as_described(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    for text in ("", "%00", "%FF", "..%2f", "%E2%80%AE", "x" * 3_000, "-1", "0", "99999999999999999999", "1e9", "true"):
        for path in (f"/api/v1/cases?page={text}", f"/api/v1/cases?q={text}", f"/api/v1/cases?state={text}"):
            assert client.get(path).status_code in (200, 422), path
        for path in (f"/api/v1/cases/{text}x", f"/api/v1/cases/{case}/playback/{text}x/1.m4s", f"/api/v1/scripts/{text}x"):
            assert client.get(path).status_code in (404, 422, 403), path
