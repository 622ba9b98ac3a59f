"""Whole sessions over bad networks: agent and customer in namespaces of their own, each behind a wire that loses, delays and is cut.

Survived: five and sixty seconds without a packet on either side, one packet in twenty lost at 150 ms from one person to the other, a
tab that is loaded anew or closed and opened again. The package says of each which second, which side and why.
"""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import av
import pytest
from playwright.sync_api import Browser

from jianlu.core.formats.package import MEDIA
from tests.e2e.live.far_tabs import REACHED_FROM_AFAR, FarCall, count, far_browsers, far_call
from tests.e2e.live.machine import first_in_line
from tests.e2e.live.packages import Delivered, delivered
from tests.e2e.live.two_tabs import LOOKS, WAIT_MS, come_back, played, see_each_other
from tests.fakes.browsers import browsers
from tests.fakes.eventually import eventually
from tests.fakes.running_home import RunningHome, approve_scripts, running_home
from tests.fakes.wire import Host, hosts, why_not

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_program("chromium", "ip"),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "wires can be made"),
    pytest.mark.timeout(900),
]
SHORT_MS, LONG_MS, LOSSY_MS, NOTICED_MS = 5_000, 60_000, 15_000, 5_000
EDGE_MS = 2_000
"""How much later than the cut a hole may begin: what was under way still arrives, and the wire is shaped a moment before it is noted."""

UNDER_WAY_MS = 1_000
"""What was said last on the bad line is still being asked for again when the next fault begins."""

CONCEALED_MAX = 0.03
"""Of the sound that a viewer hears, 5 s after the line turned bad: a tenth is made up without NACK, a thirtieth without waiting."""

MISSING_MAX = 0.005
"""Of the sound that is sealed: what was lost twice, and its retransmission too."""

PACKETS_MS = 100
"""Sound begins and ends so close to the ends of a stretch of it: a few packets of 20 ms."""

ACCOUNT = {
    "template": "account-opening",
    "title": "个人账户开户",
    "facts": {"case.place": "CN-31", "case.institution": "建安银行", "customer.age": 40, "session.biometrics": ["face"]},
}
"""A session that its scene pauses while the recording is not healthy."""


@pytest.fixture(scope="module")
def wires() -> Iterator[dict[str, Host]]:
    with first_in_line(), hosts("agent", "customer") as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, wires: dict[str, Host]) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("far")) / "home", replaced=REACHED_FROM_AFAR) as running:
        approve_scripts(running)
        yield running


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, wires: dict[str, Host]) -> Iterator[dict[str, Browser]]:
    with browsers() as playwright, far_browsers(playwright, Path(tmp_path_factory.mktemp("chromium")), wires) as made:
        yield made


@dataclass(frozen=True)
class Trouble:
    """What happened on one side, from when to when in session time."""

    side: str
    from_ms: int
    to_ms: int


@pytest.mark.thorough
def test_a_sale_lives_through_short_faults_and_is_halted_by_a_long_one(
    home: RunningHome, opened: dict[str, Browser], wires: dict[str, Host], tmp_path: Path
) -> None:
    call = far_call(home, opened, "far-1")
    lossy = _lossy(call, wires)
    troubles = [_short_cut(call, wires, side) for side in ("customer", "agent")]
    troubles += [_loaded_anew(call), _closed_and_opened(call)]
    cut_ms = call.now_ms
    wires["customer"].shape(is_cut=True)
    eventually(lambda: call.view["state"] == "halted", "the scene's rule ends the sale", looks=LOOKS)
    call.tabs.agent.wait_for_selector("jl-outcome", timeout=WAIT_MS)
    eventually(lambda: call.now_ms >= cut_ms + LONG_MS, "the cut goes on", looks=LOOKS)
    wires["customer"].shape()
    call.tabs.customer.wait_for_selector("jl-room[data-phase=over]", timeout=WAIT_MS)
    package = delivered(home, call.tabs.case, tmp_path)
    assert package.said["intact"] is True, package.said["problems"]
    assert package.said["complete"] is False
    _is_continuous(package, lossy)
    for trouble in troubles:
        _is_declared(package, trouble)
    ended = package.bodies("session:talk:ended")
    assert [(body["reason"], body["by"]) for body in ended] == [("halted", "watchdog")]
    _is_declared(package, Trouble("customer", cut_ms, ended[0]["at_ms"] - EDGE_MS))


@pytest.mark.thorough
def test_a_cut_of_a_minute_on_the_agents_side_pauses_a_session_that_may_pause_and_it_goes_on(
    home: RunningHome, opened: dict[str, Browser], wires: dict[str, Host], tmp_path: Path
) -> None:
    call = far_call(home, opened, "far-2", **ACCOUNT)
    wires["agent"].shape(is_cut=True)
    begin = call.now_ms
    eventually(lambda: call.view["state"] == "paused", "the scene's rule pauses it", looks=LOOKS)
    seen = played(call.tabs.customer)
    _, until = call.pass_by(max(0, LONG_MS - (call.now_ms - begin)))
    assert played(call.tabs.customer) <= seen + 1
    wires["agent"].shape()
    call.is_back("agent")
    eventually(lambda: call.view["state"] == "live", "it goes on by itself", looks=LOOKS)
    see_each_other(call.tabs)
    home.as_staff("lin").call("POST", f"/api/v1/cases/{call.tabs.case}/abandon", {"reason": "technical"})
    package = delivered(home, call.tabs.case, tmp_path)
    assert package.said["intact"] is True, package.said["problems"]
    _is_declared(package, Trouble("agent", begin, until))
    (paused,), (resumed,) = package.bodies("session:recording:paused"), package.bodies("session:recording:resumed")
    assert (paused["reason"], paused["by"]) == ("unhealthy", "watchdog")
    assert begin < paused["at_ms"] < until < resumed["at_ms"]


