"""What another age, day, place or product changes in a plan, as text beside the case: the reasons a lawyer would ask for.

After a wanted change, `python -m tests.packs.policy.test_golden_changes` writes the texts anew; read the difference before keeping it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jianlu.deliver.plans.plan_changes import plan_changes
from jianlu.deliver.plans.render_changes import render_changes
from jianlu.govern.policy import load_languages, load_packs, packs_directory, parse_case_file
from jianlu.govern.policy.changed_case import changed_case
from tests.packs.policy.test_golden_plans import GOLDEN

CHANGES: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "aged-59-with-an-agent": ("agent-62-dispute", "zh", {"customer.age": "59", "product.design": "ordinary"}),
    "opened-in-2024": ("company-account", "zh", {"case.on": "2024-06-01"}),
    "from-frankfurt-to-new-york": ("frankfurt-broker-call", "en", {"case.place": "US-NY"}),
    "a-fund-instead-of-an-account": ("account-by-face-card", "zh", {"product.kind": "fund", "session.card_entry": "false"}),
    "a-product-within-tolerance": ("zone-wealth-beyond", "zh", {"product.risk_level": "R2"}),
    "stored-at-home": ("shanghai-us-broker", "zh", {"system.storage_place": "CN-31"}),
    "no-more-in-france": ("zone-insurance-66", "en", {"customer.residence": "", "customer.relationship": ""}),
}


def changes_of(name: str) -> str:
    case, lang, stated = CHANGES[name]
    before = parse_case_file((GOLDEN / f"{case}.toml").read_bytes()).facts
    packs, languages = load_packs(packs_directory()), load_languages(packs_directory())
    return render_changes(plan_changes(before, changed_case(before, stated), packs, languages), lang)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reads_as_it_did(name: str) -> None:
    assert changes_of(name) == (GOLDEN / f"{name}.change.txt").read_text(encoding="utf-8")


def write_golden_texts() -> None:
    for name in CHANGES:
        (GOLDEN / f"{name}.change.txt").write_text(changes_of(name), encoding="utf-8")


if __name__ == "__main__":
    write_golden_texts()
