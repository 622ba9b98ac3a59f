"""Versions of an institution's policies: proposed by one person, approved by another, in force from the next question on.

A version is files that replace the software's own of the same name or stand beside them; the others follow the software. The truth about
which one is in force is the sealed access log (`vault/access_log.py`), the rows are an index of it that `in_force.py` repairs.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access._tables import policy_versions
from jianlu.govern.access.decide import Access
from jianlu.govern.access.effect import effect_of
from jianlu.govern.access.floor import require_floor
from jianlu.govern.access.policies import Policies, read_policies
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

ASKED, IN_FORCE, REPLACED, REFUSED, WITHDRAWN = "asked", "in_force", "replaced", "refused", "withdrawn"
WAITS_FOR = timedelta(days=3)
"""A proposal that nobody decides is over."""

FILES_MAX, FILE_CHARACTERS_MAX, CHARACTERS_MAX = 20, 60_000, 120_000
"""Files of a version, letters of one, and of all: three times what comes with the software; all of it is sealed with each day."""

LISTED_MAX = 100
_NAME = re.compile(r"[0-9]{2}-[a-z0-9-]{1,40}\.cedar")
_deciding = threading.Lock()
"""One decision about policies at a time: what is sealed and what holds change together. One process decides."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version: `files` by name, `digest` of all policies with it, `before` the version that it was compared with."""

    tenant: str
    version: int
    state: str
    digest: str
    before: int
    before_digest: str
    files: Mapping[str, str]
    effect: Mapping[str, Any]
    reason: str
    proposed_by: str
    proposed_at: str
    decided_by: str
    decided_at: str | None
    expires_at: str

    @property
    def document(self) -> dict[str, Any]:
        """As it is sealed; effects are shown, not kept: whoever has both versions finds them again."""
        names = (
            "version",
            "digest",
            "before",
            "before_digest",
            "reason",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
        )
        return {**{name: getattr(self, name) or "" for name in names}, "before": self.before, "files": dict(self.files)}


@dataclass(frozen=True, slots=True)
class VersionPorts:
    """Where versions are kept, what decides now, the software's own policies, and what else a set must not break.

    `check_lists` raises for policies that a list of cases could not be filtered by.
    """

    database: Engine
    clock: Clock
    access: Access
    shipped: Policies
    check_lists: Callable[[Policies], None]


def policies_with(files: Mapping[str, str], shipped: Policies) -> Policies:
    """The software's policies with these files in place of or beside its own; InvalidError names file and line of what is wrong."""
    if len(files) > FILES_MAX or sum(map(len, files.values())) > CHARACTERS_MAX:
        raise InvalidError(f"a version is at most {FILES_MAX} files of {CHARACTERS_MAX} characters together: shorten it")
    for name, text in files.items():
        if not _NAME.fullmatch(name) or len(text) > FILE_CHARACTERS_MAX:
            raise InvalidError(f"a file is named like 50-own.cedar and has at most {FILE_CHARACTERS_MAX} characters: correct it")
    texts = dict(sorted({**shipped.texts, **files}.items()))
    return read_policies(texts, shipped.schema_text)


def propose(files: Mapping[str, str], reason: str, *, using: VersionPorts, tenant: TenantId, by: str) -> PolicyVersion:
    """Propose a version, checked and with its effect; nothing changes yet. InvalidError for what is wrong with it.

    ConflictError when it says what is in force already.
    """
    own = {name: text for name, text in files.items() if using.shipped.texts.get(name) != text}
    policies = policies_with(own, using.shipped)
    require_floor(policies, using.shipped)
    using.check_lists(policies)
    old, before = using.access.policies, using.access.version
    if policies.digest == old.digest:
        raise ConflictError("these policies are in force already: change them, then propose them")
    effect = effect_of(old, policies).document
    now = using.clock.now()
    with transaction(using.database) as connection:
        newest = select(func.max(policy_versions.c.version)).where(policy_versions.c.tenant == tenant)
        made = PolicyVersion(
            tenant=tenant,
            version=max(connection.execute(newest).scalar_one() or 0, before) + 1,
            state=ASKED,
            digest=policies.digest,
            before=before,
            before_digest=old.digest,
            files=own,
            effect=effect,
            reason=reason.strip(),
            proposed_by=by,
            proposed_at=instant_text(now),
            decided_by="",
            decided_at=None,
            expires_at=instant_text(now + WAITS_FOR),
        )
        connection.execute(insert(policy_versions).values(**row_of_version(made)))
    using.access.log.change("policy-proposal", made.document)
    return made


