"""At the start: which version of the policies the sealed access log says is in force, held against what the database says.

A database that was restored from an older backup must not bring older policies back, and one that was edited must not bring any: what
is sealed decides, the rows are repaired from it. A log that is older than the rows is no reason to go back either: then nothing starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access._tables import policy_versions
from jianlu.govern.access.decide import Access
from jianlu.govern.access.policies import Policies
from jianlu.govern.access.versions import IN_FORCE, PolicyVersion, enter_in_force, policies_with
from jianlu.runtime.database import transaction


def bring_in_force(
    access: Access, sealed: Mapping[str, Any] | None, shipped: Policies, *, database: Engine, tenant: TenantId
) -> str:
    """Decide by the sealed version, the software's own when there is none. Returns what was amiss: empty, `restored` or `edited`.

    IntegrityError when the database knows of a version in force that the log does not; InvalidError when this software cannot read the
    version any more.
    """
    known = _known(database, tenant)
    version = int(sealed["version"]) if sealed else 0
    if known is not None and known[0] > version:
        raise IntegrityError(
            "the database names newer policies than the access log: look for a ledger that was rolled back or a clock that was set back"
        )
    if sealed is None:
        access.put_in_force(shipped, 0)
        return ""
    try:
        policies = policies_with(sealed["files"], shipped)
    except InvalidError as error:
        raise InvalidError(
            f"version {version} of the policies does not fit this software ({error}): start the version of before, "
            "and have policies approved that fit both"
        ) from error
    access.put_in_force(policies, version)
    if known == (version, dict(sealed["files"])):
        return ""
    with transaction(database) as connection:
        enter_in_force(connection, _of_sealed(sealed, tenant))
    return "restored" if known is None or known[0] < version else "edited"


def _known(database: Engine, tenant: str) -> tuple[int, dict[str, str]] | None:
    """The newest version that the rows call in force, and its files."""
    columns = policy_versions.c
    mine = select(policy_versions).where(columns.tenant == tenant, columns.state == IN_FORCE)
    with transaction(database, writes=False) as connection:
        row = connection.execute(mine.order_by(columns.version.desc()).limit(1)).mappings().one_or_none()
    return (row["version"], json.loads(row["files"])) if row is not None else None


def _of_sealed(sealed: Mapping[str, Any], tenant: str) -> PolicyVersion:
    names = (
        "version",
        "digest",
        "before",
        "before_digest",
        "files",
        "reason",
        "proposed_by",
        "proposed_at",
        "decided_by",
        "decided_at",
    )
    fields = {name: sealed[name] for name in names}
    return PolicyVersion(**fields, tenant=tenant, state=IN_FORCE, effect={}, expires_at=str(sealed["decided_at"]))
