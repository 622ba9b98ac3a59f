"""End-to-end encrypted calls in real browsers: the media process forwards what it cannot read, the recorder is an admitted member.

Survives: somebody who leaves (the next secret is not for them), a start without the recorder (refused, on the record), a link without
the secret or with another one (shown, handed over), and a page that changes to a secret which the recorder lacks (alarm, declared gap,
stopped by the scene's rule).
"""

from __future__ import annotations

import base64
import json
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, Request

from jianlu.capture.recording.live.room_key import sender_key
from jianlu.capture.recording.live.sframe import FrameOpener
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.event import Event, parse_event
from jianlu.core.formats.package import EVENTS, MEDIA
from jianlu.core.terms.events import EventType
from jianlu.entry.live_demo import SALE
from jianlu.verify.check import check_package
from tests.e2e.encrypted.forwarded import decoded, likeness, tapped_frames
from tests.e2e.encrypted.memory import has_in_memory
from tests.fakes.live.stage import decoded as decoded_times
from tests.fakes.pages.calls import RED, colour_of, is_like, live, plain_picture, ready
from tests.fakes.pages.visitors import Console, become, shown

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

SEALED_SALE: dict[str, Any] = {**SALE, "end_to_end": True}
SEALED_MS = 6_000


def test_an_encrypted_call_is_recorded_by_an_admitted_recorder_and_read_by_nobody_else(console: Console, tmp_path: Path) -> None:
    said: list[str] = []
    case = console.new_case("sealed-1", SEALED_SALE)
    agent = listened(console.signed_in(console.page()), said)
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    link = invited(agent)
    secret = link.partition("~")[2]
    customer = joined(listened(console.page(is_phone=True), said), link)
    is_refused_without_the_recorder(console, agent, case)
    admits(console, agent, customer, case)
    live(console, agent, customer, case)
    sees(agent, "jl-cockpit", "customer")
    sees(customer, "jl-room", "agent")
    reads_only_with_the_secret(console, case, unwritten(secret))
    never_came_to_the_server(console, said, secret)
    is_looked_into = is_in_no_memory_but_the_recorders(console, secret)
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] >= SEALED_MS, "three segments are sealed")
    comes_back(console, agent, customer, case)
    goes_dark(console, customer, case)
    is_delivered(console, case, tmp_path)
    assert console.complaints == []
    if not is_looked_into:
        pytest.skip("the kernel does not let this user look into the memory of processes; all the rest was proved")


def test_whoever_comes_without_the_secret_or_with_another_one_is_seen_to_and_is_handed_it_by_the_agent(console: Console) -> None:
    case, agent = with_a_guardian(console, "sealed-2")
    wrong = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    pages = {"customer": "", "guardian": f"~{wrong}"}
    opened = {seat: console.page(is_phone=True) for seat in pages}
    for seat, secret in pages.items():
        made = console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/invitations", {"seat": seat})
        opened[seat].goto(f"{made['url']}{secret}")
        opened[seat].wait_for_url("**/room/**")
        opened[seat].get_by_role("button", name="允许摄像头并检测设备").click()
        shown(opened[seat], ".devicetest video")
        opened[seat].get_by_role("button", name="没有摄像头").click()
        shown(opened[seat], ".preview-note")
        opened[seat].click(".devicetest button.main")
    shown(opened["customer"], ".e2ee[data-lock=waiting]")
    assert opened["customer"].evaluate("document.querySelector('jl-room').media.publisher") is None, (
        "nothing is sent without a secret"
    )
    gates = become(
        lambda: sorted(each["about"] for each in console.view(case)["gates"] if each["code"] == "key_missing"), "it is said"
    )
    assert gates == ["customer", "guardian"]
    for seat in pages:
        agent.click(f"[data-key=e2ee-{seat}]")
    opened["guardian"].click("[data-key=e2ee-take]")
    for seat in pages:
        shown(agent, f"[data-member={seat}][data-state=admitted] .badge.good")
        agrees_and_sends(agent, opened[seat], seat)
    assert console.complaints == []


