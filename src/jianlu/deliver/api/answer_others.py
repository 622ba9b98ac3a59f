"""What answers about API keys and webhooks hold; the rest is `answers.py`.

No model here holds a key or a secret but those of the answer that makes one.
"""

from __future__ import annotations

from jianlu.deliver.api.answer_checks import Answer


class KeyEntry(Answer):
    """An API key as it is listed; the key itself is shown once, when it is made. Instants are RFC 3339, empty for never."""

    id: str
    name: str
    account: str
    display: str
    is_program: bool
    scopes: list[str]
    per_minute: int
    state: str
    created_at: str
    expires_at: str
    used_at: str
    revoked_at: str


class KeyList(Answer):
    """The keys that the caller may see, newest first."""

    keys: list[KeyEntry]


class KeyMade(Answer):
    """A new key: `key` is shown this once and kept nowhere."""

    key: str
    entry: KeyEntry


class ProgramMade(Answer):
    """An account of a program: it has no password that anybody knows."""

    account: str
    name: str


class WebhookEntry(Answer):
    """An endpoint; `public_key` verifies messages of scheme `v1a`. Instants are RFC 3339, empty for none."""

    id: str
    url: str
    name: str
    topics: list[str]
    scheme: str
    public_key: str
    is_active: bool
    why_off: str
    former_until: str
    created_at: str


class WebhookList(Answer):
    """Every endpoint, every topic, and whether the operator lets this installation call out at all."""

    endpoints: list[WebhookEntry]
    topics: list[str]
    is_on: bool


class WebhookMade(Answer):
    """A new endpoint or secret: `secret` (`whsec_...`, or the public key `whpk_...`) is shown this once."""

    endpoint: WebhookEntry
    secret: str


class DeliveryEntry(Answer):
    """One message to one endpoint: waiting, delivered or dead; status and error of the last attempt."""

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


class DeliveryList(Answer):
    """A page of deliveries; `next` is the cursor of the next one, empty on the last."""

    deliveries: list[DeliveryEntry]
    next: str


class MessageMade(Answer):
    """The id of a message."""

    message: str


class Replayed(Answer):
    """How many messages are sent again."""

    messages: int
