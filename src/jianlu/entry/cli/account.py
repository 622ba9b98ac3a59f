"""`jianlu account`: local accounts of the service. Works beside a running service. Whoever makes an account gets a link for its owner.

What an account is and how it is kept is `govern/identity/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show
from jianlu.govern.identity import accounts, sign_ins, totp
from jianlu.govern.identity.model import Account, Role
from jianlu.govern.identity.releases import offer_enrolment
from jianlu.runtime.settings import Settings
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
    """Make an account, and a link by which its owner alone sets a password or passkey: good once, for three days."""
    with open_identity(home_path(home)) as (settings, identity):
        tenant = tenant_id(settings.tenant.id)
        account = accounts.make_account(
            identity,
            tenant,
            name,
            roles=_split(roles),
            display=display,
            languages=_split(languages),
            licences=_split(licences),
            skills=_split(skills),
        )
        offer = offer_enrolment(identity, tenant, account.name)
    link = _link(settings, offer.token)
    text = f"已建立账户 / account made: {_line(account)}\n{_hand_over(link, offer.code)}"
    show({**_document(account), "link": link, "code": offer.code}, text, as_json=json)
    return 0


@app.command(name="list")
def list_all(*, home: HomePath = None, json: AsJson = False) -> int:
    """List the accounts of this home."""
    with open_identity(home_path(home)) as (settings, identity):
        found = accounts.list_accounts(identity, tenant_id(settings.tenant.id))
    text = "\n".join(_line(account) for account in found) or "没有账户 / no accounts yet: jianlu account add NAME --roles agent"
    show({"accounts": [_document(account) for account in found]}, text, as_json=json)
    return 0


@app.command(name="link")
def new_link(name: str, *, home: HomePath = None, json: AsJson = False) -> int:
    """A new link for the account's owner, who lost what let them in: taking it ends everything that did before."""
    with open_identity(home_path(home)) as (settings, identity):
        offer = offer_enrolment(identity, tenant_id(settings.tenant.id), name)
    link = _link(settings, offer.token)
    show({"name": name, "link": link, "code": offer.code}, _hand_over(link, offer.code), as_json=json)
    return 0


@app.command(name="sign-out")
def sign_out(name: str, *, home: HomePath = None) -> int:
    """Sign an account out everywhere, at once, on open pages and calls too."""
    with open_identity(home_path(home)) as (settings, identity):
        account = accounts.find_account(identity, tenant_id(settings.tenant.id), name)
        sign_ins.end_all_sign_ins(identity, account, by=accounts.OPERATOR)
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


def _link(settings: Settings, token: str) -> str:
    url = settings.serve.public_url or f"https://localhost:{settings.serve.port}"
    return f"{url}/enrol#{token}"


def _hand_over(link: str, code: str) -> str:
    """What to do with a link: somebody else releases it, unless nobody else could."""
    text = f"请将此链接只交给本人，三日内一次有效 / give this link to its owner alone, good once, for three days:\n  {link}\n"
    if code:
        return f"{text}尚无他人可放行，验证码 / nobody else could release it yet, its code: {code}"
    second = (
        "须由主管或管理员在页面上放行并当面告知验证码 / a supervisor or administrator releases it and tells the owner its code"
    )
    return f"{text}{second}"


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
