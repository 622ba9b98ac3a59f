"""`jianlu account`: local accounts of the service. Works beside a running service; a password is asked for, never an argument.

What an account is and how it is kept is `govern/identity/`.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from jianlu.core.errors import InvalidError
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show
from jianlu.govern.identity import accounts, totp
from jianlu.govern.identity.model import Account, Role
from jianlu.wiring import open_identity

app = App(name="account", help="Local accounts: agents, supervisors, compliance, administrators.")

Codes = Annotated[str, Parameter(help="Codes, separated by commas.")]


@app.command
def add(
    name: str,
    *,
    roles: Annotated[str, Parameter(help=f"Separated by commas: {', '.join(Role)}.")],
    display: Annotated[str, Parameter(help="The name that customers see.")] = "",
    languages: Codes = "zh",
    licences: Codes = "",
    skills: Codes = "",
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Make an account; its password is asked for on the terminal, or read as one line from standard input."""
    with open_identity(home_path(home)) as (settings, identity):
        account = accounts.add_account(
            identity,
            tenant_id(settings.tenant.id),
            name,
            _password(),
            roles=_split(roles),
            display=display,
            languages=_split(languages),
            licences=_split(licences),
            skills=_split(skills),
        )
    show(_document(account), f"已建立账户 / account made: {_line(account)}", as_json=json)
    return 0


@app.command(name="list")
def list_all(*, home: HomePath = None, json: AsJson = False) -> int:
    """List the accounts of this home."""
    with open_identity(home_path(home)) as (settings, identity):
        found = accounts.list_accounts(identity, tenant_id(settings.tenant.id))
    text = "\n".join(_line(account) for account in found) or "没有账户 / no accounts yet: jianlu account add NAME --roles agent"
    show({"accounts": [_document(account) for account in found]}, text, as_json=json)
    return 0


@app.command
def password(name: str, *, home: HomePath = None) -> int:
    """Set a new password; the account is unlocked and signed out everywhere."""
    with open_identity(home_path(home)) as (settings, identity):
        accounts.set_password(identity, tenant_id(settings.tenant.id), name, _password())
    return 0


@app.command
def unlock(name: str, *, home: HomePath = None) -> int:
    """Let an account that was locked by failed tries sign in again at once."""
    with open_identity(home_path(home)) as (settings, identity):
        accounts.unlock_account(identity, tenant_id(settings.tenant.id), name)
    return 0


@app.command
def disable(name: str, *, home: HomePath = None) -> int:
    """Switch an account off and sign it out everywhere."""
    return _set_active(name, home, is_active=False)


@app.command
def enable(name: str, *, home: HomePath = None) -> int:
    """Switch an account on again."""
    return _set_active(name, home, is_active=True)


@app.command(name="reset-totp")
def reset_totp(name: str, *, home: HomePath = None) -> int:
    """Take an account's second factor away, for a lost phone."""
    with open_identity(home_path(home)) as (settings, identity):
        totp.reset_totp(identity, tenant_id(settings.tenant.id), name)
    return 0


def _set_active(name: str, home: Path | None, *, is_active: bool) -> int:
    with open_identity(home_path(home)) as (settings, identity):
        accounts.set_active(identity, tenant_id(settings.tenant.id), name, is_active=is_active)
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    entered = getpass.getpass("密码 / password: ")
    if getpass.getpass("再输一次 / once more: ") != entered:
        raise InvalidError("the two passwords differ: try again")
    return entered


def _split(codes: str) -> Sequence[str]:
    return [code.strip() for code in codes.split(",") if code.strip()]


def _document(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.name,
        "display": account.display,
        "roles": sorted(account.roles),
        "languages": list(account.languages),
        "licences": list(account.licences),
        "skills": list(account.skills),
        "active": account.is_active,
        "totp": account.has_totp,
    }


def _line(account: Account) -> str:
    marks = ["" if account.is_active else "已停用/off", "TOTP" if account.has_totp else ""]
    return f"{account.name:<20} {', '.join(sorted(account.roles)):<30} {account.display} {' '.join(filter(None, marks))}".rstrip()
