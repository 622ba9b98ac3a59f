"""A witness over HTTP: `POST <url>/add-checkpoint` of c2sp.org/tlog-witness, bounded in size and time.

What the answer means, and whether it is true, is for `ledger.cosigning`.
"""

from __future__ import annotations

import time

import httpx

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.cosignature import WitnessKey, parse_witness_key
from jianlu.core.limits import NOTE_BYTES_MAX
from jianlu.ledger.ports import WitnessAnswer

ANSWER_WITHIN_S = 10.0


class HttpWitness:
    """`ledger.ports.Witness`."""

    def __init__(self, vkey: str, url: str, *, within_s: float = ANSWER_WITHIN_S) -> None:
        """The witness whose key is `vkey`, reached at the submission prefix `url`; InvalidError for a key that is none."""
        self._key = parse_witness_key(vkey)
        self._url, self._within_s = f"{url.rstrip('/')}/add-checkpoint", within_s

    @property
    def key(self) -> WitnessKey:
        """As the port."""
        return self._key

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """As the port."""
        ends_at = time.monotonic() + self._within_s
        body = b""
        try:
            with (
                httpx.Client(timeout=self._within_s, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, content=request, headers={"content-type": "text/plain"}) as answer,
            ):
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > NOTE_BYTES_MAX or time.monotonic() > ends_at:
                        raise UnavailableError(f"the witness {self.key.name} answers too much or too slowly", code="slow")
                return WitnessAnswer(answer.status_code, body)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the witness {self.key.name} does not answer ({type(error).__name__})", code="away"
            ) from error
