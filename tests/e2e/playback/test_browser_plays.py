"""A real browser plays what is handed out for a role: from the beginning, and from the middle after a jump; H.264 in MP4, VP8 in WebM."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jianlu.capture.recording.model import AudioShape, MediaSegment, Opening, Sample, TrackFormat
from jianlu.capture.recording.recorder import Recorder
from jianlu.core.terms.events import EventType
from jianlu.deliver.playback.key_frames import key_frames_in
from jianlu.deliver.playback.media import open_init, open_segment, segment_events
from jianlu.deliver.playback.roles import find_role
from jianlu.vault.case_log import CaseLog, open_case_log
from tests.fakes.browsers import browsers, new_page, start_chromium
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.inspectors.clips import moving_picture
from tests.fakes.playback.in_band import in_band_samples, in_band_track
from tests.fakes.playback.live_recording import feeds_of, record_live
from tests.fakes.vault.home import CASE, TENANT, memory_vault

DURATION_MS = 12_000
SILENCE = bytes.fromhex("f8fffe")
PLAYER = """
async ({role, jump}) => {
  const told = await (await fetch('manifest')).json();
  const video = document.querySelector('video');
  video.muted = true;
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise(done => source.addEventListener('sourceopen', done, {once: true}));
  if (!MediaSource.isTypeSupported(told.mime)) return {error: 'not supported: ' + told.mime};
  const buffer = source.addSourceBuffer(told.mime);
  const append = async address => {
    const content = await (await fetch(address)).arrayBuffer();
    if (!content.byteLength) return;
    await new Promise((done, failed) => {
      buffer.addEventListener('updateend', done, {once: true});
      buffer.addEventListener('error', () => failed(new Error('append ' + address)), {once: true});
      buffer.appendBuffer(content);
    });
  };
  await append('init');
  const begin = Math.max(...told.segments.filter(s => s.key && s.from_ms <= jump).map(s => s.no));
  for (const segment of told.segments.filter(s => s.no >= begin)) await append('segment/' + segment.no);
  source.endOfStream();
  video.currentTime = jump / 1000;
  await new Promise((done, failed) => {
    video.addEventListener('seeked', done, {once: true});
    video.addEventListener('error', () => failed(new Error('decoding: ' + video.error.message)), {once: true});
  });
  await video.play();
  const frames = await new Promise(done => {
    const seen = [];
    const look = (_, frame) => {
      seen.push([frame.mediaTime * 1000, frame.width, frame.height]);
      if (seen.length < 12) video.requestVideoFrameCallback(look); else done(seen);
    };
    video.requestVideoFrameCallback(look);
  });
  const ranges = [...Array(buffer.buffered.length).keys()].map(i => [buffer.buffered.start(i), buffer.buffered.end(i)]);
  return {frames, ranges: ranges.map(([start, end]) => [start * 1000, end * 1000])};
}
"""


def record_in_band(log: CaseLog) -> None:
    """A call as browsers send it: parameter sets in the stream, a smaller picture from the sixth second on."""
    camera = in_band_track("agent-picture")
    setup = b"OpusHead" + bytes((1, 1, 0, 0)) + (48_000).to_bytes(4, "little") + bytes(3)
    voice = TrackFormat("agent", "opus", setup, 48_000, AudioShape(48_000, 1))
    parts = [
        ((320, 180), range(at, at + 2000, 40)) if at < 6000 else ((160, 90), range(at, at + 2000, 40))
        for at in range(0, DURATION_MS, 2000)
    ]
    pictures = list(in_band_samples(parts, moving_picture))
    sounds = [Sample(at * 48, 960, True, SILENCE) for at in range(0, DURATION_MS, 20)]
    rows = [(s.pts / 90_000, 0, s) for s in pictures] + [(s.pts / 48_000, 1, s) for s in sounds]
    recorder = Recorder([camera, voice])
    ordered = sorted(rows, key=lambda row: row[:2])
    outputs = [output for _, number, sample in ordered for output in recorder.push(number, sample)] + recorder.finish()
    for output in outputs:
        if isinstance(output, Opening):
            tracks = [["agent-picture", "video", "h264"], ["agent", "audio", "opus"]]
            body: dict[str, Any] = {"tracks": tracks, "source": "0" * 64, "recorder": "test/1"}
            log.seal_and_append(EventType.RECORDING_STARTED, "init", output.plaintext, body, part="init")
        elif isinstance(output, MediaSegment):
            body = {"no": output.no, "from_ms": output.from_ms, "to_ms": output.to_ms}
            log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{output.no:06d}", output.plaintext, body)


@pytest.fixture(scope="module", params=["h264", "vp8"])
def call(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseLog]:
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        if request.param == "h264":
            record_in_band(log)
        else:
            clip = Clip("libvpx", "libopus", seconds=DURATION_MS // 1000, audio_tracks=1, size=(320, 180))
            record_live(log, feeds_of({"agent": make_media(tmp_path_factory.mktemp("vp8") / "agent.mkv", clip)}))
        yield log


@contextmanager
def handed_out(log: CaseLog) -> Iterator[str]:
    """The agent's media over HTTP on loopback; yields the address of a page with an empty player."""
    role = find_role(log, "agent")
    assert role.camera is not None
    segments = segment_events(log.events)
    begun = key_frames_in(log, segments, [role.camera.number])
    listed = [
        {"no": event.body["no"], "from_ms": event.body["from_ms"], "key": bool(found)}
        for event, found in zip(segments, begun, strict=True)
    ]

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            if name == "manifest":
                content = json.dumps({"mime": role.mime, "segments": listed}).encode()
            elif name == "init":
                content = open_init(log, "agent").content
            elif name.startswith("segment/"):
                content = open_segment(log, "agent", int(name.partition("/")[2])).content
            else:
                content = b"<!doctype html><title>player</title><video></video>"
            self.send_response(200)
            self.send_header("content-type", "text/html" if not name else "application/octet-stream")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _play(folder: Path, address: str, jump: int) -> dict[str, Any]:
    with browsers() as playwright:
        browser = start_chromium(playwright, folder)
        try:
            page = new_page(browser, allows_media=False)
            page.goto(address)
            found: dict[str, Any] = page.evaluate(PLAYER, {"role": "agent", "jump": jump})
            return found
        finally:
            browser.close()


@pytest.mark.slow
@pytest.mark.needs_program("chromium")
@pytest.mark.parametrize("jump", [0, 7300])
def test_a_browser_plays_a_role_from_any_second(call: CaseLog, tmp_path: Path, jump: int) -> None:
    with handed_out(call) as address:
        found = _play(tmp_path, address, jump)
    assert "error" not in found, found
    times: Sequence[float] = [frame[0] for frame in found["frames"]]
    assert jump - 60 <= times[0] <= jump + 700, times
    assert list(times) == sorted(times) and times[-1] > times[0]
    assert found["frames"][0][1:] in ([320, 180], [160, 90])
    assert found["ranges"][-1][1] > DURATION_MS - 200
