"""A long recorded call between two real browsers: does memory stay flat, do sound and picture stay together, is the verdict clean?

`python -m benchmarks.soak [--minutes 60]`, outside CI. Two Chromium pages send a 720p camera and a microphone from files through a
service of its own. Every half minute the resident memory of each process is read, and what the recorder measures of each track.
"Flat" compares the mean of the last quarter with that of the second: the first is warming up. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.talk import CALLS, call, start_talk
from jianlu.entry.sample.script import clip_path
from tests.fakes.browsers import browsers, make_camera, make_microphone, new_page, start_chromium
from tests.fakes.eventually import eventually
from tests.fakes.running_home import RunningHome, running_home

EVERY_S = 30
DRIFT_MS_MAX = 80
GROWTH_PERMILLE_MAX = 100
PUBLISH = """async (path) => {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720}});
  const peer = new RTCPeerConnection(); window.peer = peer;
  for (const track of media.getTracks()) peer.addTrack(track, media);
  await soak_offer(peer, path);
}"""
WATCH = """async (path) => {
  const peer = new RTCPeerConnection(); window.viewer = peer;
  peer.addTransceiver('video', {direction: 'recvonly'}); peer.addTransceiver('audio', {direction: 'recvonly'});
  await soak_offer(peer, path);
}"""
OFFER = """window.soak_offer = async (peer, path) => {
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    const look = () => peer.iceGatheringState === 'complete' && done();
    peer.onicegatheringstatechange = look; look();
  });
  await peer.setRemoteDescription({type: 'answer', sdp: await service_offer(path, peer.localDescription.sdp)});
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description="A long recorded call between two browsers.")
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder, running_home(Path(folder) / "home") as home, browsers() as playwright:
        place = Path(folder)
        camera = make_camera(place / "camera.mjpeg")
        microphone = make_microphone(place / "microphone.wav", [clip_path("agent", clip) for clip in ("a01", "a02", "a03")])
        opened = [start_chromium(playwright, place, camera=camera, microphone=microphone) for _ in range(2)]
        agent, customer = (new_page(browser) for browser in opened)
        for page in (agent, customer):
            page.goto(f"{home.url}/api/v1/health")
            page.evaluate(f"{CALLS}{OFFER}; null")
        case = start_talk(home, agent, customer, publish=PUBLISH, watch=WATCH)
        missed = _report_course(minutes, *_watched(home, (agent, customer), case, minutes))
        call(agent, "POST", f"/api/v1/cases/{case}/abandon", {"reason": "soak"})
        for browser in opened:
            browser.close()
        missed += _report_verdict(_verdicts(home, case))
    print("goals met" if not missed else f"MISSED: {', '.join(missed)}")
    return 1 if missed else 0


def _watched(home: RunningHome, pages: Sequence[Page], case: str, minutes: float) -> tuple[dict[str, list[int]], list[int]]:
    """Memory by process and the tracks' drift; the pages ask for the session as people's pages do, which keeps them signed in."""
    memory: dict[str, list[int]] = defaultdict(list)
    drift: list[int] = []
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        time.sleep(min(EVERY_S, max(1.0, minutes * 60 / 20)))
        view, *_ = [call(page, "GET", f"/api/v1/cases/{case}/session") for page in pages]
        if view["state"] != "live":
            print(f"  the session is {view['state']} at {view['recording'].get('recorded_until_ms')} ms: {view['health']}")
            break
        for role, process in home.children().items():
            memory[role].append(_resident_kib(process))
        drift += [abs(int(track.get("drift_ms") or 0)) for track in view["recording"]["tracks"].values()]
    return memory, drift


def _verdicts(home: RunningHome, case: str) -> dict[str, Any]:
    """The clauses judged, by key."""
    home.clients.clear()  # whoever signed in before the call has been idle for too long since
    staff = home.as_staff("lin")
    eventually(
        lambda: staff.call("GET", f"/api/v1/cases/{case}/progress")["jobs"]["stage"] in {"done", "failed"}, "judged", looks=72_000
    )
    return {clause["key"]: clause for clause in staff.call("GET", f"/api/v1/cases/{case}/playback")["clauses"]}


def _report_course(minutes: float, memory: dict[str, list[int]], drift: list[int]) -> list[str]:
    print(f"recorded call of {minutes:g} min, two parties, 720p; load {os.getloadavg()[0]:.1f}")
    missed = []
    for role, sizes in sorted(memory.items()):
        quarter = max(1, len(sizes) // 4)
        before, after = statistics.mean(sizes[quarter : 2 * quarter] or sizes), statistics.mean(sizes[-quarter:])
        growth = round((after - before) * 1000 / before)
        print(f"  {role:12} {before / 1024:7.1f} MiB then, {after / 1024:7.1f} MiB at the end ({growth:+d} permille)")
        if growth > GROWTH_PERMILLE_MAX:
            missed.append(f"{role} grows")
    print(f"  drift at most {max(drift, default=0)} ms (goal {DRIFT_MS_MAX})")
    if not drift or max(drift) > DRIFT_MS_MAX:
        missed.append("drift")
    return missed


def _report_verdict(verdicts: dict[str, Any]) -> list[str]:
    whole = [clause for key, clause in verdicts.items() if key.endswith("CN-IN-6")]
    for clause in whole:
        print(f"  continuity, presence, picture, sound, synchronism: {clause['verdict']}")
        for reason in clause["reasons"] if clause["verdict"] != "met" else []:
            print(f"    {reason}")
    return [] if {clause["verdict"] for clause in whole} == {"met"} else ["verdict"]


def _resident_kib(process: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
