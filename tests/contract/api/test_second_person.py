"""What a second person approved is done once; and a sensitive act asks for a proof of the person that is at most five minutes old."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import ConflictError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.packages.write import package_path
from jianlu.govern.access.requests import GOOD_FOR, RequestPorts, used_up
from jianlu.govern.identity.accounts import find_account
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, api_world, ok

CONTENT = bytes(range(256)) * 40
TAG = f'"{sha256(CONTENT).hexdigest()}"'
REASON = "客户来电要求核对当时的说明"
STALE_MS = 5 * 60 * 1000 + 1_000


@pytest.fixture
def packed(database_url: str, tmp_path: Path) -> Iterator[tuple[ApiWorld, str]]:
    """A case with a package, whose export by its agent was approved."""
    with api_world(database_url, tmp_path) as api:
        case = api.make_case()
        path = package_path(api.deps.home, case_ref(case))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        api.approve_export(case)
        yield api, case


def fetch(api: ApiWorld, case: str, name: str = "lin", **headers: str) -> Any:
    return api.client(name).get(
        f"/api/v1/cases/{case}/package", headers={key.replace("_", "-"): each for key, each in headers.items()}
    )


def test_of_many_downloads_at_once_on_one_approval_one_is_given(packed: tuple[ApiWorld, str]) -> None:
    api, case = packed
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: fetch(api, case), range(4)))
    given = [each for each in answers if each.status_code == 200]
    assert len(given) == 1 and given[0].content == CONTENT and given[0].headers["etag"] == TAG
    assert {each.status_code for each in answers if each not in given} <= {403, 409}
    expect_problem(fetch(api, case), 403)
    (asked,) = ok(api.client("lin").get("/api/v1/access/requests")).json()["requests"]
    assert asked["used_at"]
    api.approve_export(case)
    assert fetch(api, case).status_code == 200, "a new approval is another act"


def test_a_download_that_broke_off_goes_on_for_the_same_person_and_the_same_bytes_alone(packed: tuple[ApiWorld, str]) -> None:
    api, case = packed
    first = fetch(api, case, Range="bytes=100-", If_Range=TAG)
    assert first.status_code == 200 and first.content == CONTENT, "nothing was given yet: it begins at the beginning"
    rest = fetch(api, case, Range="bytes=100-", If_Range=TAG)
    assert rest.status_code == 206 and rest.content == CONTENT[100:]
    for headers in (
        {},
        {"Range": "bytes=100-"},
        {"Range": "bytes=0-", "If_Range": TAG},
        {"Range": "bytes=-5", "If_Range": TAG},
        {"Range": "bytes=5-6,0-4", "If_Range": TAG},
        {"Range": "bytes=100-", "If_Range": f'"{"0" * 64}"'},
    ):
        expect_problem(fetch(api, case, **headers), 403)
    expect_problem(fetch(api, case, "he", Range="bytes=100-", If_Range=TAG), 403)
    package_path(api.deps.home, case_ref(case)).write_bytes(CONTENT + b"more")
    expect_problem(fetch(api, case, Range="bytes=100-", If_Range=f'"{sha256(CONTENT + b"more").hexdigest()}"'), 403)
    assert fetch(api, case, Range="bytes=100-", If_Range=TAG).status_code in (403, 409), "the package is another one now"
    api.world.clock.move(int(GOOD_FOR.total_seconds() * 1000) + 1_000)
    api.clients.clear()
    expect_problem(fetch(api, case, Range="bytes=100-", If_Range=TAG), 403)


def test_an_act_that_fails_leaves_its_approval_unused(packed: tuple[ApiWorld, str]) -> None:
    api, case = packed
    on = case_resource(row_of(case, using=api.deps.sessions))
    account = find_account(api.deps.identity, api.deps.tenant, "lin").id
    using = RequestPorts(api.deps.database, api.deps.clock, api.deps.access.log)
    with pytest.raises(OSError, match="disk"), used_up("package.export", on, for_digest="", using=using, by=account):
        raise OSError("the disk is full")
    with used_up("package.export", on, for_digest="", using=using, by=account) as approved:
        assert approved.used_at
        with (
            pytest.raises(ConflictError, match="used up"),
            used_up("package.export", on, for_digest="", using=using, by=account),
        ):
            raise AssertionError("two acts on one approval")


def test_sensitive_acts_ask_for_a_recent_proof_and_go_on_once_it_is_given(packed: tuple[ApiWorld, str]) -> None:
    api, case = packed
    emergency = {"kind": "emergency", "case": case, "reason": REASON}
    waiting = ok(api.client("he").post("/api/v1/access/requests", json=emergency)).json()["request"]
    acts = {
        ("lin", "GET", f"/api/v1/cases/{case}/package"): None,
        ("zhou", "POST", "/api/v1/access/requests"): emergency,
        ("xu", "POST", f"/api/v1/access/requests/{waiting}/approve"): None,
        ("he", "POST", f"/api/v1/cases/{case}/reveal"): {"reason": REASON},
    }
    for name in ("lin", "zhou", "xu", "he"):
        api.client(name)
    api.world.clock.move(STALE_MS)
    for (name, method, path), body in acts.items():
        problem = expect_problem(api.client(name).request(method, path, json=body), 401)
        assert problem["type"].endswith(":step-up-needed"), path
        expect_problem(api.client(name).post("/api/v1/me/recent"), 401)
        api.prove(name)
        ok(api.client(name).post("/api/v1/me/recent"))
        ok(api.client(name).request(method, path, json=body))
