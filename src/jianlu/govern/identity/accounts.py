"""Accounts: made, listed, changed, switched off. How their owners get in is `enrolment.py`; nobody sets a password for somebody else.

Switching an account off also ends its sign-ins, at once.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity.model import Account, Role
from jianlu.govern.identity.notes import Act, note
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_ins import end_sign_ins
from jianlu.runtime.database import transaction

_NAME = re.compile(r"^[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?$")
_CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$")
_DISPLAY_CHARACTERS_MAX = 80

NO_PASSWORD = ""
OPERATOR = "operator"
"""Who acts by the command line on the machine itself."""

_CODES_MAX = 20


def make_account(
    using: IdentityPorts, tenant: TenantId, name: str, *, roles: Iterable[str], by: str = OPERATOR, **words: Any
) -> Account:
    """A new account without any way in: its owner sets that up (`enrolment.py`). Durable when this returns.

    `words` are as for `new_account`. InvalidError for a malformed part, ConflictError when the name is taken.
    """
    account = new_account(tenant, name, roles=roles, **words)
    now = using.clock.now()
    with transaction(using.database) as connection:
        _records.add(connection, account, NO_PASSWORD, instant_text(now))
        note(connection, tenant, Act.MADE, account.id, at=now, by=by, how=" ".join(sorted(account.roles)))
    return account


def new_account(
    tenant: TenantId,
    name: str,
    *,
    roles: Iterable[str],
    display: str = "",
    languages: Sequence[str] = (),
    licences: Sequence[str] = (),
    skills: Sequence[str] = (),
) -> Account:
    """An account that is kept nowhere yet; InvalidError for a malformed part."""
    words = {"languages": _codes(languages), "licences": _codes(licences), "skills": _codes(skills)}
    return account_of_nobody(tenant, name, roles=_roles(roles), display=display, **words)


def account_of_nobody(
    tenant: TenantId, name: str, *, roles: frozenset[Role], display: str = "", **words: tuple[str, ...]
) -> Account:
    """As `new_account`, also without any role: somebody whom the directory hands over before it says what they do."""
    account = "a" + base64.b32encode(secrets.token_bytes(17))[:26].decode().lower()
    return Account(
        account,
        tenant,
        check_name(name),
        _display(display or name),
        roles,
        words.get("languages", ()),
        words.get("licences", ()),
        words.get("skills", ()),
    )


def list_accounts(using: IdentityPorts, tenant: TenantId) -> list[Account]:
    """Every account of the tenant, by name."""
    with transaction(using.database, writes=False) as connection:
        return _records.all_of(connection, tenant)


def find_account(using: IdentityPorts, tenant: TenantId, name: str) -> Account:
    """The account of that name; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        return _records.require(_records.find(connection, tenant, name))


@dataclass(frozen=True, slots=True)
class Ways:
    """How an account's owner gets in, as far as it is kept with the account; `locked_until` is empty when it is not locked."""

    account: Account
    has_password: bool
    locked_until: str


def look_at_ways(using: IdentityPorts, tenant: TenantId, name: str) -> Ways:
    """Of the account of that name; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        kept = _records.find(connection, tenant, name)
        account = _records.require(kept)
    until = (kept.locked_until or "") if kept else ""
    return Ways(account, bool(kept and kept.password_hash), until if until > instant_text(using.clock.now()) else "")


def shown_names(using: IdentityPorts, tenant: TenantId, accounts: Iterable[str]) -> dict[str, str]:
    """The shown names of accounts by id; an id that is nobody's here is left out."""
    wanted = set(accounts)
    with transaction(using.database, writes=False) as connection:
        return {each.id: each.display for each in _records.all_of(connection, tenant) if each.id in wanted}


def unlock_account(using: IdentityPorts, tenant: TenantId, name: str, *, by: str = OPERATOR) -> None:
    """Forget the account's failed tries. NotFoundError when there is none of that name."""
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, failures=0, locked_until=None)
        note(connection, tenant, Act.UNLOCKED, account.id, at=using.clock.now(), by=by)


def set_active(using: IdentityPorts, tenant: TenantId, name: str, *, is_active: bool, by: str = OPERATOR) -> None:
    """Switch the account on or off; off, its sign-ins end. NotFoundError when there is none of that name."""
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, is_active=is_active)
        note(connection, tenant, Act.SWITCHED_ON if is_active else Act.SWITCHED_OFF, account.id, at=using.clock.now(), by=by)
        if not is_active:
            end_sign_ins(connection, account.id)


def check_name(name: str) -> str:
    """`name`, if an account may have it; InvalidError otherwise."""
    if not _NAME.fullmatch(name):
        raise InvalidError(
            "an account's name is 1 to 64 of a-z, 0-9, dot, hyphen, underscore and @, with a letter or digit at both ends"
        )
    return name


def _roles(names: Iterable[str]) -> frozenset[Role]:
    try:
        roles = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise InvalidError(f"a role is one of {', '.join(Role)}") from error
    if not roles:
        raise InvalidError(f"an account needs at least one role: {', '.join(Role)}")
    return roles


def _codes(codes: Sequence[str]) -> tuple[str, ...]:
    if len(codes) > _CODES_MAX or not all(_CODE.fullmatch(code) for code in codes):
        raise InvalidError(f"languages, licences and skills are codes of letters, digits and . _ : -, at most {_CODES_MAX} each")
    return tuple(dict.fromkeys(codes))


def _display(text: str) -> str:
    if not text.strip() or len(text) > _DISPLAY_CHARACTERS_MAX or not text.isprintable():
        raise InvalidError(f"the shown name has 1 to {_DISPLAY_CHARACTERS_MAX} printable characters")
    return text.strip()
