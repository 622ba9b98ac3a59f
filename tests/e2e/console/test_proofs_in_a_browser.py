"""Proofs in a real browser: the ledger proves itself and shows a rollback red; a stranger verifies a package without uploading it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route

from jianlu.core.terms.digests import digest_of
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.verify.check import check_package
from jianlu.verify.trust import parse_trust
from tests.e2e.sabotage.forge import flip
from tests.fakes.pages.accessible import defects, small_targets
from tests.fakes.pages.visitors import Console, become, shown
from tests.fakes.quiet_home import Sealed, make_sealed
from tests.fakes.vault.ended import stamped_certificate

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

DUAL = "/packs/cn-insurance-dual-recording"
READY = 'jl-verify [data-state="ready"]'


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("small"))


def ledger_page(console: Console) -> Page:
    page = console.signed_in(console.page(), "xu")
    page.goto(f"{console.home.url}/ledger")
    shown(page, 'jl-ledger [data-state="good"]')
    return page


def state_of(page: Page) -> str:
    return page.inner_text("jl-ledger [data-state] h3")


def test_the_ledger_proves_an_entry_and_that_it_only_grew_since(console: Console) -> None:
    console.new_case("ledger-1")
    page = ledger_page(console)
    assert "第一次看到" in state_of(page)
    shown(page, "jl-ledger tbody tr")
    page.fill("#entry", "0")
    page.keyboard.press("Enter")
    shown(page, '[data-proved="0"]')
    assert '"type": "' in page.inner_text(".entry-text") and '"n": ' in page.inner_text(".entry-text")
    console.new_case("ledger-2")
    become(lambda: page.reload() and page.wait_for_selector('[data-state="good"]') and "只有追加" in state_of(page), "it grew")
    assert console.complaints == []


def test_an_entry_without_a_number_of_its_own_is_refused_in_words(console: Console) -> None:
    page = ledger_page(console)
    page.fill("#entry", "999999999")
    page.keyboard.press("Enter")
    shown(page, "jl-ledger .wrong")
    assert "没有这一项" in page.inner_text("jl-ledger .wrong")


def test_a_ledger_that_was_rolled_back_is_red(console: Console) -> None:
    console.new_case("rolled-1")
    folder = console.home.home / "ledger"
    before = (folder / "checkpoint").read_bytes()
    console.new_case("rolled-2")
    become(lambda: (folder / "checkpoint").read_bytes() != before, "the ledger grew")
    page = ledger_page(console)
    page.route("**/ledger/checkpoint", lambda route: route.fulfill(body=before, content_type="text/plain"))
    page.reload()
    shown(page, 'jl-ledger [data-state="bad"]')
    assert "回滚" in state_of(page)
    assert "通知审计管理员" in page.inner_text("jl-ledger [data-state=bad]")


def test_a_tile_that_was_altered_is_red(console: Console) -> None:
    console.new_case("altered-1")
    page = console.signed_in(console.page(), "xu")

    def alter(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        body[0] ^= 1
        route.fulfill(response=answer, body=bytes(body))

    page.route(re.compile(r"/ledger/tile/0/"), alter)
    page.goto(f"{console.home.url}/ledger")
    shown(page, 'jl-ledger [data-state="bad"]')
    assert "被改动" in state_of(page)


def test_a_ledger_that_cannot_be_read_is_no_verdict(console: Console) -> None:
    page = console.signed_in(console.page(), "xu")
    page.route("**/ledger/checkpoint", lambda route: route.abort())
    page.goto(f"{console.home.url}/ledger")
    shown(page, 'jl-ledger [data-state="care"]')
    assert "没有得出任何结论" in page.inner_text("jl-ledger [data-state=care]")


def verification(console: Console, sent: list[Request], *, lang: str = "zh-CN") -> Page:
    """The page of a stranger, ready, and then cut off from the network; what it asked for is in `sent`."""
    page = console.page(lang=lang)

    def note(request: Request) -> None:
        sent.append(request)

    page.context.on("request", note)
    page.goto(f"{console.home.url}/verify")
    page.wait_for_selector(READY, timeout=300_000)
    return page


def test_a_stranger_verifies_offline_and_nothing_is_uploaded(console: Console, sealed: Sealed, tmp_path: Path) -> None:
    sent: list[Request] = []
    page = verification(console, sent)
    assert digest_of(verifier_bytes()) in page.inner_text(READY)
    page.context.set_offline(True)
    sent.clear()
    page.set_input_files("#package", sealed.package)
    page.set_input_files("#trust", sealed.home / "trust.json")
    page.get_by_role("button", name="开始验证").click()
    page.wait_for_selector('jl-verify [data-exit="10"]', timeout=120_000)
    text = page.inner_text("jl-verify")
    assert "签名方在您提供的信任文件中" in text and "未能证明" in text and "没有查的" in text
    forged = flip(sealed.package, tmp_path / "forged.jlp", "media/session.mp4")
    page.set_input_files("#package", forged)
    page.get_by_role("button", name="开始验证").click()
    page.wait_for_selector('jl-verify [data-exit="90"]', timeout=120_000)
    assert "media/session.mp4" in page.inner_text("jl-verify")
    _verify_a_certificate(page, tmp_path)
    assert sent == [], "once it is ready the page asks nobody for anything"
    assert console.complaints == []


def _verify_a_certificate(page: Page, folder: Path) -> None:
    """A certificate of destruction and the trust file of its house, dropped together, and then one that was altered."""
    content, trust = stamped_certificate(folder)
    _drop(page, {"case.destroyed.json": content, "house-trust.json": trust})
    page.get_by_role("button", name="开始验证").click()
    page.wait_for_selector('jl-verify [data-exit="0"]', timeout=120_000)
    assert page.inner_text('jl-verify [data-time="evidenced"] li b') == "alpha"
    text = page.inner_text("jl-verify")
    assert defects(page, "/verify") == []
    assert "销毁证明成立" in text and "签名已核验" in text and "2020-06-30" in text and "是否有人此前自行留存" in text
    _drop(page, {"case.destroyed.json": content.replace(b"2020-06-30", b"2020-06-29")})
    page.get_by_role("button", name="开始验证").click()
    page.wait_for_selector('jl-verify [data-exit="90"]', timeout=120_000)
    assert "销毁证明不成立" in page.inner_text("jl-verify") and page.locator("jl-verify [data-time]").count() == 0


def _drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop `files` on the page as a person does, and wait until it knows the last one."""
    dropped = page.evaluate_handle(
        """(files) => {
            const all = new DataTransfer();
            for (const [name, text] of files) all.items.add(new File([text], name));
            return all;
        }""",
        [(name, content.decode()) for name, content in files.items()],
    )
    page.dispatch_event("jl-verify", "drop", {"dataTransfer": dropped})
    page.wait_for_selector(f'jl-verify .drop-name:has-text("{next(iter(files))}")')
    for name in list(files)[1:]:
        page.wait_for_selector(f'jl-verify [role=status]:has-text("{name}")')


