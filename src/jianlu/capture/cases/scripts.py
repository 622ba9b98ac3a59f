"""Scripts as versioned data: proposed by one person, approved by another, in force between two dates and under conditions.

A version never changes once proposed; a session keeps the digest of the one it ran, and old ones stay readable. Rules: `specs/script.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from jianlu.capture.cases._tables import script_versions
from jianlu.capture.cases.rehearsal import rehearse, require_complete
from jianlu.capture.cases.scenes import check_script, script_of
from jianlu.capture.cases.script_acts import ScriptAct, enter, witness
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.script import FORMAT, Script, parse_script, script_bytes
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.model import Role, Staff
from jianlu.govern.policy.conditions import Missing, evaluate, parse_condition
from jianlu.govern.policy.model import FactValue
from jianlu.runtime.database import transaction

PROPOSED, APPROVED, WITHDRAWN = "proposed", "approved", "withdrawn"
SHIPPED_SINCE = "2000-01-01"
EVER = "9999-12-31"
"""`effective_to` of a version without an end."""

_PROPOSERS = (Role.SUPERVISOR, Role.COMPLIANCE)
_CONDITIONS_MAX = 4000


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One version of a script: its digest, state, dates (`effective_to` is the first day it no longer holds) and the two people."""

    script: str
    version: str
    digest: str
    state: str
    effective_from: str
    effective_to: str
    conditions: Mapping[str, Any] | None
    proposed_by: str
    proposed_at: str
    approved_by: str
    approved_at: str
    content: bytes

    @property
    def parsed(self) -> Script:
        """The script itself."""
        return parse_script(self.content)

    @property
    def document(self) -> dict[str, Any]:
        """The version as lists show it, without its steps."""
        names = ("script", "version", "digest", "state", "effective_from", "effective_to", "conditions")
        people = ("proposed_by", "proposed_at", "approved_by", "approved_at")
        return {name: getattr(self, name) for name in (*names, *people)} | {"title": dict(self.parsed.title)}


def propose_script(content: Mapping[str, Any], *, reason: str = "", using: SessionPorts, by: Staff) -> ScriptRow:
    """A new version, which holds for nobody yet. `content`: the script's fields, `effective_from`, `effective_to`, `conditions`.

    The same content again answers with what is there; another content under a version that exists is ConflictError. InvalidError,
    naming the clauses, when a talk that follows the script would lack what the rules demand (`rehearsal.py`).
    """
    require_editor(by, using)
    fields = dict(content)
    since, until, conditions = fields.pop("effective_from", ""), fields.pop("effective_to", ""), fields.pop("conditions", None)
    fields.setdefault("format", FORMAT)
    script = script_of(fields, "the proposed script")
    dates = _day(since, "effective_from"), _day(until or EVER, "effective_to")
    if dates[0] >= dates[1]:
        raise InvalidError("`effective_from` must be before `effective_to`: a version holds for a day at least")
    if conditions is not None:
        parse_condition(dict(conditions))
    require_complete(rehearse(script, conditions, scenes=using.scenes, rules=using.rules, on=_rehearsed_on(dates[0], using)))
    return _propose(script, dates, conditions, by.account.id, using, reason)


def approve_script(script: str, version: str, *, reason: str = "", using: SessionPorts, by: Staff) -> ScriptRow:
    """Put a proposed version in force from its date; DeniedError for whoever proposed it: a script is approved by a second person."""
    require_editor(by, using)
    return _approve(script, version, by.account.id, using, reason)


def withdraw_script(script: str, version: str, *, reason: str = "", using: SessionPorts, by: Staff) -> ScriptRow:
    """Take a version out of force for new cases; running sessions and old ones keep it."""
    require_editor(by, using)
    with transaction(using.database, writes=False) as connection:
        row = _found(connection, using.tenant, script, version)
    if row.state == WITHDRAWN:
        return row
    act = witness(script, WITHDRAWN, version, row.digest, by.account.id, reason, using=using)
    with transaction(using.database) as connection:
        connection.execute(update(script_versions).where(*_key(using.tenant, script, version)).values(state=WITHDRAWN))
        enter(connection, using.tenant, script, act)
    return _replaced(row, state=WITHDRAWN)


def find_scripts(*, using: SessionPorts, by: Staff) -> list[ScriptRow]:
    """Every version of every script, by script and version."""
    _same_tenant(by, using)
    query = _of_tenant(using.tenant).order_by(script_versions.c.script, script_versions.c.proposed_at, script_versions.c.version)
    with transaction(using.database, writes=False) as connection:
        return [_row(row) for row in connection.execute(query).mappings()]


