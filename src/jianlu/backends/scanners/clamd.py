"""ClamAV's daemon, asked over its own protocol: the file goes to it in parts, and it says what it found (`man clamd`, INSTREAM).

The daemon is a program of its own, kept current by whoever runs it. One connection a file; nothing is written to a disk here.
"""

from __future__ import annotations

import re
import socket
import struct
from contextlib import suppress

from jianlu.core.errors import InvalidError, UnavailableError

PART_BYTES = 256 << 10
ANSWER_BYTES_MAX = 4096
TIMEOUT_S = 60.0
"""For each wait: a scan of a document of many pages takes seconds, a daemon that loads its signatures anew stands still for longer."""

_ADDRESS = re.compile(r"unix:(?P<path>/\S+)|tcp:(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})")
_NEXT = "see [deposits] scanner, and start clamd; until it answers no document is taken"


class ClamdScanner:
    """The daemon at `unix:/path` or `tcp:host:port`; InvalidError for another address. Safe for threads."""

    def __init__(self, address: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is asked yet."""
        parsed = _ADDRESS.fullmatch(address)
        if parsed is None or int(parsed["port"] or 1) not in range(1, 65536):
            raise InvalidError("a scanner's address is unix:/path or tcp:host:port")
        self._parsed, self._timeout_s = parsed, timeout_s

    def found_in(self, content: bytes) -> str:
        """What the daemon calls the malware in `content`, at most 80 characters; empty where it found none.

        UnavailableError when it does not answer, or says that it could not look, as at a file longer than its StreamMaxLength.
        """
        try:
            with self._connected() as connection:
                answer = self._asked(connection, content)
        except OSError as error:
            raise UnavailableError(f"the scanner for malware does not answer ({error}): {_NEXT}") from error
        if answer == "stream: OK":
            return ""
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return re.sub(r"[^\x21-\x7e]", "_", answer[len("stream: ") : -len(" FOUND")])[:80]
        raise UnavailableError(f"the scanner for malware could not look ({answer[:200] or 'no answer'}): {_NEXT}")

    def _connected(self) -> socket.socket:
        if self._parsed["path"] is None:
            return socket.create_connection((self._parsed["host"].strip("[]"), int(self._parsed["port"])), self._timeout_s)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._timeout_s)
            connection.connect(self._parsed["path"])
        except OSError:
            connection.close()
            raise
        return connection

    def _asked(self, connection: socket.socket, content: bytes) -> str:
        with suppress(BrokenPipeError, ConnectionResetError):  # it hangs up on what is too long, and says so before
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), PART_BYTES):
                part = content[start : start + PART_BYTES]
                connection.sendall(struct.pack(">I", len(part)))
                connection.sendall(part)
            connection.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < ANSWER_BYTES_MAX:
            more = connection.recv(ANSWER_BYTES_MAX - len(answer))
            if not more:
                break
            answer += more
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")
