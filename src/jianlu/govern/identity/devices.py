"""Devices: a browser proves with each call that it is where the sign-in was made, by a key that never leaves it.

The proof is a DPoP proof (RFC 9449, section 4) without `ath`: the cookie's token is hidden from scripts. A proof is good for one call,
one method and one address, for two minutes, once. Which sign-in a key belongs to is `sign_ins.py`.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from jianlu.govern.identity.model import DeviceProofNeededError

PROOF_CHARACTERS_MAX = 2_000
PROOF_WINDOW = timedelta(minutes=2)
"""How far a proof's instant may be from ours: clocks of desks are wrong, and pages correct themselves by our Date header."""

PROOFS_REMEMBERED_MAX = 100_000
_WRONG = "this call does not prove which device it comes from: reload the page, or sign in on this device"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request shows of the device it comes from.

    `place` is a digest of its network address and browser, `key` the thumbprint (RFC 7638) of the key that this request was proved with,
    empty without a proof. `locality` is the place that the settings name for its address. `is_change` says that it wants to change
    something, `is_use` that a person is there.
    """

    place: str = ""
    name: str = ""
    key: str = ""
    is_change: bool = False
    is_use: bool = True
    locality: str = ""


NOWHERE = Seen()


class Proofs:
    """Checks proofs and remembers those that were used, so that none is good twice; safe for threads.

    Bounded: when more proofs are alive than can be remembered, the oldest are let go, each of which is nearly over.
    """

    def __init__(self) -> None:
        self._used: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, claimed_proof: str, *, method: str, host: str, path: str, now: datetime) -> str:
        """The thumbprint of the key that proved this call; DeviceProofNeededError for anything else, a replay included."""
        if len(claimed_proof) > PROOF_CHARACTERS_MAX:
            raise DeviceProofNeededError(_WRONG)
        try:
            header = jws.extract_compact(claimed_proof.encode()).headers()
            jwk = header.get("jwk")
            if header.get("typ") != "dpop+jwt" or not isinstance(jwk, dict) or "d" in jwk or jwk.get("crv") != "P-256":
                raise DeviceProofNeededError(_WRONG)
            key = ECKey.import_key(jwk)
            said = json.loads(jws.deserialize_compact(claimed_proof, key, algorithms=["ES256"]).payload or b"")
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise DeviceProofNeededError(_WRONG) from error
        self._require_for_this(said, method, host, path, now)
        return key.thumbprint()

    def _require_for_this(self, said: object, method: str, host: str, path: str, now: datetime) -> None:
        if not isinstance(said, dict):
            raise DeviceProofNeededError(_WRONG)
        at, name, address = said.get("iat"), said.get("jti"), said.get("htu")
        if not isinstance(at, int) or not isinstance(name, str) or not 8 <= len(name) <= 80 or not isinstance(address, str):
            raise DeviceProofNeededError(_WRONG)
        try:
            asked, away_s = urlsplit(address), abs(now.timestamp() - at)
        except (ValueError, OverflowError) as error:  # half an address in brackets; an instant of four hundred digits
            raise DeviceProofNeededError(_WRONG) from error
        is_this = said.get("htm") == method and asked.netloc == host and unquote(asked.path) == path
        if not is_this or away_s > PROOF_WINDOW.total_seconds() or not self._take(name, now):
            raise DeviceProofNeededError(_WRONG)

    def _take(self, name: str, now: datetime) -> bool:
        with self._lock:
            while self._used and (next(iter(self._used.values())) <= now or len(self._used) >= PROOFS_REMEMBERED_MAX):
                self._used.popitem(last=False)
            if name in self._used:
                return False
            self._used[name] = now + 2 * PROOF_WINDOW
            return True
