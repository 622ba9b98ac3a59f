"""A home that was put back from an older copy: noticed before the service starts, and by `jianlu ledger fsck`; declared by two people.

Whether others saw more is asked in `ledger/anchors/history.py`; here is what follows from it. A witness that is away holds nobody up: it is
logged, and said in the ledger once it answers (`specs/witness.md`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError
from jianlu.core.formats.note import VerifierKey
from jianlu.core.terms.ids import tenant_id
from jianlu.govern.identity.model import Role
from jianlu.govern.identity.sign_in import known_for_one_act
from jianlu.ledger.anchors.history import OWN_ANCHORS, History, Sighting, ask_history
from jianlu.ledger.model import FsckReport, Problem
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import SETTINGS_FILE, read_settings
from jianlu.vault.time_log import declare_loss, declared_losses
from jianlu.wiring import Home, identity_ports, witnesses_of

WITNESSES = "witnesses"
"""Stands for the path in a report of fsck."""

ANSWER_WITHIN_S = 3.0
"""A start waits so long for each witness: the service of a house whose line is down must start all the same."""

_ANSWERABLE = (Role.COMPLIANCE, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR)


def require_newest(opened: Home) -> None:
    """Raise IntegrityError when a witness, or an anchor of our own, saw entries that this ledger does not have or that differ.

    What two people declared lost (`declare_lost`) no longer counts, for exactly that name and size.
    """
    history = _history(opened)
    for name, error in history.unheard:
        logger("web").warning("witness_not_heard", name=name, error=error, reason=error.code)
    declared = declared_losses(opened.vault, tenant_id(opened.settings.tenant.id)) if history.contradicted else frozenset()
    left = [each for each in history.contradicted if (each.name, each.theirs) not in declared]
    for each in history.contradicted:
        if each not in left:
            logger("web").warning("witness_saw_what_was_declared_lost", name=each.name, entries=each.theirs)
    if left:
        raise IntegrityError(
            f"{'; '.join(_words(each, history.size) for each in left)}: this home was put back from an older copy, and writing on would"
            " fork its ledger. Put back the newest copy (backup, or a machine that still has the ledger folder). If what is missing is"
            " lost for good, two people put that on record with `jianlu ledger declare-loss --first NAME --second NAME`, and start again",
            code="stale",
        )


def declare_lost(opened: Home, by: tuple[str, str]) -> tuple[Sighting, ...]:
    """Record as lost what others saw beyond this ledger, in the name of two accounts; returns what it was.

    ConflictError when nobody contradicts the ledger, so that nothing is declared before it is known, or when `by` is one account.
    """
    history = _history(opened)
    if not history.contradicted:
        raise ConflictError("nobody who answers saw more than this ledger has: there is no loss to declare")
    seen = [(each.name, each.theirs) for each in history.contradicted]
    declare_loss(opened.vault, tenant_id(opened.settings.tenant.id), seen, history.size, by)
    return history.contradicted


def responsible(opened: Home, name: str, password: str, code: str) -> str:
    """The id of the account that signs in so and may answer for a loss; DeniedError for one that may not, as `sign_in` otherwise."""
    identity = identity_ports(opened.vault.index, opened.vault.keys, opened.settings)
    staff = known_for_one_act(identity, tenant_id(opened.settings.tenant.id), name, password, code)
    if not staff.has(*_ANSWERABLE):
        raise DeniedError("this account cannot answer for a loss: take one of compliance or of an administrator")
    return staff.account.id


def with_witnesses(directory: Path, key: VerifierKey, report: FsckReport) -> FsckReport:
    """The report of a sound ledger that lies in its home, with what the witnesses of that home's settings say; else as it is."""
    if not report.is_sound or not (directory.parent / SETTINGS_FILE).exists():
        return report
    settings = read_settings(directory.parent)
    if (directory.parent / settings.ledger.path).resolve() != directory.resolve():
        return report
    history = ask_history(directory, key, witnesses_of(settings, within_s=ANSWER_WITHIN_S))
    problems = [Problem(WITNESSES, None, _words(each, history.size)) for each in history.contradicted if each.name != OWN_ANCHORS]
    remarks = [Problem(WITNESSES, None, f"not asked: {error}") for _, error in history.unheard]
    return replace(report, problems=(*report.problems, *problems), remarks=(*report.remarks, *remarks))


def _history(opened: Home) -> History:
    opened.ledger.publish()
    try:
        return ask_history(
            opened.ledger_directory, opened.package.ledger_key, witnesses_of(opened.settings, within_s=ANSWER_WITHIN_S)
        )
    except InvalidError as error:
        raise InvalidError(f"the witnesses cannot be asked ({error}): see [witnesses] in {SETTINGS_FILE}") from error


def _words(each: Sighting, size: int) -> str:
    who = "an anchor beside the ledger" if each.name == OWN_ANCHORS else f"the witness {each.name}"
    saw = f"{who} saw {each.theirs} entries" if each.theirs >= 0 else f"{who} saw entries"
    return f"{saw} and the ledger has {size}" if each.reason == "ahead" else f"{saw} that the ledger's {size} do not extend"
