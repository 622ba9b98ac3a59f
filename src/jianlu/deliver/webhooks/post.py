"""One attempt: a POST over verified TLS to a pinned address, bounded in time and size, that follows no redirect.

Python's own HTTP client, because it lets the connection be ours: name for TLS and Host header, address from `addresses.pin`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection

from jianlu.core.errors import UnavailableError
from jianlu.deliver.webhooks.addresses import Target, pin
from jianlu.deliver.webhooks.model import ANSWER_BYTES_MAX, ATTEMPT_S, RETRY_AFTER_S_MAX, Outside


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the status, and how long to wait where the receiver said so (0 where it did not)."""

    status: int
    retry_after_s: int


def post(target: Target, headers: Mapping[str, str], body: bytes, *, outside: Outside, within_s: float = ATTEMPT_S) -> Answered:
    """Send `body`. DeniedError for an address that is not allowed; UnavailableError when nothing came back in time, or TLS fails."""
    connection = _Pinned(target, pin(target, outside), outside.context, within_s)
    watchdog = threading.Timer(within_s, connection.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", target.path, body, {**headers, "Host": target.authority, "Connection": "close"})
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_MAX)
        connection.require_whole()
        return Answered(answer.status, retry_after_s(answer.headers.get("Retry-After", "")))
    except ssl.SSLCertVerificationError as error:
        raise UnavailableError(
            "the endpoint's certificate is not trusted: it must fit its name and chain to a known authority"
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnavailableError(f"the endpoint did not answer ({type(error).__name__})") from error
    finally:
        watchdog.cancel()
        connection.close()


class _Pinned(HTTPSConnection):
    """Connects to one of the given addresses, speaks to the given name."""

    def __init__(self, target: Target, addresses: Sequence[str], context: ssl.SSLContext, within_s: float) -> None:
        super().__init__(target.host, target.port, context=context, timeout=within_s)
        self._addresses, self._context_used, self._within_s = addresses, context, within_s
        self._is_cut = threading.Event()

    def connect(self) -> None:
        plain = self._first_that_answers()
        self.sock = plain
        plain.settimeout(self._within_s)
        self.sock = self._context_used.wrap_socket(plain, server_hostname=self.host)
        self.require_whole()

    def _first_that_answers(self) -> socket.socket:
        last: OSError | None = None
        for address in self._addresses:
            self.require_whole()
            try:
                return socket.create_connection((address, self.port), timeout=self._within_s / len(self._addresses))
            except OSError as error:
                last = error
        raise UnavailableError("the endpoint did not answer: nothing listens at its address") from last

    def require_whole(self) -> None:
        """UnavailableError when the attempt was cut: a parser takes the end that we made for an answer's own."""
        if self._is_cut.is_set():
            raise UnavailableError("the endpoint did not answer in time")

    def cut(self) -> None:
        """Time is up: whatever the other side drips, the attempt ends here."""
        self._is_cut.set()
        if (held := self.sock) is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def retry_after_s(claimed: str) -> int:
    """How long a receiver asks to be left alone; 0 for what is no number of seconds, a day at most."""
    return min(int(claimed), RETRY_AFTER_S_MAX) if claimed.isascii() and claimed.isdigit() and len(claimed) < 9 else 0