def read_script(script: str, version: str, *, using: SessionPorts, by: Staff) -> dict[str, Any]:
    """One version with its steps, as the canonical document has them."""
    _same_tenant(by, using)
    with transaction(using.database, writes=False) as connection:
        row = _found(connection, using.tenant, script, version)
    return {**row.document, "content": json.loads(row.content)}


def proposer_of(script: str, version: str, *, using: SessionPorts) -> str:
    """The account that proposed a version; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        return _found(connection, using.tenant, script, version).proposed_by


def propose_shipped_scripts(*, using: SessionPorts, by: Staff) -> list[ScriptRow]:
    """Propose the scripts that come with the scenes; versions that are there stay as they are. As any other, each waits for approval."""
    require_editor(by, using)
    return [_propose(scene.script, (SHIPPED_SINCE, EVER), None, by.account.id, using) for scene in using.scenes.values()]


def adopt_shipped_scripts(*, using: SessionPorts, proposed_by: str, approved_by: str) -> None:
    """Put the scripts that come with the scenes in force, on behalf of two people; versions that are there stay as they are.

    The ledger keeps it as one act of two people, with the digest of each script.
    """
    if proposed_by == approved_by:
        raise DeniedError("a script is approved by a second person: name two", code="second_person")
    with transaction(using.database, writes=False) as connection:
        there = {(row.script, row.version): row for row in map(_row, connection.execute(_of_tenant(using.tenant)).mappings())}
    shipped = {(scene.script.script, scene.script.version): scene.script for scene in using.scenes.values()}
    fresh = [script for key, script in shipped.items() if key not in there]
    rows = [_version(script, (SHIPPED_SINCE, EVER), None, proposed_by, using) for script in fresh]
    if rows:
        names = [[row.script, row.version, row.digest] for row in rows]
        adopted = {"act": "adopted", "scripts": names, "proposed_by": proposed_by, "approved_by": approved_by}
        using.access.log.change("script", adopted)
    with transaction(using.database) as connection:
        for row in rows:
            values = {"state": APPROVED, "approved_by": approved_by, "approved_at": row.proposed_at}
            _add(connection, _replaced(row, **values), using.tenant)
            for act, account in ((PROPOSED, proposed_by), (APPROVED, approved_by)):
                enter(connection, using.tenant, row.script, ScriptAct(act, row.version, row.digest, account, row.proposed_at))
    for key, row in there.items():
        if row.state == PROPOSED and key in shipped:
            _approve(row.script, row.version, approved_by, using)


def script_in_force(script: str, on: date, facts: Mapping[str, FactValue], *, using: SessionPorts) -> ScriptRow:
    """The approved version of `script` that holds on the day for these facts; of several, the one with conditions, then the newest.

    ConflictError when there is none: nothing is said to customers that two people did not agree on.
    """
    with transaction(using.database, writes=False) as connection:
        query = _of_tenant(using.tenant).where(script_versions.c.script == script, script_versions.c.state == APPROVED)
        rows = [_row(row) for row in connection.execute(query).mappings()]
    today = on.isoformat()
    holding = [row for row in rows if row.effective_from <= today < row.effective_to and _holds(row, facts)]
    if not holding:
        raise ConflictError(f"no approved version of the script {script} is in force for this case: propose and approve one")
    return max(holding, key=lambda row: (row.conditions is not None, row.effective_from, _order(row.version)))


def _holds(row: ScriptRow, facts: Mapping[str, FactValue]) -> bool:
    if row.conditions is None:
        return True
    answer = evaluate(parse_condition(dict(row.conditions)), facts, named={}, amount=lambda _: 0)
    return not isinstance(answer, Missing) and answer


def _propose(
    script: Script,
    dates: tuple[str, str],
    conditions: Mapping[str, Any] | None,
    account: str,
    using: SessionPorts,
    reason: str = "",
) -> ScriptRow:
    row = _version(script, dates, conditions, account, using)
    with transaction(using.database, writes=False) as connection:
        there = _find(connection, using.tenant, row.script, row.version)
    if there is None:
        act = witness(row.script, PROPOSED, row.version, row.digest, account, reason, using=using)
        with transaction(using.database) as connection:
            there = _find(connection, using.tenant, row.script, row.version)
            if there is None:
                _add(connection, row, using.tenant)
                enter(connection, using.tenant, row.script, act)
                return row
    if (there.digest, there.conditions) != (row.digest, row.conditions):
        raise ConflictError(f"version {row.version} of {row.script} exists with other content: give yours a new version")
    return there


def _version(
    script: Script, dates: tuple[str, str], conditions: Mapping[str, Any] | None, account: str, using: SessionPorts
) -> ScriptRow:
    check_script(script)
    content = script_bytes(script)
    if len(_kept(conditions)) > _CONDITIONS_MAX:
        raise InvalidError(f"the conditions of a script are longer than {_CONDITIONS_MAX} characters: state them more simply")
    return ScriptRow(
        script=script.script,
        version=script.version,
        digest=digest_of(content),
        state=PROPOSED,
        effective_from=dates[0],
        effective_to=dates[1],
        conditions=conditions,
        proposed_by=account,
        proposed_at=instant_text(using.clock.now()),
        approved_by="",
        approved_at="",
        content=content,
    )


def _add(connection: Connection, row: ScriptRow, tenant: str) -> None:
    values = {name: getattr(row, name) for name in ScriptRow.__dataclass_fields__ if name != "conditions"}
    connection.execute(insert(script_versions).values(tenant=tenant, conditions=_kept(row.conditions), **values))


def _kept(conditions: Mapping[str, Any] | None) -> str:
    return json.dumps(conditions, sort_keys=True) if conditions is not None else ""


def _approve(script: str, version: str, account: str, using: SessionPorts, reason: str = "") -> ScriptRow:
    with transaction(using.database, writes=False) as connection:
        row = _found(connection, using.tenant, script, version)
    if _is_approved(row, account):
        return row
    act = witness(script, APPROVED, version, row.digest, account, reason, using=using)
    values = {"state": APPROVED, "approved_by": account, "approved_at": act.at}
    with transaction(using.database) as connection:
        row = _found(connection, using.tenant, script, version)
        if _is_approved(row, account):
            return row
        connection.execute(update(script_versions).where(*_key(using.tenant, script, version)).values(**values))
        enter(connection, using.tenant, script, act)
    return _replaced(row, **values)


def _is_approved(row: ScriptRow, account: str) -> bool:
    """Whether it was approved already; raises for who may not, and for what may not be any more."""
    if row.proposed_by == account:
        raise DeniedError("whoever proposed a script does not approve it: ask a second person", code="second_person")
    if row.state == WITHDRAWN:
        raise ConflictError("this version was withdrawn: propose a new one", code="script_withdrawn")
    return row.state == APPROVED


def _rehearsed_on(effective_from: str, using: SessionPorts) -> date:
    """The day for whose rules a version is rehearsed: its first, or today where that is past."""
    return max(date.fromisoformat(effective_from), using.clock.now().date())


def require_editor(by: Staff, using: SessionPorts) -> None:
    """DeniedError for whoever neither proposes nor approves scripts, NotFoundError for another tenant's."""
    _same_tenant(by, using)
    if not by.has(*_PROPOSERS):
        raise DeniedError("scripts are proposed and approved by supervisors and compliance: ask one of them")


