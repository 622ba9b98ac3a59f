"""Accounts: made, listed, changed, switched off. Signing in is `sign_in.py`; codes from an authenticator are `totp.py`.

A change that takes something away (password, activity) also ends the account's sign-ins, at once.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Sequence

from jianlu.core.errors import InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity import _records
from jianlu.govern.identity.model import Account, Role
from jianlu.govern.identity.passwords import check_password
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import end_sign_ins
from jianlu.runtime.database import transaction

_NAME = re.compile(r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")
_CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$")
_DISPLAY_CHARACTERS_MAX = 80
_CODES_MAX = 20


def add_account(
    using: IdentityPorts,
    tenant: TenantId,
    name: str,
    password: str,
    *,
    roles: Iterable[str],
    display: str = "",
    languages: Sequence[str] = (),
    licences: Sequence[str] = (),
    skills: Sequence[str] = (),
) -> Account:
    """A new account; durable when this returns. InvalidError for a malformed part, ConflictError when the name is taken."""
    account = Account(
        id="a" + base64.b32encode(secrets.token_bytes(17))[:26].decode().lower(),
        tenant=tenant,
        name=check_name(name),
        display=_display(display or name),
        roles=_roles(roles),
        languages=_codes(languages),
        licences=_codes(licences),
        skills=_codes(skills),
    )
    check_password(password, name)
    with using.passwords.turn():
        hashed = using.passwords.hash(password)
    with transaction(using.database) as connection:
        _records.add(connection, account, hashed, instant_text(using.clock.now()))
    return account


def list_accounts(using: IdentityPorts, tenant: TenantId) -> list[Account]:
    """Every account of the tenant, by name."""
    with transaction(using.database, writes=False) as connection:
        return _records.all_of(connection, tenant)


def find_account(using: IdentityPorts, tenant: TenantId, name: str) -> Account:
    """The account of that name; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        return _records.require(_records.find(connection, tenant, name))


def shown_names(using: IdentityPorts, tenant: TenantId, accounts: Iterable[str]) -> dict[str, str]:
    """The shown names of accounts by id; an id that is nobody's here is left out."""
    wanted = set(accounts)
    with transaction(using.database, writes=False) as connection:
        return {each.id: each.display for each in _records.all_of(connection, tenant) if each.id in wanted}


def set_password(using: IdentityPorts, tenant: TenantId, name: str, password: str) -> None:
    """A new password: the account is unlocked and its sign-ins end. NotFoundError, or InvalidError as for a new account."""
    check_password(password, name)
    with using.passwords.turn():
        hashed = using.passwords.hash(password)
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, password_hash=hashed, failures=0, locked_until=None)
        end_sign_ins(connection, account.id)


def unlock_account(using: IdentityPorts, tenant: TenantId, name: str) -> None:
    """Forget the account's failed tries. NotFoundError when there is none of that name."""
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, failures=0, locked_until=None)


def set_active(using: IdentityPorts, tenant: TenantId, name: str, *, is_active: bool) -> None:
    """Switch the account on or off; off, its sign-ins end. NotFoundError when there is none of that name."""
    with transaction(using.database) as connection:
        account = _records.require(_records.find(connection, tenant, name, lock=True))
        _records.change(connection, account.id, is_active=is_active)
        if not is_active:
            end_sign_ins(connection, account.id)


def check_name(name: str) -> str:
    """`name`, if an account may have it; InvalidError otherwise."""
    if not _NAME.fullmatch(name):
        raise InvalidError(
            "an account's name is 1 to 64 of a-z, 0-9, dot, hyphen and underscore, with a letter or digit at both ends"
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
