"""What answers about versions of the policies hold.

Models only; the documents are made in `policies.py`.
"""

from __future__ import annotations

from typing import Literal

from jianlu.deliver.api.answer_checks import Answer


class PolicyChange(Answer):
    """An action that a role could not do and can (`opens`), or could and cannot; `examples` are situations as codes apart by spaces."""

    who: str
    action: str
    kind: str
    opens: bool
    times: int
    examples: list[str]


class PolicyEffect(Answer):
    """What would change: `tried` situations were looked at, all that matter when `is_whole`; `statements` are the ids that differ."""

    tried: int
    is_whole: bool
    statements: list[str]
    changes: list[PolicyChange]


class FileDifference(Answer):
    """How one file differs, line by line: `+` and `-` lead what comes and goes."""

    file: str
    lines: list[str]


class PolicyVersionEntry(Answer):
    """A version of the institution's policies; `before` is the version that it was compared with, 0 the software's own."""

    version: int
    state: Literal["asked", "in_force", "replaced", "refused", "withdrawn"]
    digest: str
    before: int
    before_digest: str
    reason: str
    proposed_by: str
    proposed_by_name: str
    proposed_at: str
    decided_by: str
    decided_by_name: str
    decided_at: str
    expires_at: str
    is_own: bool
    widens_proposer: bool


class PolicyVersionList(Answer):
    """Which version is in force (0: the software's own), its digest, and the newest versions."""

    in_force: int
    digest: str
    versions: list[PolicyVersionEntry]


class PolicyVersionDocument(Answer):
    """A version in full: every file with it, how that differs from what it was compared with, and what it changes.

    `is_compared` is false where the effect was not computed here: the version was brought back from the ledger.
    """

    version: PolicyVersionEntry
    files: dict[str, str]
    differences: list[FileDifference]
    is_compared: bool
    effect: PolicyEffect


class PolicyFiles(Answer):
    """Every file of the policies in force, or of the version that was asked for."""

    version: int
    digest: str
    files: dict[str, str]


POLICY_ANSWERS: dict[str, type[Answer]] = {
    "GET /api/v1/access/policies/files": PolicyFiles,
    "GET /api/v1/access/policies/versions": PolicyVersionList,
    "POST /api/v1/access/policies/versions": PolicyVersionDocument,
    "GET /api/v1/access/policies/versions/{version}": PolicyVersionDocument,
    "POST /api/v1/access/policies/versions/{version}/approve": PolicyVersionEntry,
    "POST /api/v1/access/policies/versions/{version}/refuse": PolicyVersionEntry,
    "POST /api/v1/access/policies/versions/{version}/withdraw": PolicyVersionEntry,
}
