"""`jianlu sandbox`: a home in which third parties try the API, with sample cases and a key.

What is in it is `entry/sandbox.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jianlu.entry.cli._output import AsJson, show, stages
from jianlu.entry.cli.home import make_home, settings_text
from jianlu.entry.sandbox import ORIGIN, TENANT, fill_sandbox, settings_of
from jianlu.wiring import TLS_AUTHORITY


def sandbox(
    home: Path,
    *,
    recorded: Annotated[bool, Parameter(help="Also seal the sample recording, which takes a minute or two.")] = False,
    json: AsJson = False,
) -> int:
    """Make HOME, a sandbox for third parties: accounts, scripts in force, cases of made-up people, and an API key, shown this once."""
    made = make_home(home, settings_of(settings_text(TENANT, ORIGIN)))
    with stages() as progress:
        filled = fill_sandbox(home, is_recorded=recorded, progress=progress.at)
    document = {**made, "tenant": TENANT, "key": filled.key, "password": filled.password, "cases": list(filled.cases)}
    message = (
        f"沙箱已建立 / sandbox made: {home}\n"
        f"  API 密钥(只显示一次) / API key (shown once)   {filled.key}\n"
        f"  账号 / accounts  agent, supervisor, compliance, administrator, security   密码 / password  {filled.password}\n"
        f"  案件 / cases     {', '.join(filled.cases)}\n"
        f"启动 / start     jianlu serve {home}\n"
        f"试用 / try       curl --cacert {home / TLS_AUTHORITY} -H 'Authorization: Bearer {filled.key}' "
        "https://localhost:8443/api/v1/cases"
    )
    show(document, message, as_json=json)
    return 0
