"""`jianlu init`: makes a home with its trust roots, explicitly, once.

Starting the program never makes keys or databases; this command alone does, and refuses a folder that is not empty.
"""

from __future__ import annotations

import json as json_text
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.note import parse_verifier_key, verifier_key
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.entry.cli._output import AsJson, show
from jianlu.ledger.signers import sm2_keys
from jianlu.runtime.key_settings import read_key_settings, with_key_settings
from jianlu.runtime.settings import parse_settings
from jianlu.verify.trust import Trust, TrustedSm2, trust_bytes
from jianlu.wiring import TLS_AUTHORITY, create_home

TRUST_FILE = "trust.json"


def init(
    home: Path,
    *,
    tenant: Annotated[str, Parameter(help="Whose evidence: lower-case letters, digits, hyphens.")] = "demo-bank",
    origin: Annotated[str, Parameter(help="Name of the ledger, for ever.")] = "jianlu.example/demo",
    keys: Annotated[
        Path | None, Parameter(help="A file with a table [keys]: who holds the root key. A file of the home without it.")
    ] = None,
    suite: Annotated[
        Literal["international", "sm"],
        Parameter(help="What is sealed and signed with: sm is SM4-GCM, SM3, SM2, beside SHA-256 and Ed25519 in the ledger."),
    ] = "international",
    json: AsJson = False,
) -> int:
    """Make a home: keys, ledger, vault, index, settings, and trust.json to hand to whoever will verify."""
    text = settings_text(tenant_id(tenant), origin, suite=suite)
    if keys is not None:
        text = with_key_settings(text, read_key_settings(keys, key=f"jianlu-{secrets.token_hex(8)}"))
    document = make_home(home, text)
    message = (
        f"已建立 / home made: {home}\n"
        f"  账本公钥 / ledger key    {document['ledger']}\n"
        f"  签包公钥 / package key   {document['package']}\n"
        f"  验证程序 / verifier      {document['verifier']}\n"
        f"请公布 {home / TRUST_FILE},并备份 {home / 'secrets'}。 / Publish trust.json; back up secrets/.\n"
        f"{_how_to_trust(home / TLS_AUTHORITY)}"
    )
    show(document, message, as_json=json)
    return 0


def make_home(home: Path, text: str) -> dict[str, str]:
    """A home by the settings `text`, with trust.json; returns where things are and the public keys. Raises as `create_home`."""
    settings = parse_settings(text)
    ledger_key, package_key = create_home(home, settings, text)
    verifier_digest = digest_of(verifier_bytes())
    keys = ((parse_verifier_key(ledger_key),), (parse_verifier_key(package_key),))
    trust = Trust(*keys, (verifier_digest,), sm2=tuple(TrustedSm2(key) for key in sm2_keys(home, settings)))
    try:
        (home / TRUST_FILE).write_bytes(trust_bytes(trust))
    except OSError as error:
        raise UnavailableError(f"{TRUST_FILE} cannot be written ({error.strerror})") from error
    return {
        "home": str(home),
        "ledger": ledger_key,
        "package": package_key,
        "verifier": verifier_digest,
        "trust": str(home / TRUST_FILE),
        "authority": str(home / TLS_AUTHORITY),
    }


def _how_to_trust(authority: Path) -> str:
    return (
        f"浏览器须信任开发用 CA(仅限本机与内网地址) / browsers must trust the development CA (local names and addresses only):\n"
        f"  {authority}\n"
        f"  Chrome, Edge   设置-隐私和安全-安全-管理证书-受信任的根 / Settings, Privacy and security, Manage certificates, import\n"
        f"  Firefox        设置-隐私与安全-查看证书-证书颁发机构 / Settings, Privacy & Security, View Certificates, Authorities\n"
        f"  手机 / phone    发送该文件到手机并安装为 CA 证书 / send the file to the phone, install it as a CA certificate\n"
        f"建立账户、启动服务 / make an account, start: jianlu account add NAME --roles agent --home {authority.parent.parent}; "
        f"jianlu serve {authority.parent.parent}"
    )


def settings_text(tenant: str, origin: str, *, suite: str = "international") -> str:
    """The commented settings file with this tenant, origin and suite; InvalidError when `origin` cannot name a ledger and its signer."""
    signer = verifier_key(f"{origin}/package", bytes(32)).name
    verifier_key(origin, bytes(32))
    text = files("jianlu.runtime").joinpath("jianlu.toml").read_text(encoding="utf-8")
    if suite == "sm":
        text = text.replace('suite = "international"', 'suite = "sm"')
        text = text.replace('sm2_key = ""', 'sm2_key = "secrets/ledger-sm2.pem"', 1)
        text = text.replace('sm2_key = ""', 'sm2_key = "secrets/package-sm2.pem"', 1)
    return (
        text.replace('id = "demo-bank"', f"id = {_quoted(tenant)}")
        .replace('origin = "jianlu.example/demo"', f"origin = {_quoted(origin)}")
        .replace('signer = "jianlu.example/demo/package"', f"signer = {_quoted(signer)}")
    )


def _quoted(text: str) -> str:
    """`text` as a TOML string: JSON's escapes are TOML's."""
    return json_text.dumps(text, ensure_ascii=False)