def approve(version: int, digest: str, *, using: VersionPorts, tenant: TenantId, by: str) -> PolicyVersion:
    """Put the version into force; `digest` is that of what the second person read. It holds when this returns.

    DeniedError for whoever proposed it; ConflictError when it was decided, is over, or was compared with what is in force no more.
    """
    with _deciding:
        found = _undecided(version, using, tenant)
        if found.proposed_by == by:
            raise DeniedError("nobody approves what they proposed: ask a second person")
        if found.digest != digest:
            raise ConflictError("this is not what was proposed: read the version again, then approve it")
        policies = policies_with(found.files, using.shipped)
        if (using.access.version, using.access.policies.digest) != (found.before, found.before_digest):
            raise ConflictError("other policies came into force since it was proposed: have it proposed and compared again")
        require_floor(policies, using.shipped)
        decided = _decided(found, IN_FORCE, by, using.clock)
        using.access.log.change("policy", decided.document)
        using.access.put_in_force(policies, version)
        with transaction(using.database) as connection:
            enter_in_force(connection, decided)
    return decided


def refuse(version: int, *, using: VersionPorts, tenant: TenantId, by: str) -> PolicyVersion:
    """Refuse what somebody else proposed. Errors as `approve`."""
    with _deciding:
        found = _undecided(version, using, tenant)
        if found.proposed_by == by:
            raise DeniedError("nobody decides what they proposed: withdraw it")
        return _end(found, REFUSED, using, by)


def withdraw(version: int, *, using: VersionPorts, tenant: TenantId, by: str) -> PolicyVersion:
    """Take back what one proposed oneself; DeniedError for somebody else's, ConflictError when it was decided."""
    with _deciding:
        found = _undecided(version, using, tenant)
        if found.proposed_by != by:
            raise DeniedError("whoever proposed it withdraws it: refuse it")
        return _end(found, WITHDRAWN, using, by)


def find_version(version: int, tenant: str, *, database: Engine) -> PolicyVersion:
    """That version; NotFoundError when there is none."""
    with transaction(database, writes=False) as connection:
        row = connection.execute(select(policy_versions).where(*_that(tenant, version))).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such version of the policies: see the list of versions")
    return _version(row)


def list_versions(tenant: str, *, database: Engine) -> list[PolicyVersion]:
    """The newest versions, whatever became of them."""
    query = select(policy_versions).where(policy_versions.c.tenant == tenant).order_by(policy_versions.c.version.desc())
    with transaction(database, writes=False) as connection:
        return [_version(row) for row in connection.execute(query.limit(LISTED_MAX)).mappings()]


def enter_in_force(connection: Connection, version: PolicyVersion) -> None:
    """Enter a version as the one in force, in place of what may be there of it."""
    columns = policy_versions.c
    mine = connection.execute(select(columns.version).where(*_that(version.tenant, version.version))).one_or_none()
    others = (columns.tenant == version.tenant, columns.state == IN_FORCE, columns.version != version.version)
    connection.execute(update(policy_versions).where(*others).values(state=REPLACED))
    values = row_of_version(version)
    if mine is None:
        connection.execute(insert(policy_versions).values(**values))
    else:
        connection.execute(update(policy_versions).where(*_that(version.tenant, version.version)).values(**values))


def row_of_version(version: PolicyVersion) -> dict[str, Any]:
    """As its row."""
    fields = {name: getattr(version, name) for name in PolicyVersion.__dataclass_fields__}
    return {**fields, "files": json.dumps(dict(version.files)), "effect": json.dumps(dict(version.effect))}


def _undecided(version: int, using: VersionPorts, tenant: TenantId) -> PolicyVersion:
    found = find_version(version, tenant, database=using.database)
    if found.state != ASKED or found.expires_at <= instant_text(using.clock.now()):
        raise ConflictError("the version was decided already or is over: have it proposed again")
    return found


def _end(found: PolicyVersion, state: str, using: VersionPorts, by: str) -> PolicyVersion:
    decided = _decided(found, state, by, using.clock)
    using.access.log.change(f"policy-{state}", decided.document)
    with transaction(using.database) as connection:
        values = {"state": state, "decided_by": by, "decided_at": decided.decided_at}
        connection.execute(update(policy_versions).where(*_that(found.tenant, found.version)).values(**values))
    return decided


def _decided(found: PolicyVersion, state: str, by: str, clock: Clock) -> PolicyVersion:
    fields = {name: getattr(found, name) for name in PolicyVersion.__dataclass_fields__}
    return PolicyVersion(**{**fields, "state": state, "decided_by": by, "decided_at": instant_text(clock.now())})


def _that(tenant: str, version: int) -> tuple[Any, Any]:
    return policy_versions.c.tenant == tenant, policy_versions.c.version == version


def _version(row: RowMapping) -> PolicyVersion:
    fields = {name: row[name] for name in PolicyVersion.__dataclass_fields__}
    return PolicyVersion(**{**fields, "files": json.loads(row["files"]), "effect": json.loads(row["effect"])})
