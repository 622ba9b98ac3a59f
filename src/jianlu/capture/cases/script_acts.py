"""Who did what to which version of a script, when and why: kept in the ledger before it takes effect, and listed from a table.

The acts are `saved` and `discarded` (a draft), `proposed`, `approved`, `withdrawn`. In the ledger each is a change of the access log
(`specs/access-log.md`), sealed, with the digest of the text; the table is what a page lists.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from jianlu.capture.cases._tables import script_acts
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import InvalidError
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.database import transaction

REASON_MAX = 400


@dataclass(frozen=True, slots=True)
class ScriptAct:
    """One act: `digest` is SHA-256 of the version's canonical bytes, of a draft's as it was saved."""

    act: str
    version: str
    digest: str
    account: str
    at: str
    reason: str = ""


def witness(script: str, act: str, version: str, digest: str, account: str, reason: str, *, using: SessionPorts) -> ScriptAct:
    """The act, durable in the ledger; call it before the act takes effect, and `enter` it with the effect.

    Raises UnavailableError when the ledger cannot keep it: then it does not happen. An act that was kept and failed afterwards is
    kept again with the next try.
    """
    if len(reason) > REASON_MAX or not (reason.isprintable() or not reason):
        raise InvalidError(f"a reason has at most {REASON_MAX} printable characters")
    made = ScriptAct(act, version, digest, account, instant_text(using.clock.now()), reason)
    using.access.log.change("script", {"script": script, **asdict(made)})
    return made


def enter(connection: Connection, tenant: str, script: str, act: ScriptAct) -> None:
    """List the act, in the transaction of its effect."""
    newest = select(func.max(script_acts.c.n)).where(script_acts.c.tenant == tenant, script_acts.c.script == script)
    n = (connection.execute(newest).scalar() or 0) + 1
    connection.execute(insert(script_acts).values(tenant=tenant, script=script, n=n, **asdict(act)))


def find_acts(script: str, *, using: SessionPorts) -> list[dict[str, Any]]:
    """Every act on the script, the newest first."""
    columns = script_acts.c
    query = select(script_acts).where(columns.tenant == using.tenant, columns.script == script).order_by(columns.n.desc())
    with transaction(using.database, writes=False) as connection:
        return [{name: row[name] for name in ScriptAct.__dataclass_fields__} for row in connection.execute(query).mappings()]
