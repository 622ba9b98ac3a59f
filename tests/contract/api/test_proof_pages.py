"""Pages of proofs and rules over the real application: who may read what, and the plan of a real case."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.ports import ConsoleSettings
from jianlu.deliver.console.proofs import proof_routes
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.entry.serve.pages import Pages
from jianlu.entry.serve.proof_pages import ProofPages
from tests.fakes.api.world import ApiWorld
from tests.fakes.proof_pages import KEY

HTML = {"accept": "text/html"}
TRUST = f'{{"format":"jianlu/trust/v1","ledgers":[{{"origin":"{KEY.name}","vkey":"{KEY.text}"}}],"packages":[],"verifiers":[]}}'


@pytest.fixture
def served(api: ApiWorld) -> ApiWorld:
    """The application with these pages, and a published key."""
    pages = Pages(api.deps, ConsoleSettings("x", "0.1.0"))
    mount_console(api.app, pages, proof_routes(pages, ProofPages(api.deps)))
    api.deps.home.mkdir(parents=True, exist_ok=True)
    (api.deps.home / "trust.json").write_text(TRUST, encoding="utf-8")
    return api


def status(client: TestClient, path: str) -> int:
    """The answer to a person's browser."""
    return client.get(path, headers=HTML, follow_redirects=False).status_code


@pytest.mark.parametrize(("who", "may_read"), [("lin", 403), ("he", 200), ("xu", 200)])
def test_the_ledgers_page_is_for_those_who_may_read_the_ledger(served: ApiWorld, who: str, may_read: int) -> None:
    assert status(served.client(who), "/ledger") == may_read


@pytest.mark.parametrize("who", ["lin", "xu"])
def test_rule_packs_are_for_everybody_who_works_here(served: ApiWorld, who: str) -> None:
    client = served.client(who)
    assert status(client, "/packs") == 200
    assert status(client, "/packs/cn-insurance-dual-recording?against=1.0.0") == 200
    assert status(client, "/packs/cn-nothing") == status(client, "/packs/cn-medical-records?version=9.9.9") == 404
    assert status(served.client(), "/packs") == 303


def test_a_pack_is_read_in_the_language_of_its_reader(served: ApiWorld) -> None:
    client = served.client("xu")
    english = client.get("/packs/pci-dss?lang=en", headers=HTML).text
    chinese = client.get("/packs/cn-aml?lang=zh", headers=HTML).text
    assert "must not say “what is the security code”" in english
    assert "不得说“已经上报反洗钱”" in chinese


def test_the_plan_of_a_case_is_what_was_frozen_and_for_those_who_may_see_the_case(served: ApiWorld) -> None:
    case, agent, customer = served.live()
    page = agent.get(f"/cases/{case}/plan", headers=HTML)
    assert page.status_code == 200 and "CN-IN-6" in page.text
    assert status(served.client("xu"), f"/cases/{case}/plan") == 200
    assert status(served.client("zhou"), f"/cases/{case}/plan") in (403, 404)
    assert status(customer, f"/cases/{case}/plan") == 303


def test_a_case_has_its_plan_from_the_moment_that_it_is_made(served: ApiWorld) -> None:
    assert status(served.client("lin"), f"/cases/{served.make_case()}/plan") == 200


def test_strangers_get_the_published_keys_and_the_very_verifier(served: ApiWorld) -> None:
    stranger = served.client()
    assert stranger.get("/verify/trust.json").text == TRUST
    assert stranger.get("/verify/verifier.pyz").content == verifier_bytes()
    assert status(stranger, "/verify") == 200
    (served.deps.home / "trust.json").unlink()
    assert stranger.get("/verify/trust.json").status_code == 404
