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
    for call in [each for each in calls(api) if each.media == "application/json"]:
        end = max((end for end in BODIES if call.template.endswith(end)), key=len)
        listed = described[call.template][call.method.lower()]["responses"]
        path = call.path.replace(call.path.split("/")[4], case) if "{case}" in call.template else call.path
        client = customer if "customer" in str(BODIES[end]) else agent
        for body in odd_bodies(BODIES[end]):
            api.world.clock.move(1_000)
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


def test_odd_queries_and_paths_are_answered_as_described(api: ApiWorld) -> None:
    client, case = api.client("lin"), api.make_case()
    for text in ("", "%00", "%FF", "..%2f", "%E2%80%AE", "x" * 3_000, "-1", "0", "99999999999999999999", "1e9", "true"):
        for path in (f"/api/v1/cases?page={text}", f"/api/v1/cases?q={text}", f"/api/v1/cases?state={text}"):
            assert client.get(path).status_code in (200, 422), path
        for path in (f"/api/v1/cases/{text}x", f"/api/v1/cases/{case}/playback/{text}x/1.m4s", f"/api/v1/scripts/{text}x"):
            assert client.get(path).status_code in (404, 422, 403), path
