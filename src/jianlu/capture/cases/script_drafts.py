"""Drafts of scripts: what is being written, one per script, open to several editors who never overwrite each other.

A draft may be unfinished and wrong; it is kept as it is, with a number that grows with each save. Whoever saves says which number they
started from. Proposing it makes a version (`scripts.py`) and ends the draft. What is wrong with it is `script_problems.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from jianlu.capture.cases._tables import script_drafts
from jianlu.capture.cases.script_acts import enter, witness
from jianlu.capture.cases.scripts import ScriptRow, find_scripts, propose_script, require_editor
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.script import FORMAT
from jianlu.core.limits import SCRIPT_BYTES_MAX
from jianlu.core.terms.digests import digest_of
from jianlu.govern.identity.model import Staff
from jianlu.runtime.database import transaction

KEPT = ("title", "documents", "steps")
"""The fields that a draft has; name, version and dates are said when it is proposed."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft: `revision` 0 is the newest version as nobody has changed it yet; `based_on` is that version."""

    script: str
    revision: int
    based_on: str
    content: Mapping[str, Any]
    saved_by: str = ""
    saved_at: str = ""


def open_draft(script: str, *, using: SessionPorts, by: Staff) -> Draft:
    """The draft of the script, or what it would begin with; NotFoundError for a script without versions."""
    require_editor(by, using)
    with transaction(using.database, writes=False) as connection:
        found = _find(connection, using.tenant, script)
    if found is not None:
        return found
    newest = newest_version(script, using=using, by=by)
    content = json.loads(newest.content)
    return Draft(script, 0, newest.version, {name: content[name] for name in KEPT})


def save_draft(script: str, revision: int, content: Mapping[str, Any], *, using: SessionPorts, by: Staff) -> Draft:
    """Keep `content` in place of the revision from which its editor started.

    ConflictError `draft_changed` when somebody has saved since: nothing is lost, the editor compares. InvalidError for what is no
    document at all, or too long; a document that is merely wrong is kept.
    """
    require_editor(by, using)
    kept = _bytes_of(content)
    now = open_draft(script, using=using, by=by)
    _require_newest(now, revision)
    act = witness(script, "saved", now.based_on, digest_of(kept), by.account.id, "", using=using)
    values = {"revision": revision + 1, "content": kept, "saved_by": by.account.id, "saved_at": act.at}
    with transaction(using.database) as connection:
        there = _find(connection, using.tenant, script)
        _require_newest(there or Draft(script, 0, now.based_on, {}), revision)
        if there is None:
            names = {"tenant": using.tenant, "script": script, "based_on": now.based_on}
            connection.execute(insert(script_drafts).values(**names, **values))
        else:
            connection.execute(update(script_drafts).where(*_key(using.tenant, script)).values(**values))
        enter(connection, using.tenant, script, act)
    return Draft(script, revision + 1, now.based_on, dict(content), by.account.id, act.at)


def discard_draft(script: str, revision: int, *, using: SessionPorts, by: Staff) -> None:
    """Throw the draft away, on the record; ConflictError `draft_changed` as `save_draft`."""
    require_editor(by, using)
    draft = _kept(script, revision, using, by)
    act = witness(script, "discarded", draft.based_on, _digest_of(draft), by.account.id, "", using=using)
    with transaction(using.database) as connection:
        _end(connection, using.tenant, script, revision)
        enter(connection, using.tenant, script, act)


def propose_draft(
    script: str,
    revision: int,
    version: str,
    *,
    effective_from: str,
    effective_to: str = "",
    reason: str = "",
    using: SessionPorts,
    by: Staff,
) -> ScriptRow:
    """Make the draft a version that waits for a second person, and end the draft; raises as `save_draft` and `propose_script`."""
    require_editor(by, using)
    draft = _kept(script, revision, using, by)
    content = {**draft.content, "format": FORMAT, "script": script, "version": version}
    row = propose_script(
        {**content, "effective_from": effective_from, "effective_to": effective_to}, reason=reason, using=using, by=by
    )
    with transaction(using.database) as connection:
        _end(connection, using.tenant, script, revision)
    return row


def newest_version(script: str, *, using: SessionPorts, by: Staff) -> ScriptRow:
    """The version in force longest ahead: of those approved the newest, else the newest of all; NotFoundError without any."""
    rows = [row for row in find_scripts(using=using, by=by) if row.script == script]
    if not rows:
        raise NotFoundError("there is no script of that id: see the list of scripts")
    return max(rows, key=lambda row: (row.state == "approved", tuple(int(part) for part in row.version.split("."))))


def _kept(script: str, revision: int, using: SessionPorts, by: Staff) -> Draft:
    draft = open_draft(script, using=using, by=by)
    if draft.revision == 0:
        raise NotFoundError("nobody has saved a draft of this script: save one first")
    _require_newest(draft, revision)
    return draft


def _require_newest(draft: Draft, revision: int) -> None:
    if draft.revision != revision:
        raise ConflictError(
            "somebody has saved this draft since you opened it: look at what they changed, then save yours again",
            code="draft_changed",
        )


def _end(connection: Connection, tenant: str, script: str, revision: int) -> None:
    connection.execute(delete(script_drafts).where(*_key(tenant, script), script_drafts.c.revision == revision))


def _bytes_of(content: Mapping[str, Any]) -> bytes:
    if set(content) != set(KEPT) or not isinstance(content["documents"], list) or not isinstance(content["steps"], list):
        raise InvalidError(f"a draft has exactly {', '.join(KEPT)}; documents and steps are lists")
    kept = canonical_bytes(dict(content))
    if len(kept) > SCRIPT_BYTES_MAX:
        raise InvalidError(f"a script has at most {SCRIPT_BYTES_MAX} bytes: shorten it")
    return kept


def _digest_of(draft: Draft) -> str:
    return digest_of(canonical_bytes(dict(draft.content)))


def _key(tenant: str, script: str) -> tuple[Any, ...]:
    return (script_drafts.c.tenant == tenant, script_drafts.c.script == script)


def _find(connection: Connection, tenant: str, script: str) -> Draft | None:
    row = connection.execute(select(script_drafts).where(*_key(tenant, script))).mappings().one_or_none()
    if row is None:
        return None
    content = json.loads(row["content"])
    return Draft(script, row["revision"], row["based_on"], content, row["saved_by"], row["saved_at"])
