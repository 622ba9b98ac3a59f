"""The rules of this process: packs, languages and the packs' files, read once, and the plan that they give for a case's facts.

The plan itself is `govern/policy/freeze.py`'s; here is only what a live case hands to it, and who else must be seated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jianlu.core.formats.pack import packs_bytes
from jianlu.core.formats.plan import Language, Plan
from jianlu.govern.policy.freeze import freeze_plan, merge_plan
from jianlu.govern.policy.load_languages import load_languages
from jianlu.govern.policy.load_packs import load_packs, pack_files
from jianlu.govern.policy.model import CaseFacts, Pack


@dataclass(frozen=True, slots=True)
class Rules:
    """Packs and languages of one folder, and the packs' files by pack and path."""

    packs: tuple[Pack, ...]
    languages: Mapping[str, Language]
    files: Mapping[str, Mapping[str, bytes]]

    def plan_of(self, facts: CaseFacts) -> Plan:
        """The plan of a case; raises as `freeze_plan`."""
        return freeze_plan(facts, self.packs, self.languages)

    def tried_plan_of(self, facts: CaseFacts) -> Plan:
        """As `plan_of`, of a case that nobody has: what a script is tried on (`freeze.merge_plan`)."""
        return merge_plan(facts, self.packs, self.languages)

    def bytes_of(self, plan: Plan) -> bytes:
        """The files of the packs that the plan was made from, as they are sealed beside it."""
        return packs_bytes({pack.id: self.files[pack.id] for pack in plan.packs})


def load_rules(folder: Path) -> Rules:
    """The rules in `folder`; raises as `load_packs` and `load_languages`."""
    packs = load_packs(folder)
    return Rules(packs, load_languages(folder), {pack.id: pack_files(folder / pack.id) for pack in packs})


def attested_clauses(plan: Plan) -> frozenset[str]:
    """The clauses from which the plan demands an attestation."""
    return frozenset(each.clause_key for each in plan.obligations if each.kind == "require_attestation")


def demands_guardian(plan: Plan) -> bool:
    """Whether a rule of the plan wants a guardian to be there."""
    made: Sequence[str] = [by for each in plan.obligations if each.kind == "require_attestation" for by in each.params["by"]]
    return "guardian" in made
