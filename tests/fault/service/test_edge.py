"""The line between a centre and the edge that records is cut during a call: the edge records on, delivers later, and nothing is lost.

Two homes and processes of their own, as an edge is installed: media and recorder at the edge, web and worker in the centre, their sockets
carried over a line that the test cuts: for longer than a media process elsewhere forwards for a caller that is gone. Twenty-five
seconds stand for ten minutes (the recorder alone is held to ten by its unit tests); `JIANLU_TEST_CUT_S=600` waits for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aioice.ice
import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.sfu.embedded.serve import media_socket
from jianlu.core.terms.ids import case_ref
from jianlu.core.verdicts.ranges import outside, union_of
from jianlu.runtime.settings import read_settings
from jianlu.wiring import recorder_ports
from tests.e2e.live.packages import opened
from tests.fakes.serving.calls import SALE, a_call, approve_scripts, make_calling_home
from tests.fakes.serving.line import Line
from tests.fakes.serving.running import Served, served, wait_for

pytestmark = pytest.mark.slow
CUT_MS = 1_000 * int(os.environ.get("JIANLU_TEST_CUT_S", "25"))


@dataclass(frozen=True)
class Edge:
    """The centre's web process, the edge's home, and the line between them."""

    centre: Served
    home: Path
    line: Line

    def spooled(self, case: str) -> int:
        """Entries that wait on the edge's disk, as the next process of its recorder would find them."""
        ports = recorder_ports(self.home, read_settings(self.home), "a", complain=lambda *_: None)
        return ports.spool(case_ref(case)).count

    def forwards(self, case: str) -> bool:
        """Whether the edge's media process forwards the room, asked at the edge itself."""
        rooms = EmbeddedRooms([media_socket(self.home / "run", 0)])
        try:
            return rooms.status(case_ref(case)).is_forwarding
        finally:
            rooms.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    centre, branch = (make_calling_home(folder / name, recorders=1, is_edge=True) for name in ("centre", "branch"))
    down = [(centre / "run" / name, branch / "run" / name) for name in ("desk.sock",)]
    up = [(branch / "run" / name, centre / "run" / name) for name in ("media-0.sock", "recorder-a.sock")]
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
        web = stack.enter_context(served(centre, "--only", "web"))
        assert web.url
        stack.enter_context(served(centre, "--only", "worker"))
        stack.enter_context(served(branch, "--only", "media"))
        stack.enter_context(served(branch, "--only", "recorder", "--name", "a"))
        wait_for(lambda: all((branch / "run" / name).exists() for name in ("media-0.sock", "recorder-a.sock", "tap-0.sock")))
        line = Line([*down, *up])
        stack.callback(line.close)
        approve_scripts(web)
        yield Edge(web, branch, line)


def test_a_cut_line_loses_nothing_and_the_package_is_whole(edge: Edge, tmp_path: Path) -> None:
    with a_call(edge.centre, "edge-1", request=SALE) as call:
        call.start()
        call.until(lambda view: view["recording"]["segments"] >= 2, "two segments are delivered")
        edge.line.cut()
        view = call.until(lambda view: view["health"]["level"] == "red", "the centre says that the edge is out of reach")
        cut_at_ms = view["now_ms"]
        assert "edge_away" in [each["code"] for each in view["health"]["messages"]]
        step = view["current_step"]
        refused = call.agent.ask("start_step", case=call.case, step=step)
        assert refused.status_code == 409, "the script stands still while nobody knows whether it is recorded"
        call.until(lambda view: view["now_ms"] >= cut_at_ms + CUT_MS, "the line stays cut", patience_s=60 + CUT_MS / 1000)
        assert call.view()["state"] == "live", "nothing is ended that the edge records on"
        assert edge.spooled(call.case) >= 4, "the edge keeps what it cannot deliver"
        assert edge.forwards(call.case), "people at the edge still hear each other: their recorder looks after them"
        edge.line.mend()
        call.until(lambda view: view["health"]["level"] != "red", "the edge is back")
        call.until(lambda view: view["recording"]["recorded_until_ms"] > cut_at_ms + CUT_MS, "the edge delivers")
        wait_for(lambda: edge.spooled(call.case) == 0)
        call.do_step(step)
        call.agent.call("abandon", case=call.case)
        path = tmp_path / "case.jlp"
        path.write_bytes(call.await_package())
    found = opened(path, edge.centre.home / "trust.json")
    assert found.said["intact"], found.said
    assert not [gap for gap in found.gaps if gap["side"] in ("recorder", "source")], found.gaps
    sealed = [(body["from_ms"], body["to_ms"]) for body in found.bodies("session:segment:sealed")]
    assert outside(union_of(sealed), (0, sealed[-1][1])) == []
    alarms = [body["code"] for body in found.bodies("session:health:alarmed")]
    assert "uplink_lost" in alarms, "the recorder's own word: from when on the line was gone"
    assert "edge_away" in alarms
    (lost,) = [body["at_ms"] for body in found.bodies("session:health:alarmed") if body["code"] == "uplink_lost"]
    (back,) = [body["at_ms"] for body in found.bodies("session:health:cleared") if body["code"] == "uplink_lost"]
    assert back - lost >= CUT_MS - 8_000