def test_what_the_page_says_is_what_the_verifier_says_elsewhere(console: Console, sealed: Sealed, tmp_path: Path) -> None:
    sent: list[Request] = []
    page = verification(console, sent, lang="en-GB")
    assert [request.url for request in sent if not request.url.startswith(console.home.url) or request.method != "GET"] == []
    page.set_input_files("#package", sealed.package)
    page.set_input_files("#trust", sealed.home / "trust.json")
    page.get_by_role("button", name="Verify", exact=True).click()
    page.wait_for_selector('jl-verify [data-exit="10"]', timeout=120_000)
    with page.expect_download() as kept:
        page.get_by_role("button", name="Save the result").click()
    kept.value.save_as(tmp_path / "result.json")
    result = check_package(sealed.package, trust=parse_trust((sealed.home / "trust.json").read_bytes()))
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == result.as_document()


def test_a_file_that_is_no_trust_file_is_refused_in_words(console: Console, sealed: Sealed) -> None:
    page = verification(console, [])
    page.set_input_files("#package", sealed.package)
    page.set_input_files("#trust", sealed.case)
    page.get_by_role("button", name="开始验证").click()
    shown(page, "jl-verify .says.bad")
    assert "无法开始" in page.inner_text("jl-verify .says.bad")


def test_webassembly_runs_in_that_worker_and_on_no_page(console: Console) -> None:
    page = verification(console, [])
    # The eight bytes of an empty module.
    runs = "WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).then(() => 'runs', () => 'refused')"
    assert page.evaluate(runs) == "refused"


@pytest.mark.parametrize("lang", ["zh-CN", pytest.param("en-GB", marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    ("is_phone", "look"),
    [
        pytest.param(False, "light", id="desk-light"),
        pytest.param(True, "dark", id="phone-dark", marks=pytest.mark.thorough),
        pytest.param(True, "light", id="phone-light", marks=pytest.mark.thorough),
        pytest.param(False, "dark", id="desk-dark", marks=pytest.mark.thorough),
    ],
)
def test_the_pages_fit_and_have_no_defect_for_those_who_see_hear_or_point_less_well(
    console: Console, lang: str, look: str, is_phone: bool, tmp_path: Path
) -> None:
    page = console.page(is_phone=is_phone, lang=lang)
    page.emulate_media(color_scheme="dark" if look == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{console.home.url}/verify")
    shown(page, "jl-verify button")
    found = _looked(page, "/verify", tmp_path)
    case = console.new_case(f"fit-{lang}-{look}-{is_phone}")
    console.signed_in(page, "xu")
    for path, ready in {
        "/ledger": "jl-ledger tbody tr",
        "/packs": "main table",
        DUAL: ".clause",
        f"{DUAL}?against=1.0.0": ".changes",
        f"/cases/{case}/plan": ".demands",
        "/style-guide": ".guide",
    }.items():
        page.goto(console.home.url + path)
        shown(page, ready)
        found += _looked(page, path, tmp_path)
        found += small_targets(page, path) if is_phone and path != "/style-guide" else []
    assert found == []
    assert console.complaints == []


def _looked(page: Page, path: str, folder: Path) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.screenshot(path=folder / f"{re.sub(r'[^a-z0-9]+', '-', path)}.png", full_page=True)
    return [*defects(page, path), *([f"{path} is {wide} px too wide"] if wide > 0 else [])]


def test_the_ledger_and_a_pack_are_used_by_the_keyboard_alone(console: Console) -> None:
    page = ledger_page(console)
    shown(page, "jl-ledger tbody tr")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody') !== null"):
            break
    page.keyboard.press("Enter")
    shown(page, "[data-proved]")
    page.goto(f"{console.home.url}{DUAL}")
    page.focus("#against")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**against=1.0.0**")
    shown(page, ".changes")
    assert "CN-IN-7" in page.inner_text(".changes")