@pytest.mark.thorough
def test_who_left_is_not_given_the_next_secret_and_the_call_goes_on_under_it_with_what_is_shared(
    console: Console, tmp_path: Path
) -> None:
    case, agent = with_a_guardian(console, "sealed-3")
    link = invited(agent)
    customer = joined(console.page(is_phone=True), link)
    made = console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/invitations", {"seat": "guardian"})
    guardian = joined(console.page(is_phone=True), f"{made['url']}~{link.partition('~')[2]}")
    admits(console, agent, customer, case)
    live(console, agent, customer, case)
    shares(console, agent, customer, case)
    before, code = console.view(case)["encryption"]["secret"], code_of(agent)
    left = guardian.evaluate(
        "async (path) => (await fetch(path, { method: 'DELETE', headers: { 'X-Jianlu': '1', 'X-Jianlu-As': 'seat:guardian' } })).status",
        f"/api/v1/cases/{case}/seat",
    )
    assert left == 200
    become(lambda: console.view(case)["encryption"]["secret"] not in ("", before), "there is another secret")
    become(lambda: code_of(agent) == code_of(customer) not in ("", code), "who stayed has it, without a click")
    assert newest(agent, case) == newest(customer, case) != newest(guardian, case)
    for page, tag, feed in ((agent, "jl-cockpit", "customer"), (customer, "jl-room", "agent")):
        goes_on(page, tag, feed)
    stays = ("agent", "agent-picture", "agent-screen", "customer", "customer-picture")
    become(lambda: not states(console, case, stays) & {"starting", "lost", "undecryptable"}, "all of them are recorded")
    until_ms = console.view(case)["recording"]["recorded_until_ms"] + SEALED_MS
    become(lambda: console.view(case)["recording"]["recorded_until_ms"] >= until_ms, "three more segments are sealed")
    assert is_like(colour_of(customer, "[data-feed=agent-screen] video"), RED)
    call_ends_whole(console, case, tmp_path)
    assert console.complaints == []


def goes_on(page: Page, tag: str, feed: str) -> None:
    before = frames_decoded(page, tag, feed)
    become(lambda: frames_decoded(page, tag, feed) > before + 20, f"the picture of the {feed} goes on")


def newest(page: Page, case: str) -> str:
    """The secret that a page sends under."""
    kept = page.evaluate(
        """(ref) => Object.entries(localStorage).filter(([key]) => key.startsWith(`jianlu-room:${ref}:`)).map(([, value]) => value)""",
        case,
    )
    return str(json.loads(kept[0])["secrets"][-1])


def shares(console: Console, agent: Page, customer: Page, case: str) -> None:
    """The agent shares a document: seen at the customer's, and recorded by who holds the secret."""
    agent.get_by_role("button", name="文件", exact=True).click()
    agent.set_input_files("#share-file", FilePayload(name="document.png", mimeType="image/png", buffer=plain_picture(RED)))
    agent.locator("dialog button.main").click()
    become(lambda: is_like(colour_of(customer, "[data-feed=agent-screen] video"), RED), "the document is seen at the customer's")
    become(lambda: console.view(case)["recording"]["tracks"].get("agent-screen", {}).get("key_frames", 0) > 0, "it is recorded")


def call_ends_whole(console: Console, case: str, folder: Path) -> None:
    """The record names the guardian under the first secret and not under the next, which is the agent's act."""
    staff = console.home.as_staff("lin")
    staff.call("POST", f"/api/v1/cases/{case}/abandon", {"reason": "customer_left"})
    stage = become(lambda: ended(staff.call("GET", f"/api/v1/cases/{case}/progress")["jobs"]), "the package is made")
    assert stage == "done", console.home.log()[-4_000:]
    path = folder / "left.jlp"
    console.home.export("lin", case, path)
    result = check_package(path)
    assert result.is_intact, result.problems
    assert {name for name, _ in result.members} == {"agent", "customer", "guardian", "recorder-a"}
    rosters = [event.body for event in events_of(path) if event.type is EventType.ENCRYPTION_SET]
    assert [name for name, _ in rosters[0]["members"]] == ["agent", "customer", "guardian", "recorder-a"]
    last = rosters[-1]
    assert ([name for name, _ in last["members"]], last["by"]) == (["agent", "customer", "recorder-a"], "agent")
    assert last["secret"] != rosters[0]["secret"]


def agrees_and_sends(agent: Page, page: Page, seat: str) -> None:
    become(lambda: code_of(page) == code_of(agent) != "", f"the {seat} reads the same code")
    become(lambda: page.locator(".ownbar .badge.good").count() == 1, f"the {seat} sends")


def listened(page: Page, said: list[str]) -> Page:
    """The page; everything that it asks of the server is kept in `said`."""

    def keep(request: Request) -> None:
        said.append(f"{request.method} {request.url} {request.post_data or ''} {request.headers}")

    page.on("request", keep)
    return page


def with_a_guardian(console: Console, number: str) -> tuple[str, Page]:
    """An encrypted case with a seat for a guardian, and its agent's page, whose devices are tested."""
    people = {**SALE["people"], "guardian": {"name": "王先生"}}
    case = console.new_case(number, {**SEALED_SALE, "seats": ["guardian"], "people": people})
    agent = console.signed_in(console.page())
    agent.goto(f"{console.home.url}/cases/{case}")
    agent.get_by_role("button", name="开始检测").click()
    ready(agent, sample=True)
    return case, agent


