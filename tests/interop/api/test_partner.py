"""A partner's program, with an API key and the client package alone, completes a whole case and hears of it by signed webhooks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jianlu_client import models
from jianlu_client.client import Client
from jianlu_client.problems import Denied, SignInNeeded
from jianlu_client.webhooks import Verifier

from jianlu.runtime.settings import read_settings
from jianlu.verify.check import check_package
from jianlu.wiring import tls_files
from tests.architecture.tree import ROOT
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.serving.calls import TRANSFER, calling_home
from tests.fakes.serving.partner import Partner
from tests.fakes.serving.running import Served, add_account, wait_for
from tests.fakes.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.slow

SCOPES = ["case.*", "session.*", "request.make", "package.export"]
WEBHOOKS = """
[webhooks]
is_on = true
allowed_networks = ["127.0.0.0/8", "::1/128"]
authorities = "tls/ca.crt"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with calling_home(tmp_path_factory.mktemp("partner") / "home", webhooks=WEBHOOKS) as served:
        for name, roles in (("sun", "administrator"), ("gao", "security_administrator")):
            add_account(served.home, name, roles)
        yield served


@pytest.fixture
def receiver(running: Served) -> Iterator[Receiver]:
    with receiving(tls_files(running.home, read_settings(running.home))) as made:
        yield made


def test_a_case_is_completed_by_a_program_alone(running: Served, receiver: Receiver, tmp_path: Path) -> None:
    authority = str(running.home / "tls" / "ca.crt")
    with running.client(signed_in="gao") as gao, running.client(signed_in="sun") as sun:
        gao.post("/api/v1/programs", json={"name": "program-core", "roles": ["agent"], "display": "核心系统"}).raise_for_status()
        made = sun.post("/api/v1/keys", json={"name": "core", "account": "program-core", "scopes": SCOPES}).json()
        told = sun.post("/api/v1/webhooks", json={"url": receiver.url, "name": "core", "topics": ["case.*"]}).json()
        media = make_media(tmp_path / "talk.mp4", Clip(seconds=90))
        partner = Partner(
            Client(running.url, api_key=made["key"], verify=authority), Client(running.url, verify=authority), media
        )
        try:
            partner.prepare(models.NewCase.model_validate({**TRANSFER, "number": "partner-1"}))
            partner.hold()
            result = partner.await_result()
            assert result.package_url == f"/api/v1/cases/{partner.case}/package"
            if not partner.ask_for_export():
                _approve(running, partner.case)
            package = tmp_path / "case.jlp"
            package.write_bytes(partner.agent.package(partner.case))
            assert check_package(package).is_intact
            assert [each.case for each in partner.agent.iterate_cases()] == [partner.case]
            with pytest.raises(Denied, match=r"no scope for script\.read"):
                partner.agent.scripts()
            _heard(receiver, told["secret"], partner.case)
            sun.delete(f"/api/v1/keys/{made['entry']['id']}").raise_for_status()
            with pytest.raises(SignInNeeded):
                partner.agent.session(partner.case)
        finally:
            partner.close()


def test_the_program_imports_nothing_of_ours_but_the_client() -> None:
    """And the client nothing of ours at all."""
    partner = _imported_by(ROOT / "tests/fakes/serving/partner.py")
    assert {name for name in partner if name.split(".")[0] in ("jianlu", "tests")} == set()
    for module in (ROOT / "clients/python/src/jianlu_client").glob("*.py"):
        assert not {name for name in _imported_by(module) if name.split(".")[0] in ("jianlu", "tests")}, module


def _approve(running: Served, case: str) -> None:
    """The second person, in a browser of their own."""
    with running.client(signed_in="chen") as chen:
        asked = chen.get("/api/v1/access/requests").json()["requests"]
        mine = next(each for each in asked if each["case"] == case)
        answer = chen.post(f"/api/v1/access/requests/{mine['request']}/approve")
        assert answer.status_code == 200, answer.text


def _heard(receiver: Receiver, secret: str, case: str) -> None:
    """Everything that the partner wanted to hear came, signed."""
    wanted = {"case.made", "case.started", "case.ended", "case.sealed", "case.judged", "case.closed", "case.packaged"}
    wait_for(lambda: len(receiver.got) >= len(wanted))
    events = [Verifier(secret).verify(each.headers, each.body) for each in list(receiver.got)]
    assert {each.type for each in events} == wanted and {each.case for each in events} == {case}


def _imported_by(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    return imported | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
