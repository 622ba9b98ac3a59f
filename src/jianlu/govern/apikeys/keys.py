"""API keys: made and shown once, listed, looked up at every call, revoked for the next one.

A key belongs to an account, a person's or a program's. A program's account has no password and so no other way in. What a key was used for
is in the access record (`govern/access`) under `key:<id>`; here is only when it was used last, to the minute.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, insert, or_, select, update

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.ids import TenantId, tenant_id
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.apikeys._tables import api_keys
from jianlu.govern.apikeys.model import (
    KEY_PREFIX,
    LIFE_MAX,
    NAME_CHARACTERS_MAX,
    PER_MINUTE,
    PER_MINUTE_MAX,
    ApiKey,
    KeyHolder,
    check_scopes,
)
from jianlu.govern.identity.known import known_account
from jianlu.govern.identity.model import SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction

KEYS_MAX = 20
"""Keys of one account that hold at a time: more are keys that somebody forgot."""

_SECRET_BYTES = 32
_TOKEN_CHARACTERS_MAX = 80
_USED_EVERY = timedelta(minutes=1)
_AWAY = "this API key is not known, revoked or over: ask whoever gave it to you for a new one"


def make_key(
    using: IdentityPorts,
    tenant: TenantId,
    account: str,
    name: str,
    *,
    scopes: Sequence[str],
    life: timedelta,
    by: str,
    per_minute: int = PER_MINUTE,
) -> tuple[str, ApiKey]:
    """A new key of the account with that id; returns the key itself, which is kept nowhere, and what is kept of it.

    `by` is the account that made it. InvalidError for a malformed part, NotFoundError for an account that is none or is switched off,
    ConflictError when the account has too many.
    """
    made = _checked(tenant, account, name, scopes, life, per_minute, by, using.clock.now())
    token = KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    owner = known_account(using, tenant, account)
    if owner is None or not owner.is_active:
        raise NotFoundError("there is no such account that is switched on: choose whose key it shall be")
    with transaction(using.database) as connection:
        holding = select(api_keys.c.key).where(
            api_keys.c.account == account, api_keys.c.revoked_at.is_(None), api_keys.c.expires_at > instant_text(made.created_at)
        )
        if len(connection.execute(holding).all()) >= KEYS_MAX:
            raise ConflictError(f"this account has {KEYS_MAX} keys: revoke those that nobody uses")
        connection.execute(insert(api_keys).values(digest=digest_of(token.encode()), **_columns(made)))
    return token, made


def key_holder(using: IdentityPorts, tenant: TenantId, token: str) -> KeyHolder:
    """Who calls with the key; SignInNeededError when it is unknown, revoked, over, another tenant's or of an account switched off."""
    if not token.startswith(KEY_PREFIX) or len(token) > _TOKEN_CHARACTERS_MAX:
        raise SignInNeededError(_AWAY)
    now = using.clock.now()
    with transaction(using.database, writes=False) as connection:
        mine = api_keys.c.digest == digest_of(token.encode(errors="replace"))
        row = connection.execute(select(api_keys).where(mine)).mappings().one_or_none()
    owner = known_account(using, tenant, row["account"]) if row is not None else None
    if row is None or owner is None or not owner.is_active or row["tenant"] != tenant:
        raise SignInNeededError(_AWAY)
    key = _key(row)
    if not key.holds_at(now):
        raise SignInNeededError(_AWAY)
    _note_use(using, key, now)
    return KeyHolder(account=owner, sign_in=f"key:{key.id}", by_totp=False, key=key)


def list_keys(using: IdentityPorts, tenant: TenantId, *, account: str = "") -> list[ApiKey]:
    """The keys of the tenant, or of one account, newest first; revoked ones too: somebody may ask what they did."""
    wanted = [api_keys.c.tenant == tenant, *([api_keys.c.account == account] if account else [])]
    query = select(api_keys).where(*wanted).order_by(api_keys.c.created_at.desc(), api_keys.c.key)
    with transaction(using.database, writes=False) as connection:
        return [_key(row) for row in connection.execute(query).mappings()]


def find_key(using: IdentityPorts, tenant: TenantId, key: str) -> ApiKey:
    """The key of that id; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        query = select(api_keys).where(api_keys.c.tenant == tenant, api_keys.c.key == key)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such key here: look into the list of keys")
    return _key(row)


def revoke_key(using: IdentityPorts, tenant: TenantId, key: str) -> ApiKey:
    """From the next call on the key is nobody's, also on open streams; revoking again changes nothing. NotFoundError as `find_key`."""
    with transaction(using.database) as connection:
        mine = (api_keys.c.tenant == tenant, api_keys.c.key == key, api_keys.c.revoked_at.is_(None))
        connection.execute(update(api_keys).where(*mine).values(revoked_at=instant_text(using.clock.now())))
    return find_key(using, tenant, key)


def by_key(who: Staff | object) -> str:
    """The id of the key that `who` calls with; empty for people."""
    return who.key.id if isinstance(who, KeyHolder) else ""


def _note_use(using: IdentityPorts, key: ApiKey, now: datetime) -> None:
    if key.used_at is not None and now - key.used_at < _USED_EVERY:
        return
    with transaction(using.database) as connection:
        before = instant_text(now - _USED_EVERY)
        stale = (api_keys.c.key == key.id, or_(api_keys.c.used_at.is_(None), api_keys.c.used_at <= before))
        connection.execute(update(api_keys).where(*stale).values(used_at=instant_text(now)))


def _checked(
    tenant: TenantId, account: str, name: str, scopes: Sequence[str], life: timedelta, per_minute: int, by: str, now: datetime
) -> ApiKey:
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(f"a key has a name of 1 to {NAME_CHARACTERS_MAX} printable characters: say which program has it")
    if not timedelta(minutes=1) <= life <= LIFE_MAX:
        raise InvalidError(f"a key holds for a minute to {LIFE_MAX.days} days: make another one when it is over")
    if not 1 <= per_minute <= PER_MINUTE_MAX:
        raise InvalidError(f"a key may make 1 to {PER_MINUTE_MAX} calls a minute")
    made = "k" + base64.b32encode(secrets.token_bytes(17))[:26].decode().lower()
    return ApiKey(made, tenant, account, name.strip(), check_scopes(scopes), per_minute, by, now, now + life, None, None)


def _columns(key: ApiKey) -> dict[str, object]:
    return {
        "key": key.id,
        "tenant": key.tenant,
        "account": key.account,
        "name": key.name,
        "scopes": " ".join(key.scopes),
        "per_minute": key.per_minute,
        "created_by": key.created_by,
        "created_at": instant_text(key.created_at),
        "expires_at": instant_text(key.expires_at),
    }


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(
        id=row["key"],
        tenant=tenant_id(row["tenant"]),
        account=row["account"],
        name=row["name"],
        scopes=tuple(row["scopes"].split()),
        per_minute=row["per_minute"],
        created_by=row["created_by"],
        created_at=parse_instant(row["created_at"]),
        expires_at=parse_instant(row["expires_at"]),
        used_at=parse_instant(row["used_at"]) if row["used_at"] else None,
        revoked_at=parse_instant(row["revoked_at"]) if row["revoked_at"] else None,
    )
