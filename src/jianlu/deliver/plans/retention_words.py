"""Terms of retention in words, Chinese and English: one rule's term, and until when a part is kept.

Which term governs is `govern/policy/retain.py`; the triggers' words are `labels.py`.
"""

from __future__ import annotations

from jianlu.core.formats.plan import RetentionTerm
from jianlu.deliver.plans.labels import TRIGGERS, word

_UNTIL = {"open": ("待定", "open"), "none": ("未发生", "not arisen")}


def term_text(term: RetentionTerm, lang: str) -> str:
    """From which day for how long."""
    trigger = word(TRIGGERS, term.trigger, lang)
    if lang == "zh":
        length = (f"{term.years} 年" if term.years else "") + (f"{term.months} 个月" if term.months else "")
        return f"{trigger}起 {length}" if length else f"至{trigger}"
    length = " ".join([f"{term.years} y"] * bool(term.years) + [f"{term.months} m"] * bool(term.months))
    return f"{trigger} + {length}" if length else f"to the {trigger}"


def until_text(until: str, lang: str) -> str:
    """The date of a term, or that it is open or has not arisen."""
    return word(_UNTIL, until, lang)


def decision_text(until: str, clause: str, lang: str) -> str:
    """Until when a part is kept, and which clause decides it."""
    if lang == "zh":
        kept = "期限待定，在此之前一直保管" if until == "open" else f"保管至 {until}"
        return f"{kept}（由 {clause} 决定）"
    kept = "term open, kept until it is known" if until == "open" else f"kept until {until}"
    return f"{kept} (decided by {clause})"