def invited(agent: Page) -> str:
    """The customer's invitation as the agent's page shows it: the link, and the same in the QR code."""
    agent.click("[data-key=invite-customer]")
    shown(agent, "dialog.invite img.qr")
    link = str(agent.input_value("#invite-link"))
    assert "~" in link
    drawn = agent.evaluate(
        """async () => {
          const image = new Image();
          image.src = document.querySelector('dialog.invite img.qr').src;
          await image.decode();
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 900;
          const at = canvas.getContext('2d');
          at.fillStyle = 'white';
          at.fillRect(0, 0, 900, 900);
          at.drawImage(image, 0, 0, 900, 900);
          return canvas.toDataURL('image/png').split(',')[1];
        }"""
    )
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(drawn), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == link
    agent.get_by_role("button", name="完成").click()
    return link


def joined(customer: Page, link: str) -> Page:
    customer.goto(link)
    customer.wait_for_url("**/room/**")
    customer.get_by_role("button", name="允许摄像头并检测设备").click()
    ready(customer, sample=True)
    shown(customer, ".consent .decide")
    customer.get_by_role("button", name="同意", exact=True).click()
    return customer


def is_refused_without_the_recorder(console: Console, agent: Page, case: str) -> None:
    become(lambda: gates_of(console, case) == {("recorder_not_admitted", "a")}, "only the recorder is missing")
    assert agent.get_by_role("button", name="开始录制").is_disabled()
    with pytest.raises(InvalidError, match=r"409 .*recorder_not_admitted a"):
        console.home.as_staff("lin").call("POST", f"/api/v1/cases/{case}/start", {})
    assert console.view(case)["recording"]["state"] == "idle"


def gates_of(console: Console, case: str) -> set[tuple[str, str]]:
    return {(str(each["code"]), str(each["about"])) for each in console.view(case)["gates"]}


def admits(console: Console, agent: Page, customer: Page, case: str) -> None:
    """The agent lets the recorder in; both pages name it, and read the same code."""
    before = code_of(agent)
    agent.click("[data-key=e2ee-recorder-a]")
    for page in (agent, customer):
        shown(page, "[data-member=recorder-a][data-state=admitted]")
    become(lambda: code_of(agent) == code_of(customer) not in ("", before), "both pages show one code, and another than before")
    recorder = next(each for each in console.view(case)["encryption"]["members"] if each["member"] == "recorder-a")
    assert recorder["fingerprint"] in console.home.log(), "the recorder says its fingerprint where operators read it"
    assert recorder["fingerprint"][:4] in agent.inner_text("[data-member=recorder-a]")


def code_of(page: Page) -> str:
    found = page.locator(".e2ee-code")
    return found.inner_text() if found.count() else ""


def sees(page: Page, tag: str, feed: str) -> None:
    become(lambda: frames_decoded(page, tag, feed) > 10, f"the picture of the {feed} is decoded")


def frames_decoded(page: Page, tag: str, feed: str) -> int:
    return int(
        page.evaluate(
            """async ([tag, feed]) => {
              const pc = document.querySelector(tag).media.tiles.get(feed)?.watcher.pc;
              const stats = pc ? [...(await pc.getStats()).values()] : [];
              return stats.find((each) => each.type === 'inbound-rtp' && each.kind === 'video')?.framesDecoded ?? 0;
            }""",
            [tag, feed],
        )
    )


def reads_only_with_the_secret(console: Console, case: str, secret: bytes) -> None:
    """What the media process forwards is the encrypted picture; with the secret of the link, and no other, it is the plain one."""
    pictures, sounds = tapped_frames(console.home.home / "run" / "tap-0.sock", case, "customer")
    openers = {kind: FrameOpener([sender_key(secret, case, "customer", kind)]) for kind in ("video", "audio")}
    plain = [openers["video"].open("vp8", frame) for frame in pictures]
    seen = decoded(plain)
    assert len(seen) > 5 and max(picture.std() for picture in seen) > 2, "with the secret there is a picture"
    assert all(likeness(one, other) < 0.5 for one, other in zip(decoded(pictures), seen, strict=False)), (
        "without it there is none"
    )
    assert all(frame[10:] not in sealed for frame, sealed in zip(plain, pictures, strict=True))
    assert {len(openers["audio"].open("opus", sound)) > 0 for sound in sounds} == {True}
    for base_key in (sender_key(bytes(32), case, "customer", "video"), sender_key(secret, case, "agent", "video")):
        with pytest.raises(IntegrityError):
            FrameOpener([base_key]).open("vp8", pictures[0])


def never_came_to_the_server(console: Console, said: list[str], secret: str) -> None:
    """Neither in a request nor in a file of the home."""
    assert len(said) > 20
    assert [each for each in said if secret in each] == []
    forms = forms_of(secret)
    files = [path for path in console.home.home.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if any(form in path.read_bytes() for form in forms)] == []


