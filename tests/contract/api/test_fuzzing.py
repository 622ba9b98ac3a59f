"""A seeded part of `fuzzing.py`: every operation, by the caller who gets furthest with it. The long run is `make fuzz`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from tests.contract.api.fuzzing import ALSO, CHECKS, Door, Found, operations_of, run, shared_out
from tests.fakes.api.world import ApiWorld, api_world

pytestmark = pytest.mark.slow

EXAMPLES = 4


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ApiWorld]:
    with api_world(f"sqlite:///{tmp_path}/index.sqlite", tmp_path, also=ALSO) as made:
        yield made


def test_whatever_is_sent_is_answered_as_described(world: ApiWorld) -> None:
    called, statuses, checks, wrong = set[str](), Counter[int](), Counter[str](), list[str]()
    for caller, operations in shared_out(world).items():
        found = run(world, caller, operations, examples=EXAMPLES, phases=("examples", "fuzzing"))
        called |= found.operations
        statuses += found.statuses
        checks += found.checks
        wrong += [f"{check} as {caller}: {label}: {said}" for (check, label), said in found.failures.items()]
        wrong += [f"as {caller}: {error}" for error in found.errors]
    assert wrong == []
    assert called == {*operations_of(world)}
    assert set(CHECKS) <= set(checks)
    assert statuses.total() > 3 * len(called) and max(statuses) < 500 and 429 not in statuses
    assert sum(statuses[status] for status in (200, 201, 204)) > 100, "not everything was refused"


class Lying:
    """The application, which now and then answers otherwise than it should."""

    def __init__(self, world: ApiWorld, status: int, body: bytes) -> None:
        self._app, self._status, self._body = world.app, status, body
        self.openapi = world.app.openapi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/api/v1/health":
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


@pytest.mark.parametrize(
    ("status", "body", "check"),
    [
        (500, b"{}", "not_a_server_error"),
        (418, b"{}", "status_code_conformance"),
        (200, b'{"state": 1}', "response_schema_conformance"),
    ],
)
def test_an_answer_that_is_not_as_described_is_found(world: ApiWorld, status: int, body: bytes, check: str) -> None:
    lying = replace(world, app=cast(FastAPI, Lying(world, status, body)), clients={})
    found = run(lying, "nobody", ["GET /api/v1/health"], examples=1, phases=("fuzzing",))
    assert (check, "GET /api/v1/health") in found.failures


def test_recorders_record_while_time_passes_so_that_ending_a_session_ends_it_alone(world: ApiWorld) -> None:
    """Else the one call that ends a session makes up for hours of a run, and is found hanging."""
    found = Found()
    door = Door(world, "lin", found)
    for _ in range(100):
        door.pass_time(2_100)
    log = world.world.using.desk.log(world.deps.tenant, case_ref(door.case))
    assert sum(event.type is EventType.SEGMENT_SEALED for event in log.events) > 90