def _short_cut(call: FarCall, wires: dict[str, Host], side: str) -> Trouble:
    trouble = Trouble(side, *call.cut(wires[side], SHORT_MS))
    _goes_on(call, side)
    return trouble


def _loaded_anew(call: FarCall) -> Trouble:
    """The agent presses reload: the page finds the devices and the session again by itself."""
    begin = call.now_ms
    call.tabs.agent.reload()
    _goes_on(call, "agent")
    return Trouble("agent", begin, begin)


def _closed_and_opened(call: FarCall) -> Trouble:
    """The customer closes the tab and opens the same address again, in another tab of the same phone."""
    begin, tabs = call.now_ms, call.tabs
    address, context = tabs.customer.url, tabs.customer.context
    tabs.customer.close()
    eventually(lambda: call.seat("customer") == "away", "the customer is away", looks=LOOKS)
    tabs.customer = context.new_page()
    tabs.customer.goto(address)
    come_back(tabs)
    until = call.now_ms
    _goes_on(call, "customer")
    return Trouble("customer", begin, until)


def _goes_on(call: FarCall, side: str) -> None:
    call.is_back(side)
    see_each_other(call.tabs)
    assert call.view["state"] == "live"


def _lossy(call: FarCall, wires: dict[str, Host]) -> tuple[int, int]:
    """One packet in twenty lost on each wire, both ways, and 150 ms from one person to the other: the sound is sent again and heard."""
    for host in wires.values():
        host.shape(loss_percent=5, delay_ms=75)
    begin, _ = call.pass_by(NOTICED_MS)
    before = [count(page) for page in call.tabs.pages]
    _, until = call.pass_by(LOSSY_MS)
    after = [count(page) for page in call.tabs.pages]
    for host in wires.values():
        host.shape()
    for was, now in zip(before, after, strict=True):
        assert now["resent"] > was["resent"], "Opus is not sent again"
        concealed = (now["concealed"] - was["concealed"]) / (now["heard"] - was["heard"])
        print(f"concealed {concealed:.4f} of the sound, {now['resent'] - was['resent']} packets sent again")
        assert concealed < CONCEALED_MAX, (was, now)
    return begin, until - UNDER_WAY_MS


def _is_declared(package: Delivered, trouble: Trouble) -> None:
    """The side's picture has a hole that covers the trouble, because of the connection, its sound one in it, the other side none.

    Of the sound a part may have come after all: the room asked for it again when the wire was whole.
    """
    picture = _holes(package, f"{trouble.side}-picture", trouble)
    assert any(
        gap["from_ms"] <= trouble.from_ms + EDGE_MS
        and gap["to_ms"] >= trouble.to_ms - EDGE_MS
        and gap["reason"] == "connection_lost"
        for gap in picture
    ), f"{trouble}: {package.gaps}"
    sound = {gap["reason"] for gap in _holes(package, trouble.side, trouble)}
    assert sound & {"connection_lost", "packets_lost"}, f"{trouble}: {package.gaps}"
    other = "agent" if trouble.side == "customer" else "customer"
    blamed = [gap for side in (other, f"{other}-picture", "source") for gap in _holes(package, side, trouble)]
    assert "connection_lost" not in {gap["reason"] for gap in blamed}, f"{trouble}: {package.gaps}"


def _holes(package: Delivered, side: str, trouble: Trouble) -> list[dict[str, Any]]:
    return [gap for gap in package.gaps if gap["side"] == side and _meets(gap, trouble.from_ms, trouble.to_ms + EDGE_MS)]


def _is_continuous(package: Delivered, stretch: tuple[int, int]) -> None:
    """Nobody's sound has a hole in the stretch: none is declared, and hardly a packet of it is missing in the recording."""
    assert not [gap for gap in package.gaps if gap["side"] in ("agent", "customer", "source") and _meets(gap, *stretch)]
    with zipfile.ZipFile(package.path) as archive, archive.open(MEDIA) as media:
        spans = _sounds(media)
    assert len(spans) == 2, "the sound of both is in the recording"
    for heard in spans:
        within = [(low, high) for low, high in heard if stretch[0] <= low and high <= stretch[1]]
        assert within and within[0][0] - stretch[0] < PACKETS_MS and stretch[1] - within[-1][1] < PACKETS_MS, (
            "sound from end to end"
        )
        missing = sum(max(0.0, later - end) for (_, end), (later, _) in itertools.pairwise(within))
        assert missing < MISSING_MAX * (stretch[1] - stretch[0]), missing


def _sounds(media: IO[bytes]) -> list[list[tuple[float, float]]]:
    """Of every sound track, from when to when each of its packets is heard, in ms."""
    with av.open(media, "r") as container:
        found: dict[int, list[tuple[float, float]]] = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux(*container.streams.audio):
            if packet.pts is not None and packet.time_base is not None:
                begin = float(packet.pts * packet.time_base * 1000)
                found[packet.stream.index].append((begin, begin + float((packet.duration or 0) * packet.time_base * 1000)))
    return list(found.values())


def _meets(gap: dict[str, Any], from_ms: int, to_ms: int) -> bool:
    return bool(gap["from_ms"] < to_ms and from_ms < gap["to_ms"])
