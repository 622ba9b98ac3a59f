"""Pages of proofs and rules as served: both languages, strict policy, small, for those who may; and what the verification loads."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from jianlu.deliver.api.guard import CONTENT_SECURITY_POLICY
from jianlu.deliver.console.built import BUILT, asset_url
from jianlu.deliver.console.ports import Json
from jianlu.deliver.console.proofs import proof_routes
from tests.fakes.console_pages import CASE, STAFF, TablePages, app_of
from tests.fakes.pages.judge import judged
from tests.fakes.proof_pages import KEY, TableProofs

DUAL = "/packs/cn-insurance-dual-recording"
STAFF_PAGES = ("/ledger", "/packs", DUAL, f"{DUAL}?against=1.0.0", f"{DUAL}?version=1.0.0", f"/cases/{CASE}/plan", "/style-guide")
HTML = {"accept": "text/html"}
PAGE_BYTES_MAX = 300_000


def client(pages: TablePages | None = None, proofs: TableProofs | None = None) -> TestClient:
    pages = pages or TablePages()
    app = app_of(pages, proof_routes(pages, proofs or TableProofs()))
    return TestClient(app, headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/verify", *STAFF_PAGES])
def test_every_page_is_well_made_in_both_languages(path: str, lang: str) -> None:
    answer = client().get(path, params={**dict(re.findall(r"(\w+)=([\d.]+)", path)), "lang": lang})
    judge = judged(answer.text)
    assert answer.status_code == 200
    assert judge.langs == ["zh-CN" if lang == "zh" else "en"]
    assert (judge.forbidden, judge.unnamed, judge.jumps) == ([], [], [])
    assert len(judge.ids) == len(set(judge.ids)) and judge.levels.count(1) == 1


@pytest.mark.parametrize("path", ["/verify", *STAFF_PAGES])
def test_what_a_page_loads_is_below_its_limit(path: str) -> None:
    answer = client().get(path)
    named = {name.removeprefix("/static/") for name in judged(answer.text).files}
    parts = {part.name for part in BUILT.glob("part.*.js")}
    assert len(named) >= 3
    assert len(answer.content) + sum((BUILT / name).stat().st_size for name in named | parts) < PAGE_BYTES_MAX


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in(path: str) -> None:
    answer = client(TablePages(staff=None)).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.partition('?')[0]}"


def test_a_pack_asked_for_in_english_stays_english_through_the_sign_in_and_whatever_is_opened_from_it() -> None:
    # Survived: a link in English to a Chinese browser that was not signed in yet led back to the page in Chinese.
    pages = TablePages(staff=None)
    visitor = TestClient(
        app_of(pages, proof_routes(pages, TableProofs())),
        base_url="https://testserver",
        headers={**HTML, "accept-language": "zh-CN"},
    )
    asked = visitor.get(f"{DUAL}?against=1.0.0&lang=en")
    assert asked.url.path == "/sign-in" and judged(asked.text).langs == ["en"]
    pages.staff = STAFF
    for path in (asked.url.params["next"], f"{DUAL}?against=1.0.0&version=1.1.0", f"{DUAL}?version=1.0.0", "/packs"):
        assert judged(visitor.get(path).text).langs == ["en"], path
    assert judged(visitor.get(f"{DUAL}?lang=zh").text).langs == ["zh-CN"]
    assert judged(visitor.get("/packs").text).langs == ["zh-CN"]


@pytest.mark.parametrize("path", [path for path in STAFF_PAGES if path != "/style-guide"])
def test_who_may_not_read_is_told_so(path: str) -> None:
    assert client(proofs=TableProofs(is_forbidden=True)).get(path).status_code == 403


def test_anybody_verifies_without_signing_in() -> None:
    stranger = client(TablePages(staff=None))
    page = stranger.get("/verify")
    assert page.status_code == 200 and "jl-verify" in page.text
    assert stranger.get("/verify/trust.json").json()["format"] == "jianlu/trust/v1"
    assert stranger.get("/verify/verifier.pyz").content == b"PK"


def test_the_page_names_everything_that_it_loads_and_nothing_from_elsewhere() -> None:
    text = client().get("/verify").text
    for name in ("verify.worker.js", "pyodide"):
        assert f'="{asset_url(name)}"' in text
    assert [file for file in judged(text).files if not file.startswith("/static/")] == []
    assert "pyodide" not in client().get("/cases").text, "Python is loaded by the verification page alone"


def test_only_the_worker_of_the_verification_may_run_webassembly() -> None:
    pages = client()
    worker = pages.get(asset_url("verify.worker.js"))
    policy = worker.headers["content-security-policy"]
    assert "'wasm-unsafe-eval'" in policy and "'unsafe-eval'" not in policy and "default-src 'none'" in policy
    assert "wasm" not in CONTENT_SECURITY_POLICY
    for name in ("console.js", "verify.js", "live.js", "frames.worker.js"):
        assert "content-security-policy" not in pages.get(asset_url(name)).headers


def test_python_travels_packed_and_with_its_type() -> None:
    pages = client()
    at = f"{asset_url('pyodide')}pyodide.asm.wasm"
    packed = pages.get(at, headers={"accept-encoding": "gzip"})
    plain = pages.get(at, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["content-type"] == "application/wasm"
    assert packed.content == plain.content == (BUILT / at.removeprefix("/static/")).read_bytes()
    assert "immutable" in packed.headers["cache-control"]
    assert gzip.decompress((BUILT / f"{at.removeprefix('/static/')}.gz").read_bytes()) == plain.content


def test_the_ledgers_page_is_given_the_published_keys_alone() -> None:
    text = client().get("/ledger").text
    found = re.search(r'data-ledger="([^"]*)"', text)
    assert found is not None
    assert json.loads(unescape(found[1])) == {"keys": [{"origin": KEY.name, "vkey": KEY.text}]}


def test_the_ledgers_page_says_who_stamped_it_or_that_time_is_not_evidenced() -> None:
    assert "未配置时间戳机构" in client().get("/ledger").text
    row = {"kind": "stamp", "size": 7, "at": "2026-11-26T09:00:00.000Z", "checked": True, "problem": ""}
    rows: list[Json] = [
        {**row, "who": "alpha"},
        {**row, "who": "beta"},
        {**row, "who": "gamma", "checked": False, "problem": "x", "at": None},
    ]
    text = client(proofs=TableProofs(rows=rows)).get("/ledger").text
    assert "已由 2 家机构盖时间戳" in text and "不成立" in text
    judged(text)


def test_a_plan_leads_to_the_clauses_of_its_packs() -> None:
    pages = client()
    links = {link for link in judged(pages.get(f"/cases/{CASE}/plan").text).links if link.startswith(f"{DUAL}#")}
    ids = set(judged(pages.get(DUAL).text).ids)
    assert len(links) > 10
    assert {link.partition("#")[2] for link in links} - ids == set()


def test_a_pack_shows_what_changed_and_lists_its_versions() -> None:
    changed = client().get(f"{DUAL}?against=1.0.0").text
    assert "CN-IN-7" in changed and "<ins>" in changed and "CN-IN-4" not in changed
    assert client().get(f"{DUAL}?against=9.9.9").status_code == 404
    assert "这是以前的版本" in client().get(f"{DUAL}?version=1.0.0").text


def test_the_style_guide_shows_both_themes_from_the_very_tokens() -> None:
    text = client().get("/style-guide").text
    assert 'data-theme="light"' in text and 'data-theme="dark"' in text
    sheet = (BUILT / asset_url("themes.css").removeprefix("/static/")).read_text(encoding="utf-8")
    tokens = (BUILT.parents[4] / "../web/src/css/tokens.css").resolve().read_text(encoding="utf-8")
    for name in ("--paper", "--azurite", "--cinnabar"):
        light, dark = re.findall(rf"{name}: (#\w+);", tokens)
        assert sheet.count(f"{name}: {light}") == 2 and sheet.count(f"{name}: {dark}") == 1
