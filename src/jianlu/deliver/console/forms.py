"""The form of a new case, from what a template asks: each fact with its label, its kind, its choices and, in a demonstration, an example.

The words are those of a rendered plan (`deliver/plans/labels.py`), so a form and a plan call a fact the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.deliver.plans.labels import CODES, CODES_OF, FACTS, LANGS, PLACES, Words

EXAMPLES: Mapping[str, Any] = {
    "case.place": "CN-31",
    "case.institution": "建安银行",
    "product.kind": "life_insurance",
    "product.design": "participating",
    "product.insurer": "和安人寿保险公司",
    "product.term_years": 10,
    "product.pay_years": 5,
    "product.payment": "annual",
    "product.premium_yuan": 10000,
    "product.cooling_off_days": 15,
    "product.benefits": "满期保险金、身故保险金",
    "product.death_benefit": True,
    "customer.age": 62,
    "customer.insured": "self",
    "session.biometrics": "face",
}
"""The sale of the bundled clips: what the sample's sentences say."""

_KINDS = {"whole": "number", "flag": "yes_no", "texts": "list", "codes": "codes", "code": "code", "place": "text", "text": "text"}


def form_of(template: Mapping[str, Any], *, with_examples: bool) -> dict[str, Any]:
    """A template as the page draws it; `facts` are its fields in order."""
    defaults = template.get("defaults") or {}
    fields = [_field(ask, defaults, with_examples) for ask in template.get("asks") or ()]
    return {**template, "text": template.get("summary"), "facts": fields}


def _field(ask: Mapping[str, Any], defaults: Mapping[str, Any], with_examples: bool) -> dict[str, Any]:
    name, codes = str(ask["fact"]), list(ask.get("codes") or (PLACES if ask.get("form") == "place" else ()))
    value = EXAMPLES.get(name) if with_examples and name in EXAMPLES else defaults.get(name)
    if codes and isinstance(value, str) and value and value not in codes and ask.get("form") == "place":
        codes.append(value)
    return {
        "key": name,
        "label": _both(FACTS, name),
        "kind": _KINDS.get(str(ask.get("form")), "text"),
        "options": [{"id": code, "label": _both({**CODES, **CODES_OF.get(name, {})}, code)} for code in codes],
        "value": "、".join(value) if isinstance(value, list | tuple) else value,
        "least": ask.get("least", 0),
        "most": ask.get("most", 0),
    }


def _both(words: Words, code: str) -> dict[str, str]:
    return dict(zip(LANGS, words.get(code, (code, code)), strict=True))
