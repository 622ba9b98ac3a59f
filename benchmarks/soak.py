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
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from jianlu.entry.live_demo import SALE
from jianlu.entry.sample.script import clip_path
from tests.fakes.browsers import browsers, make_camera, make_microphone, new_page, start_chromium
from tests.fakes.eventually import eventually
from tests.fakes.running_home import PASSWORD, RunningHome, running_home

EVERY_S = 30
DRIFT_MS_MAX = 80
GROWTH_PERMILLE_MAX = 100
PUBLISH = """async (path) => {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720}});
  const peer = new RTCPeerConnection(); window.peer = peer;
  for (const track of media.getTracks()) peer.addTrack(track, media);
  await pc_offer(peer, path);
}"""
WATCH = """async (path) => {
  const peer = new RTCPeerConnection(); window.viewer = peer;
  peer.addTransceiver('video', {direction: 'recvonly'}); peer.addTransceiver('audio', {direction: 'recvonly'});
  await pc_offer(peer, path);
}"""
OFFER = """window.pc_offer = async (peer, path) => {
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    const look = () => peer.iceGatheringState === 'complete' && done();
    peer.onicegatheringstatechange = look; look();
  });
  const headers = {'content-type': 'application/sdp', 'X-Jianlu': '1'};
  const answer = await fetch(path, {method: 'POST', headers, body: peer.localDescription.sdp});
  if (!answer.ok) throw new Error(await answer.text());
  await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}"""
CALL = """async ([method, path, content]) => {
  const headers = {'content-type': 'application/json', 'X-Jianlu': '1'};
  const answer = await fetch(path, {method, headers, body: content === null ? undefined : JSON.stringify(content)});
  if (!answer.ok) throw new Error(method + ' ' + path + ': ' + await answer.text());
  return answer.status === 204 ? null : await answer.json();
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
        case = _talking(home, agent, customer)
        memory, drift = _watched(home, case, minutes)
        _call(agent, "POST", f"/api/v1/cases/{case}/abandon", {"reason": "soak"})
        for browser in opened:
            browser.close()
        verdicts = _verdicts(home, case)
    return _report(minutes, memory, drift, verdicts)


def _talking(home: RunningHome, agent: Page, customer: Page) -> str:
    """The case of a session that is live, with both sides sending and watching."""
    for script in home.as_staff("xu").call("POST", "/api/v1/scripts/shipped")["scripts"]:
        home.as_staff("he").call("POST", f"/api/v1/scripts/{script['script']}/versions/{script['version']}/approve")
    staff = home.as_staff("lin")
    case = str(staff.call("POST", "/api/v1/cases", SALE)["case"])
    api = f"/api/v1/cases/{case}"
    token = staff.call("POST", f"{api}/invitations", {"seat": "customer"})["token"]
    for page in (agent, customer):
        page.goto(f"{home.url}/api/v1/health")
        page.evaluate(OFFER)
    _call(agent, "POST", "/api/v1/sign-in", {"name": "lin", "password": PASSWORD})
    _call(customer, "POST", "/api/v1/join", {"token": token})
    _call(agent, "POST", f"{api}/seat", {"seat": "agent"})
    for page, seat in ((agent, "agent"), (customer, "customer")):
        page.evaluate(PUBLISH, f"{api}/feeds/{seat}")
        _call(
            page, "POST", f"{api}/preflight", {"checks": {"camera": "ok", "microphone": "ok", "speaker": "ok", "bandwidth": "ok"}}
        )
    _call(customer, "POST", f"{api}/consents", {"purpose": "recording", "decision": "given"})
    eventually(lambda: _started(agent, api), "the recording starts")
    eventually(lambda: _call(agent, "GET", f"{api}/session")["state"] == "live", "the session is live")
    agent.evaluate(WATCH, f"{api}/viewers/customer")
    customer.evaluate(WATCH, f"{api}/viewers/agent")
    return case


def _started(agent: Page, api: str) -> bool:
    try:
        _call(agent, "POST", f"{api}/start", {})
    except PlaywrightError as error:
        if "409" not in str(error) and "cannot start" not in str(error):
            raise
        return False
    return True


def _watched(home: RunningHome, case: str, minutes: float) -> tuple[dict[str, list[int]], list[int]]:
    memory: dict[str, list[int]] = defaultdict(list)
    drift: list[int] = []
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        time.sleep(min(EVERY_S, max(1.0, minutes * 60 / 20)))
        view = home.as_staff("lin").call("GET", f"/api/v1/cases/{case}/session")
        if view["state"] != "live":
            print(f"  the session is {view['state']} at {view['recording'].get('recorded_until_ms')} ms: {view['health']}")
            break
        for role, process in home.children().items():
            memory[role].append(_resident_kib(process))
        drift += [abs(int(track.get("drift_ms") or 0)) for track in view["recording"]["tracks"].values()]
    return memory, drift


def _verdicts(home: RunningHome, case: str) -> dict[str, str]:
    staff = home.as_staff("lin")
    eventually(
        lambda: staff.call("GET", f"/api/v1/cases/{case}/progress")["jobs"]["stage"] in {"done", "failed"}, "judged", looks=72_000
    )
    return {clause["key"]: clause["verdict"] for clause in staff.call("GET", f"/api/v1/cases/{case}/playback")["clauses"]}


def _report(minutes: float, memory: dict[str, list[int]], drift: list[int], verdicts: dict[str, str]) -> int:
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
    whole = {key: verdict for key, verdict in verdicts.items() if key.endswith("CN-IN-6")}
    print(f"  continuity, presence, picture, sound, synchronism: {whole}")
    if set(whole.values()) != {"met"}:
        missed.append("verdict")
    print("goals met" if not missed else f"MISSED: {', '.join(missed)}")
    return 1 if missed else 0


def _resident_kib(process: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _call(page: Page, method: str, path: str, content: Any = None) -> Any:
    return page.evaluate(CALL, [method, path, content])


if __name__ == "__main__":
    sys.exit(main())