def is_in_no_memory_but_the_recorders(console: Console, secret: str) -> bool:
    """Not in that of web and media; the recorder, which is a member, has it. False where the kernel lets nobody look."""
    forms, children = forms_of(secret), console.home.children()
    try:
        assert has_in_memory(children["recorder-a"], forms[0]), "where it must be, it is found"
        outside = [number for name, number in children.items() if name.partition("-")[0] in ("web", "media")]
        assert len(outside) == 2
        assert not any(has_in_memory(number, form) for number in outside for form in forms)
    except PermissionError:
        return False
    return True


def forms_of(secret: str) -> tuple[bytes, ...]:
    """How a secret may be written: its bytes, as the link has them, in hexadecimal."""
    return unwritten(secret), secret.encode(), unwritten(secret).hex().encode()


def comes_back(console: Console, agent: Page, customer: Page, case: str) -> None:
    """The customer's page is loaded again: it has kept its keys, takes a new key for its streams, and is seen and recorded as before."""
    before = frames_decoded(agent, "jl-cockpit", "customer")
    customer.reload()
    become(lambda: customer.locator(".ownbar .badge.good").count() == 1, "the page sends again by itself")
    sees(customer, "jl-room", "agent")
    become(lambda: frames_decoded(agent, "jl-cockpit", "customer") > before + 20, "the agent sees the customer again")
    become(lambda: not states(console, case) & {"starting", "lost", "undecryptable"}, "all of it is recorded")
    assert code_of(agent) == code_of(customer) != ""


def states(console: Console, case: str, tracks: Sequence[str] = ()) -> set[str]:
    """Of these tracks, or of all."""
    seen = console.view(case)["recording"]["tracks"]
    return {str(seen[name]["state"]) for name in tracks or seen}


def goes_dark(console: Console, customer: Page, case: str) -> None:
    """The customer's page changes to a secret that nobody else has: seen at once, and the talk is stopped by the scene's rule."""
    customer.evaluate("document.querySelector('jl-room').encryption.take(crypto.getRandomValues(new Uint8Array(32)))")

    def tracks() -> set[str]:
        return {name for name, each in console.view(case)["recording"]["tracks"].items() if each["state"] == "undecryptable"}

    become(lambda: tracks() >= {"customer", "customer-picture"}, "the recorder says that it cannot read the customer")
    become(lambda: console.view(case)["health"]["level"] == "red", "the session is not healthy")
    become(lambda: console.view(case)["state"] in ("halted", "sealed"), "the talk is stopped")
    shown(customer, "jl-room[data-phase=over] h1")
    assert console.view(case)["reason"] == "halted"


def is_delivered(console: Console, case: str, folder: Path) -> None:
    """The package is intact, says that the call was encrypted and for whom, decodes, and declares what could not be read."""
    staff = console.home.as_staff("lin")
    stage = become(lambda: ended(staff.call("GET", f"/api/v1/cases/{case}/progress")["jobs"]), "the package is made")
    assert stage == "done", console.home.log()[-4_000:]
    path = folder / "sealed.jlp"
    console.home.export("lin", case, path)
    result = check_package(path)
    assert result.is_intact, result.problems
    assert {name for name, _ in result.members} == {"agent", "customer", "recorder-a"}
    assert {gap.side for gap in result.gaps if gap.reason == "undecryptable"} & {"customer", "customer-picture"}
    events = events_of(path)
    checks = [event.body["checks"] for event in events if event.type is EventType.PREFLIGHT_RECORDED]
    assert [["key", "failed"]] in checks, "the refused start is on the record"
    rosters = [event.body for event in events if event.type is EventType.ENCRYPTION_SET]
    assert [name for name, _ in rosters[0]["members"]] == ["agent", "customer", "recorder-a"]
    assert rosters[0]["secret"] == console.view(case)["encryption"]["secret"] or len(rosters) > 1
    with zipfile.ZipFile(path) as archive:
        assert "端到端加密" in archive.read("report/report.zh.html").decode()
        media = archive.read(MEDIA)
    frames = {name: len(times) for name, times in decoded_times(media).items()}
    assert sum(count > 100 for name, count in frames.items() if name.startswith("audio")) == 2, frames
    assert sum(count > 20 for name, count in frames.items() if name.startswith("video")) == 2, frames


def events_of(package: Path) -> tuple[Event, ...]:
    with zipfile.ZipFile(package) as archive:
        content = archive.read(EVENTS)
    found = []
    while content:
        size = int.from_bytes(content[:2])
        found.append(parse_event(content[2 : 2 + size]))
        content = content[2 + size :]
    return tuple(found)


def ended(jobs: dict[str, Any]) -> str:
    return str(jobs["stage"]) if jobs["stage"] in ("done", "failed") else ""


def unwritten(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")
