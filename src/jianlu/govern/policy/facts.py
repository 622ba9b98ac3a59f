"""The closed vocabulary of facts: what a case file may say and what a pack's condition may ask.

Every fact has a dotted name (`section.key`), a form and bounds. A pack that asks for another fact does not load; a case that
states another fact is refused. Labels for readers are `deliver/plans/labels.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from jianlu.core.errors import InvalidError

TEXT_MAX = 60
"""Characters of a text fact (an insurer's or a product's name): room for a name, none for a story."""

LIST_MAX = 16
"""Items of a list fact: benefits of a product; far above any that an agent could read out."""

LIFE_MONTHS = 1800
"""Months that stand for "whole of life": longer than any life, so that every "longer than a year" holds."""

_PLACE = re.compile(r"^[A-Z]{2}(-[A-Z0-9]{1,6})?$")
_NUMBERED = re.compile(r"\d{6}")


@dataclass(frozen=True, slots=True)
class FactForm:
    """How a fact is written: `form` is code, codes, place, text, texts, whole or flag; `codes` and bounds where they apply."""

    form: str
    codes: tuple[str, ...] = ()
    least: int = 0
    most: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the fact can be compared as a number."""
        return self.form == "whole"


CHANNELS = (
    "bank_counter",
    "bank_terminal",
    "other_agency",
    "insurance_agent",
    "insurer_counter",
    "broker",
    "telephone",
    "internet",
    "remote_video",
    "hospital",
    "securities_branch",
)
INSTITUTIONS = (
    "bank",
    "insurer",
    "securities_firm",
    "fund_manager",
    "payment_firm",
    "broker_dealer",
    "investment_firm",
    "hospital",
    "other_firm",
)
"""What an institution is licensed as: some rules bind the kind of institution, whatever it sells."""

KINDS = (
    "life_insurance",
    "health_insurance",
    "accident_insurance",
    "wealth_management",
    "fund",
    "trust",
    "treasury_bond",
    "physical_bullion",
    "investment_service",
    "medical_consult",
    "bank_account",
    "loan",
    "funds_transfer",
    "other",
)

FACTS: Mapping[str, FactForm] = {
    "case.place": FactForm("place"),
    "case.channel": FactForm("code", CHANNELS),
    "case.institution": FactForm("text"),
    "case.institution_kind": FactForm("code", INSTITUTIONS),
    "product.kind": FactForm("code", KINDS),
    "product.design": FactForm("code", ("ordinary", "participating", "universal", "unit_linked")),
    "product.name": FactForm("text"),
    "product.insurer": FactForm("text"),
    "product.term_years": FactForm("whole", least=1, most=120),
    "product.term_months": FactForm("whole", least=1, most=LIFE_MONTHS),
    "product.payment": FactForm("code", ("annual", "monthly", "single")),
    "product.pay_years": FactForm("whole", least=1, most=120),
    "product.premium_yuan": FactForm("whole", least=1, most=10**12),
    "product.cooling_off_days": FactForm("whole", least=0, most=366),
    "product.waiting_days": FactForm("whole", least=0, most=3660),
    "product.benefits": FactForm("texts"),
    "product.death_benefit": FactForm("flag"),
    "product.amount_yuan": FactForm("whole", least=1, most=10**12),
    "product.rate": FactForm("text"),
    "product.purpose": FactForm("text"),
    "product.risk_level": FactForm("code", ("R1", "R2", "R3", "R4", "R5")),
    "customer.type": FactForm("code", ("individual", "group", "legal_person")),
    "customer.age": FactForm("whole", least=0, most=130),
    "customer.insured": FactForm("code", ("self", "other")),
    "customer.residence": FactForm("place"),
    "customer.relationship": FactForm("code", ("new", "existing", "occasional")),
    "customer.acts_for_another": FactForm("flag"),
    "customer.investor": FactForm("code", ("ordinary", "professional")),
    "customer.risk_level": FactForm("code", ("C1", "C2", "C3", "C4", "C5")),
    "session.medium": FactForm("code", ("video", "audio")),
    "session.biometrics": FactForm("codes", ("face", "voice")),
    "session.language": FactForm("code", ("zh", "en")),
    "session.asks_agreement": FactForm("flag"),
    "session.card_entry": FactForm("flag"),
    "session.e_signature": FactForm("flag"),
    "system.protection_level": FactForm("whole", least=1, most=5),
    "system.entrusted": FactForm("flag"),
    "system.storage_place": FactForm("place"),
    "medical.setting": FactForm("code", ("outpatient", "inpatient", "online")),
}

DATES = (
    "contract_end",
    "product_end",
    "relationship_end",
    "transaction_end",
    "purpose_end",
    "last_visit",
    "last_discharge",
    "dispute_start",
    "dispute_end",
    "regulator_request",
)
"""Trigger dates that a case file may state once they are known; `recording_time` is always the day of the case."""


def check_fact(name: str, value: object) -> str | int | bool | tuple[str, ...]:
    """`value` as the fact `name` holds it; InvalidError names the key and what it takes, never the value of a text."""
    form = FACTS.get(name)
    if form is None:
        raise InvalidError(f"{name} is not a known fact: remove it, or use one of specs/packs.md")
    if form.form == "flag":
        if isinstance(value, bool):
            return value
        raise InvalidError(f"{name} must be true or false")
    if form.form == "whole":
        if isinstance(value, int) and not isinstance(value, bool) and form.least <= value <= form.most:
            return value
        raise InvalidError(f"{name} must be a whole number from {form.least} to {form.most}")
    if form.form in ("codes", "texts"):
        if not isinstance(value, list) or len(value) > LIST_MAX:
            raise InvalidError(f"{name} must be a list of at most {LIST_MAX} entries")
        return tuple(_text(name, form, entry) for entry in value)
    return _text(name, form, value)


def _text(name: str, form: FactForm, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidError(f"{name} must be a text")
    if form.codes:
        if value not in form.codes:
            raise InvalidError(f"{name} must be one of: {', '.join(form.codes)}")
    elif form.form == "place":
        if not _PLACE.fullmatch(value):
            raise InvalidError(f"{name} must be an ISO 3166 code such as CN-31 or DE")
    elif not 1 <= len(value) <= TEXT_MAX or not value.isprintable():
        raise InvalidError(f"{name} must be 1 to {TEXT_MAX} printable characters")
    elif _NUMBERED.search(value):
        raise InvalidError(f"{name} holds a long number: facts must not carry numbers of persons or documents")
    return value


def nested_facts(on: date, facts: Mapping[str, object]) -> dict[str, object]:
    """The facts as the plan keeps them: `{section: {key: value}}`, the day as `case.on`, lists for tuples."""
    sections: dict[str, dict[str, object]] = {"case": {"on": on.isoformat()}}
    for name, value in facts.items():
        section, key = name.split(".")
        sections.setdefault(section, {})[key] = list(value) if isinstance(value, tuple) else value
    return dict(sections)
