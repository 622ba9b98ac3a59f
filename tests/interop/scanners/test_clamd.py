"""ClamAV's daemon itself, started here with one signature of our own, and what stands in its place when it is gone or talks nonsense."""

from __future__ import annotations

import socket
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jianlu.backends.scanners.clamd import ClamdScanner
from jianlu.core.errors import InvalidError, UnavailableError
from tests.conftest import find_program
from tests.fakes.serving.running import wait_for

MARK = b"what no honest document of these tests says: 7f3a91"
CONFIGURATION = """Foreground yes
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/clamd.sock
PidFile {folder}/clamd.pid
TemporaryDirectory {folder}/temporary
StreamMaxLength 1M
"""


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClamdScanner]:
    """A running daemon that knows `MARK` as malware and nothing else."""
    program = find_program("clamd")
    if program is None:
        pytest.skip("clamd is not installed: apt-get install clamav-daemon")
    folder = tmp_path_factory.mktemp("clamd")
    for name in ("signatures", "temporary"):
        (folder / name).mkdir()
    (folder / "signatures" / "own.ndb").write_text(f"Jianlu.Test.Mark:0:*:{MARK.hex()}\n", encoding="ascii")
    (folder / "clamd.conf").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
    with subprocess.Popen(
        [program, "-c", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        try:
            wait_for((folder / "clamd.sock").exists)
            yield ClamdScanner(f"unix:{folder}/clamd.sock")
        finally:
            daemon.terminate()


def pdf(content: bytes) -> bytes:
    """A document whose one compressed stream is `content`."""
    packed = zlib.compress(content)
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)
    bodies = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>", stream)
    objects = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(bodies, start=1))
    return b"%PDF-1.7\n" + objects + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


def test_malware_is_found_in_the_open_and_within_a_compressed_document(scanner: ClamdScanner) -> None:
    for content in (MARK, pdf(b"BT (" + MARK + b") Tj ET"), bytes(900_000) + MARK):
        assert scanner.found_in(content) == "Jianlu.Test.Mark.UNOFFICIAL"
    for content in (pdf(b"BT (an honest contract) Tj ET"), bytes(1_000_000)):
        assert scanner.found_in(content) == ""


def test_what_is_too_long_for_the_daemon_was_not_looked_at(scanner: ClamdScanner) -> None:
    """It hangs up in the middle of the file: that is no clean file."""
    with pytest.raises(UnavailableError, match="scanner"):
        scanner.found_in(bytes(8 << 20))
    assert scanner.found_in(b"short") == ""


def test_several_files_at_once_are_told_apart(scanner: ClamdScanner) -> None:
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.__setitem__(n, scanner.found_in(MARK if n % 2 else b"clean"))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: "Jianlu.Test.Mark.UNOFFICIAL" if n % 2 else "" for n in range(8)}


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Something at a port that reads what it is sent and gives this answer; None holds the line and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                if answer is None:
                    held.wait(30)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"tcp:127.0.0.1:{listening.getsockname()[1]}"
        finally:
            held.set()
            thread.join()


@pytest.mark.parametrize(
    "answer", [b"", b"stream: OK, mostly\0", b"UNKNOWN COMMAND\0", b"stream: \xff ERROR\0", b"OK\0", b"x" * 9000]
)
def test_nonsense_is_never_taken_for_a_clean_file(answer: bytes) -> None:
    with answering(answer) as address, pytest.raises(UnavailableError, match="clamd"):
        ClamdScanner(address).found_in(b"document")


def test_a_daemon_that_says_nothing_or_is_not_there_is_away(tmp_path: Path) -> None:
    with answering(None) as address, pytest.raises(UnavailableError, match="does not answer"):
        ClamdScanner(address, timeout_s=0.2).found_in(b"document")
    with pytest.raises(UnavailableError, match="does not answer"):
        ClamdScanner(f"unix:{tmp_path}/nobody.sock").found_in(b"document")


def test_a_name_of_malware_is_told_in_plain_letters_and_shortened() -> None:
    with answering(b"stream: Bad\x07name\xff" + b"x" * 200 + b" FOUND\0") as address:
        found = ClamdScanner(address).found_in(b"document")
    assert found.startswith("Bad_name_") and len(found) == 80


@pytest.mark.parametrize("address", ["", "clamd", "unix:relative", "tcp:host", "tcp:host:0", "tcp:host:70000", "http://host:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidError, match="unix:/path or tcp:host:port"):
        ClamdScanner(address)
