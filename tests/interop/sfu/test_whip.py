"""Software of others sends by WHIP (RFC 9725): FFmpeg's client, which checks no consent and is the passive end of DTLS."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jianlu.backends.sfu.embedded.serve import tap_socket
from jianlu.capture.sessions.rooms import Rooms, RoomSpec
from tests.fakes.eventually import eventually
from tests.fakes.sfu.recorder_tap import TapListener
from tests.fakes.sfu.stage import media_process
from tests.interop.sfu.conftest import ROOM

pytestmark = pytest.mark.slow
CAMERA = "agent-screen"


@contextmanager
def _endpoint(rooms: Rooms) -> Iterator[str]:
    """A WHIP endpoint over the rooms; its address."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made = rooms.publish(ROOM, CAMERA, offer)
            self._answer(201, made.answer_sdp.encode(), made.id)

        def do_DELETE(self) -> None:
            rooms.close_connection(ROOM, self.path.rsplit("/", 1)[-1])
            self._answer(200, b"", "")

        def _answer(self, status: int, body: bytes, location: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/sdp")
            self.send_header("Location", f"/whip/{location}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/whip"
        server.shutdown()
        thread.join()


def test_what_ffmpeg_sends_reaches_the_recorder_with_sound_picture_and_reports(tmp_path: Path) -> None:
    _make_certificate(tmp_path)
    files = [str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")]
    with media_process(tmp_path / "home", "--address", "127.0.0.1") as rooms, _endpoint(rooms) as url:
        rooms.open_room(ROOM, RoomSpec())
        listener = TapListener(tap_socket(tmp_path / "home" / "run", 0), ROOM)
        sender = subprocess.Popen([sys.executable, "-m", "tests.fakes.sfu.whip_sender", url, *files, "8"])
        eventually(lambda: len(listener.of(CAMERA, "video")) > 60 and len(listener.of(CAMERA, "audio")) > 200, "packets")
        status = rooms.status(ROOM).feeds[0]
        assert (status.video_codec, status.width, status.height) == ("h264", 320, 240)
        assert sender.wait(60) == 0
        eventually(lambda: listener.states[-1][1] in ("closed", "interrupted"), "the end")
        listener.close()
    for kind in ("audio", "video"):
        numbers = [each.sequence for each in listener.of(CAMERA, kind)]
        assert len(set(numbers)) == len(numbers) == (max(numbers) - min(numbers)) % 65_536 + 1


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
