"""Looking at what was recorded, through the API: manifest, media by role and segment, the package; only for staff of the case."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.packages.write import package_path
from jianlu.vault.case_log import open_case_log
from tests.contract.api.test_routes import expect_problem
from tests.fakes.api.world import ApiWorld, ok, sale_body
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.playback.live_recording import feeds_of, record_live


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("clip") / "clip.mp4", Clip(seconds=5))


@pytest.fixture
def case(api: ApiWorld, clip: Path) -> str:
    """A case with five seconds of two people."""
    made = api.make_case()
    record_live(api.world.using.desk.log(api.deps.tenant, made), feeds_of({"agent": clip, "customer": clip}))
    return made


def test_a_session_is_played_role_by_role_and_segment_by_segment(api: ApiWorld, case: str) -> None:
    client = api.client("lin")
    manifest = ok(client.get(f"/api/v1/cases/{case}/playback")).json()
    assert {role["role"] for role in manifest["roles"]} == {"agent", "customer"}
    for role in manifest["roles"]:
        init = ok(client.get(role["init"]))
        assert init.content and init.headers["content-type"] in role["mime"]
        assert init.headers["cache-control"] == "no-store", "whoever may no longer look finds nothing on the disk either"
        media = [ok(client.get(segment["url"])).content for segment in role["segments"]]
        assert len(media) >= 2 and all(media)
    assert manifest["duration_ms"] >= 4_000


def test_what_is_not_there_is_not_found(api: ApiWorld, case: str) -> None:
    client, at = api.client("lin"), f"/api/v1/cases/{case}/playback"
    for path in (f"{at}/nobody/init.mp4", f"{at}/agent/999.m4s", f"{at}/nobody/1.m4s"):
        expect_problem(client.get(path), 404)
    expect_problem(client.get(f"{at}/agent/x.m4s"), 422)
    expect_problem(client.get(f"/api/v1/cases/{api.make_case('empty')}/playback"), 404)


def test_other_agents_and_the_customer_do_not_get_it(api: ApiWorld, case: str) -> None:
    ok(api.client("lin").post(f"/api/v1/cases/{case}/seat", json={"seat": "agent"}))
    guest = api.guest(api.invite(case))
    for path in ("playback", "playback/agent/init.mp4", "playback/agent/1.m4s", "package"):
        expect_problem(api.client("zhou").get(f"/api/v1/cases/{case}/{path}"), 403)
        expect_problem(guest.get(f"/api/v1/cases/{case}/{path}"), 403)
        answer = api.client("xu").get(f"/api/v1/cases/{case}/{path}")
        assert answer.status_code == (403 if path == "package" else 200), "compliance gets all that one person may get alone"


def test_what_another_process_appends_is_seen(api: ApiWorld, case: str) -> None:
    client = api.client("lin")
    before = ok(client.get(f"/api/v1/cases/{case}/playback")).json()
    api.world.using.desk.release(api.deps.tenant, case)
    assert ok(client.get(f"/api/v1/cases/{case}/playback")).json() == before
    other = open_case_log(api.world.vault, api.deps.tenant, case)
    other.append(EventType.GAP_DECLARED, {"from_ms": 1000, "to_ms": 1500, "reason": "packets_lost", "side": "agent"})
    after = ok(client.get(f"/api/v1/cases/{case}/playback")).json()
    assert len(after["gaps"]) == len(before["gaps"]) + 1


def test_the_package_is_taken_away_under_the_cases_number(api: ApiWorld, case: str) -> None:
    client = api.client("lin")
    denied = expect_problem(client.get(f"/api/v1/cases/{case}/package"), 403)
    assert denied["denial"]["rules"] == ["export-with-a-second-person"]
    api.approve_export(case)
    expect_problem(client.get(f"/api/v1/cases/{case}/package"), 404)
    path = package_path(api.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK package")
    answer = ok(client.get(f"/api/v1/cases/{case}/package"))
    assert answer.content == b"PK package" and 'filename="sale-1.jlp"' in answer.headers["content-disposition"]
    rest = {"Range": "bytes=3-", "If-Range": answer.headers["etag"]}
    part = client.get(f"/api/v1/cases/{case}/package", headers=rest)
    assert part.status_code == 206 and part.content == b"package"
    expect_problem(client.get(f"/api/v1/cases/{case}/package", headers={"Range": "bytes=3-"}), 403)


@pytest.mark.parametrize(
    "number", ['../../etc/x"; filename="run.exe', "a\\b;filename*=UTF-8''run.exe", "保单\u202egpj.exe", "x\r\nx"]
)
def test_a_number_that_is_no_file_name_is_refused_when_the_case_is_made(api: ApiWorld, number: str) -> None:
    expect_problem(api.client("lin").post("/api/v1/cases", json=sale_body(number)), 422)


def test_a_number_of_dots_gives_its_package_another_name(api: ApiWorld) -> None:
    case = api.make_case("..")
    api.approve_export(case)
    path = package_path(api.deps.home, case_ref(case))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK package")
    said = ok(api.client("lin").get(f"/api/v1/cases/{case}/package")).headers["content-disposition"]
    assert said == 'attachment; filename="case.jlp"'
