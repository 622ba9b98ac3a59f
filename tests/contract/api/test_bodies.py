"""Long bodies: only of callers who may deposit, refused before they are read, and never more at once than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jianlu.capture.sessions.signed_pdf import PDF_BYTES_MAX
from jianlu.core.errors import UnavailableError
from jianlu.deliver.api.bodies import BODY_BYTES_MAX, LONG_BYTES_MAX, LONG_OF_A_CALLER, Bounded, LongBodies
from tests.fakes.api.world import HERE, PROGRAM, ApiWorld
from tests.fakes.capture.signed_pdf import signed_pdf

CHUNK = 64 * 1024
KEY = ("idempotency-key", "2f1c9c3e-5d0b-4c53")


class Upload:
    """One request as a server hands it to the application, its body read piece by piece, and how much of it was."""

    def __init__(self, at: str, *headers: tuple[str, str], client: TestClient | None = None, body: bytes = b"") -> None:
        cookies = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar) if client is not None else ""
        own = [("host", "testserver"), ("user-agent", PROGRAM), ("x-jianlu", "1"), ("cookie", cookies)]
        sent = [*own, ("content-type", "application/pdf"), *headers]
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "scheme": "https",
            "path": at,
            "raw_path": at.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent],
            "client": (HERE, 50_000),  # a sign-in is good where it was made
            "server": ("testserver", 443),
        }
        self.body = body or b"x" * PDF_BYTES_MAX
        self.read = 0
        self.status = 0
        self.holds_at = 0
        self.holding, self.go_on = asyncio.Event(), asyncio.Event()

    async def receive(self) -> Message:
        if self.holds_at and self.read >= self.holds_at:
            self.holding.set()
            await self.go_on.wait()
        piece = self.body[self.read : self.read + CHUNK]
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": self.read < len(self.body)}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]

    async def carry_out(self, app: ASGIApp) -> None:
        await app(self.scope, self.receive, self.send)
        self.holding.set()


def length(size: int) -> tuple[str, str]:
    return "content-length", str(size)


def deposit_at(case: str) -> str:
    return f"/api/v1/cases/{case}/deposits/contract"


@pytest.mark.parametrize("key", [(), (KEY,)], ids=["plain", "with a key"])
def test_nothing_is_read_of_a_long_body_from_whoever_may_not_deposit(api: ApiWorld, key: Sequence[tuple[str, str]]) -> None:
    case, _, _ = api.live()
    _, _, elsewhere = api.live("sale-2")
    for client, status in ((None, 401), (api.client("he"), 403), (api.client("zhou"), 404), (elsewhere, 404)):
        upload = Upload(deposit_at(case), length(PDF_BYTES_MAX), *key, client=client)
        asyncio.run(upload.carry_out(api.app))
        assert (upload.status, upload.read) == (status, 0)


@pytest.mark.parametrize("key", [(), (KEY,)], ids=["plain", "with a key"])
def test_a_body_of_no_stated_length_is_a_short_one_for_strangers(api: ApiWorld, key: Sequence[tuple[str, str]]) -> None:
    case, _, _ = api.live()
    upload = Upload(deposit_at(case), ("transfer-encoding", "chunked"), *key)
    asyncio.run(upload.carry_out(api.app))
    assert upload.status in (401, 413) and upload.read <= BODY_BYTES_MAX + CHUNK


def test_a_short_body_is_not_read_either_before_it_is_known_who_calls(api: ApiWorld) -> None:
    case, _, _ = api.live()
    upload = Upload(deposit_at(case), length(BODY_BYTES_MAX), body=b"x" * BODY_BYTES_MAX)
    asyncio.run(upload.carry_out(api.app))
    assert (upload.status, upload.read) == (401, 0)


def test_who_may_deposit_may_send_a_long_body_whatever_its_form(api: ApiWorld) -> None:
    case, agent, customer = api.live()
    for client, header in ((agent, "length"), (customer, "chunks")):
        body = signed_pdf(header + "x" * (2 * BODY_BYTES_MAX))
        stated = length(len(body)) if header == "length" else ("transfer-encoding", "chunked")
        upload = Upload(deposit_at(case), stated, client=client, body=body)
        asyncio.run(upload.carry_out(api.app))
        assert (upload.status, upload.read) == (201, len(body))


def test_as_many_callers_as_there_are_never_have_more_on_its_way_than_there_is_room_for(api: ApiWorld) -> None:
    lives = [api.live(f"sale-{number}") for number in range(4)]
    uploads = [
        Upload(deposit_at(case), length(PDF_BYTES_MAX), client=client)
        for case, *both in lives
        for client in both
        for _ in range(4)
    ]

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for upload in uploads:
                upload.holds_at = CHUNK
                group.create_task(upload.carry_out(api.app))
            for upload in uploads:
                await upload.holding.wait()
            taken = [upload for upload in uploads if upload.read]
            assert 0 < len(taken) * PDF_BYTES_MAX <= LONG_BYTES_MAX
            assert all(upload.status == 503 for upload in uploads if not upload.read)
            for upload in uploads:
                upload.go_on.set()

    asyncio.run(all_at_once())
    last = Upload(deposit_at(lives[0][0]), length(PDF_BYTES_MAX), client=lives[0][2])
    asyncio.run(last.carry_out(api.app))
    assert last.status == 422, "there is room again, and it is no PDF"


def test_one_caller_does_not_take_all_the_room() -> None:
    bodies = LongBodies()
    taken = [bodies.take("seat:a", 10) for _ in range(LONG_OF_A_CALLER)]
    with pytest.raises(UnavailableError):
        bodies.take("seat:a", 10)
    bodies.take("seat:b", 10)
    taken[0]()
    bodies.take("seat:a", 10)


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message["type"] == "http.request":
            message = await receive()

    async def hang() -> int:
        upload = Upload(deposit_at("c"))
        upload.holds_at = CHUNK
        await Bounded(upload.scope, upload.receive, upload.send, PDF_BYTES_MAX, within_s=0).carry_out(reading)
        return upload.status

    assert asyncio.run(asyncio.wait_for(hang(), 30)) == 503


class Leaving(Upload):
    """A client that goes away after the first piece, or whose body never ends."""

    goes = False

    async def receive(self) -> Message:
        if self.goes and self.read:
            return {"type": "http.disconnect"}
        return await super().receive()


def routes_with_bodies(api: ApiWorld) -> Iterator[tuple[str, TestClient, str]]:
    """One that reads JSON, one that reads SDP, one that reads a document."""
    case, agent, customer = api.live()
    yield f"/api/v1/cases/{case}/messages", agent, "application/json"
    yield f"/api/v1/cases/{case}/feeds/customer", customer, "application/sdp"
    yield deposit_at(case), customer, "application/pdf"


@pytest.mark.parametrize("key", [(), (KEY,)], ids=["plain", "with a key"])
@pytest.mark.parametrize("goes", [True, False], ids=["client gone", "too long"])
def test_a_body_that_breaks_off_is_nobodys_fault(api: ApiWorld, goes: bool, key: Sequence[tuple[str, str]]) -> None:
    for at, client, kind in routes_with_bodies(api):
        upload = Leaving(at, ("transfer-encoding", "chunked"), *key, client=client, body=b"x" * (PDF_BYTES_MAX + BODY_BYTES_MAX))
        upload.goes = goes
        upload.scope["headers"] = [each for each in upload.scope["headers"] if each[0] != b"content-type"]
        upload.scope["headers"].append((b"content-type", kind.encode()))
        with structlog.testing.capture_logs() as logged:
            asyncio.run(upload.carry_out(api.app))
        assert [each for each in logged if each["log_level"] in ("critical", "error")] == [], at
        if not goes:
            assert upload.status == 413, at
