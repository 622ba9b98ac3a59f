"""The client package is the published description's, whole, typed, and its verifier agrees with what we sign."""

from __future__ import annotations

import base64
import importlib.util
import json
from types import ModuleType
from typing import Any

import httpx
import pytest
from jianlu_client import models
from jianlu_client.client import Client
from jianlu_client.problems import Conflict, Denied, Invalid, NotFound, Problem, SignInNeeded, TooManyRequests
from jianlu_client.webhooks import NotGenuine, Verifier

from jianlu.deliver.webhooks.signing import fresh_secret, shown_secret, signed_headers
from jianlu.deliver.webhooks.topics import message_body
from tests.architecture.tree import ROOT
from tests.fakes.api.programs import make_key, make_program
from tests.fakes.api.world import ApiWorld, sale_body

CLIENT = ROOT / "clients" / "python"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate", CLIENT / "generate.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def a_client(api: ApiWorld, *scopes: str, role: str = "agent") -> Client:
    """A client of the application in this process, with a fresh key."""
    make_program(api, roles=[role])
    client = Client("https://testserver", api_key=make_key(api, scopes=scopes or ["*.*"])["key"], attempts=1)
    client._http = _in_process(api, client._http)
    return client


def _in_process(api: ApiWorld, outside: httpx.Client) -> httpx.Client:
    inside = api.client()
    inside.headers.clear()
    inside.headers.update(outside.headers)
    outside.close()
    return inside  # type: ignore[return-value]


def test_the_generated_modules_are_the_descriptions(generator: ModuleType) -> None:
    document = json.loads((ROOT / "specs" / "api" / "openapi.json").read_text(encoding="utf-8"))
    for name, text in generator.generated(document).items():
        written = (CLIENT / "src" / "jianlu_client" / name).read_text(encoding="utf-8")
        assert written == generator.formatted(text), "run: python clients/python/generate.py"


def test_every_operation_with_a_scope_is_a_method_but_the_streams() -> None:
    document = json.loads((ROOT / "specs" / "api" / "openapi.json").read_text(encoding="utf-8"))
    scoped = {each["operationId"] for item in document["paths"].values() for each in item.values() if "x-scope" in each}
    assert len(scoped) > 50
    assert {name for name in scoped if not hasattr(Client, name)} <= {"stream", "wall_stream"}


def test_a_program_makes_and_reads_a_case_in_types(api: ApiWorld) -> None:
    client = a_client(api)
    made = client.make_case(models.NewCase.model_validate(sale_body()))
    entry = client.case(made.case)
    assert isinstance(entry, models.CaseEntry) and entry.number == "sale-1"
    assert [each.case for each in client.iterate_cases()] == [made.case]
    view = client.session(made.case)
    assert view.steps and isinstance(view.steps[0], models.Step)


def test_lists_are_gone_through_to_their_end(api: ApiWorld) -> None:
    client, case = a_client(api, role="compliance"), api.make_case()
    for _ in range(2):
        assert client.case(case).case == case
    assert list(client.iterate_reviews()) == []
    assert list(client.iterate_found(q="犹豫期")) == []
    looks = list(client.iterate_looks(case=case))
    assert {(each.action, each.is_allowed) for each in looks} == {("case.read", True), ("case.disclose", True)}
    assert len(list(client.iterate_looks())) > len(looks) and list(client.iterate_looks(which="denied")) == []


def test_problems_are_exceptions_by_what_to_do_next(api: ApiWorld) -> None:
    client = a_client(api, "case.*")
    case = client.make_case(models.NewCase.model_validate(sale_body())).case
    with pytest.raises(Denied, match=r"session\.read") as denied:
        client.session(case)
    assert denied.value.type == "urn:jianlu:problem:denied" and denied.value.status == 403
    with pytest.raises(NotFound):
        client.case("c" + "z7" * 13)
    with pytest.raises(Invalid):
        client.case("no-case")
    with pytest.raises((Conflict, Invalid)):
        client.make_case(models.NewCase.model_validate({**sale_body(), "template": "unheard-of"}))
    client._http.headers["Authorization"] = "Bearer jlk_unknown"
    with pytest.raises(SignInNeeded):
        client.case(case)


