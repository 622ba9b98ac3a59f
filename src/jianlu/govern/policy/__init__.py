"""Rule packs and plans: regulations as data, and the solver that freezes them into what one case must show."""

from jianlu.govern.policy._values import amount_on
from jianlu.govern.policy.case_file import check_attestations, facts_of, parse_case_file, picture_of, read_case_file, tracks_for
from jianlu.govern.policy.freeze import freeze_plan
from jianlu.govern.policy.load_languages import load_languages
from jianlu.govern.policy.load_packs import load_pack, load_packs, packs_directory
from jianlu.govern.policy.model import Attestation, CaseFacts, CaseFile, Pack

__all__ = [
    "Attestation",
    "CaseFacts",
    "CaseFile",
    "Pack",
    "amount_on",
    "check_attestations",
    "facts_of",
    "freeze_plan",
    "load_languages",
    "load_pack",
    "load_packs",
    "packs_directory",
    "parse_case_file",
    "picture_of",
    "read_case_file",
    "tracks_for",
]
