"""What webhooks are made of: endpoints, messages, deliveries, and how long and how often it is tried.

Signatures and headers are those of Standard Webhooks 1.0 (standardwebhooks.com). Values only; tables are `_tables.py`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from sqlalchemy import Engine

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.ports import SecretKeeper
from jianlu.runtime.clock import Clock

Scheme = Literal["v1", "v1a"]
"""`v1`: HMAC-SHA-256 under a secret that both know; `v1a`: Ed25519, whoever verifies holds no secret."""

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"

RETRY_S: tuple[int, ...] = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Waits between attempts, as Standard Webhooks proposes: ten attempts over three days, so that a receiver may be away for a weekend."""

JITTER = 0.2
"""A wait is up to a fifth shorter or longer, so that a receiver that comes back is not met by everything at once."""

RETRY_AFTER_S_MAX = 86_400
LEASE_MS = 60_000
"""How long a delivery is one sender's: four times the longest attempt."""

ATTEMPT_S = 15.0
"""Everything of one attempt together: name, connection, TLS, answer."""

ANSWER_BYTES_MAX = 65_536
"""What is read of an answer; only its status counts."""

ENDPOINTS_MAX = 50
MESSAGES_KEPT = timedelta(days=30)
"""How long a message can be replayed; what happened stays in the ledger."""

OVERLAP_H, OVERLAP_H_MAX = 24, 168
"""How long the former secret still signs beside a new one."""

Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class WebhookPorts:
    """What endpoints and messages are kept with."""

    database: Engine
    clock: Clock
    secrets: SecretKeeper
    tenant: TenantId


@dataclass(frozen=True, slots=True)
class Outside:
    """How the outside is reached: networks that are allowed although they are not public, whom TLS trusts, how names are resolved."""

    allowed: tuple[Network, ...]
    context: ssl.SSLContext
    resolve: Resolve


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is told: an https URL, the topics that it wants (`case.*`), how its messages are signed. Secrets are elsewhere."""

    id: str
    url: str
    name: str
    topics: tuple[str, ...]
    scheme: Scheme
    is_active: bool
    why_off: str
    former_until: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint: `state` waiting, delivered or dead; `status` and `error` of the last attempt."""

    message: str
    topic: str
    case: str
    state: str
    attempts: int
    status: int | None
    error: str
    made_at: str
    tried_at: str
    next_at: str