def test_what_asks_to_wait_is_asked_again_and_a_post_is_repeated_under_one_key() -> None:
    calls: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        is_first = len(calls) == 1
        problem = {"type": "urn:jianlu:problem:unavailable", "detail": "later"}
        said = httpx.Response(503, json=problem, headers={"Retry-After": "0", "Content-Type": "application/problem+json"})
        return said if is_first else httpx.Response(201, json={"case": "c" + "a" * 26})

    client = Client("https://jianlu.example")
    client._http = httpx.Client(base_url="https://jianlu.example", transport=httpx.MockTransport(answering))
    assert client.make_case(models.NewCase.model_validate(sale_body())).case == "c" + "a" * 26
    assert len(calls) == 2 and len({call.headers["Idempotency-Key"] for call in calls}) == 1


def test_what_keeps_asking_to_wait_is_given_up() -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={"type": "urn:jianlu:problem:too-many-requests"}, headers={"Retry-After": "0"})

    client = Client("https://jianlu.example", attempts=3)
    client._http = httpx.Client(base_url="https://jianlu.example", transport=httpx.MockTransport(answering))
    with pytest.raises(TooManyRequests):
        client.me()


def test_an_answer_that_is_no_problem_document_is_one_all_the_same() -> None:
    client = Client("https://jianlu.example", attempts=1)
    broken = httpx.MockTransport(lambda request: httpx.Response(502, text="<html>bad gateway</html>"))
    client._http = httpx.Client(base_url="https://jianlu.example", transport=broken)
    with pytest.raises(Problem, match="502"):
        client.me()


def test_a_field_that_is_newer_than_the_client_breaks_nothing() -> None:
    said = {"case": "c", "seat": "customer", "colour": "red"}
    assert models.Joined.model_validate(said).seat == "customer"


@pytest.mark.parametrize("scheme", ["v1", "v1a"])
def test_the_verifier_takes_what_we_sign_and_nothing_else(scheme: Any) -> None:
    secret, other = fresh_secret(), fresh_secret()
    body = message_body("case.packaged", "2026-11-26T09:00:00.000Z", "c" + "a" * 26, n=None, position=None).encode()
    headers = signed_headers(scheme, [other, secret], "msg_1", 1_000, body)
    verifier = Verifier(shown_secret(scheme, secret))
    event = verifier.verify(headers, body, now_s=1_100)
    assert (event.id, event.type, event.case) == ("msg_1", "case.packaged", "c" + "a" * 26)
    assert verifier.verify({name.title(): value for name, value in headers.items()}, body, now_s=900).id == "msg_1"
    for changed in (
        {**headers, "webhook-id": "msg_2"},
        {**headers, "webhook-timestamp": "1001"},
        {**headers, "webhook-timestamp": "-1000"},
        {**headers, "webhook-signature": ""},
        {**headers, "webhook-signature": f"{scheme},!!!"},
        {**headers, "webhook-signature": f"v9,{base64.b64encode(bytes(32)).decode()}"},
        {},
    ):
        with pytest.raises(NotGenuine):
            verifier.verify(changed, body, now_s=1_100)
    for wrong_s in (1_301, 699):
        with pytest.raises(NotGenuine, match="old"):
            verifier.verify(headers, body, now_s=wrong_s)
    with pytest.raises(NotGenuine, match="no signature"):
        verifier.verify(headers, body + b" ", now_s=1_100)
    with pytest.raises(NotGenuine, match="no signature"):
        Verifier(shown_secret(scheme, fresh_secret())).verify(headers, body, now_s=1_100)


def test_the_verifier_takes_the_published_example() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(NotGenuine, match="no event of Jianlu"):
        Verifier("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(headers, b'{"test": 2432232314}', now_s=1_614_265_330)


@pytest.mark.parametrize("secret", ["", "secret", "whsk_AAAA", "whsec"])
def test_what_is_no_secret_is_refused_at_once(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        Verifier(secret)