def _same_tenant(by: Staff, using: SessionPorts) -> None:
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")


def _day(text: object, what: str) -> str:
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError as error:
        raise InvalidError(f"`{what}` must be a date such as 2026-12-01") from error


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _of_tenant(tenant: str) -> Select[Any]:
    return select(script_versions).where(script_versions.c.tenant == tenant)


def _key(tenant: str, script: str, version: str) -> tuple[Any, ...]:
    columns = script_versions.c
    return (columns.tenant == tenant, columns.script == script, columns.version == version)


def _find(connection: Connection, tenant: str, script: str, version: str) -> ScriptRow | None:
    row = connection.execute(select(script_versions).where(*_key(tenant, script, version))).mappings().one_or_none()
    return _row(row) if row else None


def _found(connection: Connection, tenant: str, script: str, version: str) -> ScriptRow:
    row = _find(connection, tenant, script, version)
    if row is None:
        raise NotFoundError("there is no such version of a script: look at the list of scripts")
    return row


def _row(row: RowMapping) -> ScriptRow:
    values = {name: row[name] for name in ScriptRow.__dataclass_fields__}
    return ScriptRow(**{**values, "conditions": json.loads(row["conditions"]) if row["conditions"] else None})


def _replaced(row: ScriptRow, **values: str) -> ScriptRow:
    return ScriptRow(**{**{name: getattr(row, name) for name in ScriptRow.__dataclass_fields__}, **values})
