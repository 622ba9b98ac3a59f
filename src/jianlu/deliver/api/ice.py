"""TURN credentials that expire, derived from the secret shared with the TURN server (coturn's `use-auth-secret`).

The user name is the time of expiry, the password HMAC-SHA1 of it: the scheme of draft-uberti-behave-turn-rest, which fixes SHA-1.
"""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from pathlib import Path
from typing import Any

from jianlu.core.errors import UnavailableError
from jianlu.deliver.api.deps import Deps


def ice_servers(deps: Deps) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries; empty where no TURN server is configured. UnavailableError when its secret cannot be read."""
    turn = deps.settings.turn
    if not turn.urls:
        return []
    if not turn.secret:
        return [{"urls": list(turn.urls)}]
    try:
        secret = (deps.home / Path(turn.secret)).read_bytes().strip()
    except OSError as error:
        raise UnavailableError("the secret of the TURN server cannot be read: see [turn] in the home's settings") from error
    until = int((deps.clock.now() + timedelta(seconds=turn.credentials_s)).timestamp())
    name = f"{until}:jianlu"
    password = base64.b64encode(hmac.digest(secret, name.encode(), "sha1")).decode()
    return [{"urls": list(turn.urls), "username": name, "credential": password}]
