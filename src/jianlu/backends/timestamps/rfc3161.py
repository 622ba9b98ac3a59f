"""A time-stamp authority over HTTP (RFC 3161, section 3.4), asked and checked with `rfc3161-client`.

The request carries a fresh nonce and asks for the signer's certificate. The answer is read within bounds of size and time and checked here
once; the ledger checks the token again with code of its own before it keeps it.
"""

from __future__ import annotations

import time

import httpx
from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import TimeStampResponse

from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.core.limits import STAMP_BYTES_MAX

ANSWER_WITHIN_S = 15.0
_HEADERS = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
_GRANTED = (0, 1)


class HttpTimeAuthority:
    """`ledger.ports.TimeAuthority`."""

    def __init__(self, name: str, url: str, chain: str, *, within_s: float = ANSWER_WITHIN_S) -> None:
        """The authority `name` at `url`, trusted by the PEM `chain`; InvalidError when that holds no certificate that names itself."""
        self.name, self.chain = name, chain
        self._url, self._within_s = url, within_s
        try:
            certificates = x509.load_pem_x509_certificates(chain.encode())
        except ValueError as error:
            raise InvalidError(f"the certificates of the time authority {name} cannot be read: give PEM") from error
        self._roots = [each for each in certificates if each.issuer == each.subject]
        self._others = [each for each in certificates if each.issuer != each.subject]
        if not self._roots:
            raise InvalidError(
                f"the certificates of the time authority {name} hold no root: add the one that names itself as issuer"
            )

    def stamp(self, content: bytes) -> bytes:
        """As the port."""
        request = TimestampRequestBuilder(data=content, hash_algorithm=HashAlgorithm.SHA256).build()
        try:
            response = decode_timestamp_response(self._ask(request.as_bytes()))
        except ValueError as error:
            raise IntegrityError(
                f"the time authority {self.name} answered something that is no time stamp", code="malformed"
            ) from error
        if response.status not in _GRANTED:
            raise UnavailableError(f"the time authority {self.name} refused: status {response.status}", code="refused")
        try:  # the token inside is taken apart when it is asked for
            self._check(response, request.nonce, content)
            return response.time_stamp_token()
        except ValueError as error:
            raise IntegrityError(f"the time authority {self.name} answered a malformed token", code="malformed") from error

    def _check(self, response: TimeStampResponse, nonce: int | None, content: bytes) -> None:
        if nonce is None or response.tst_info.nonce != nonce:
            raise IntegrityError(f"the time authority {self.name} answered another question: its nonce is not ours", code="nonce")
        verifier = VerifierBuilder(roots=list(self._roots), intermediates=list(self._others), nonce=nonce).build()
        try:
            verifier.verify_message(response, content)
        except VerificationError as error:
            raise IntegrityError(f"the time authority {self.name} cannot be trusted: {error}", code="untrusted") from error

    def _ask(self, request: bytes) -> bytes:
        ends_at = time.monotonic() + self._within_s
        body = b""
        try:
            with (
                httpx.Client(timeout=self._within_s, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, content=request, headers=_HEADERS) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise UnavailableError(f"the time authority {self.name} answered {answer.status_code}", code="status")
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > STAMP_BYTES_MAX or time.monotonic() > ends_at:
                        raise UnavailableError(f"the time authority {self.name} answers too much or too slowly", code="slow")
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the time authority {self.name} does not answer ({type(error).__name__})", code="away"
            ) from error
        return body
