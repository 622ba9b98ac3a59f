"""Which inspectors must not run in a case: those to which the person did not consent, or whose consent was withdrawn.

Consents are events of the case; whether one was asked for is in its sealed script. A case without a script (an uploaded file) was asked
nothing here: its plan and its own consents decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jianlu.core.formats.event import Event
from jianlu.core.formats.script import Script
from jianlu.core.terms.findings import Inspector
from jianlu.govern.consent import decisions_in
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import steps_that_apply

PURPOSES: Mapping[str, Inspector] = {"face": Inspector.FACES}
"""What each purpose of consent lets look."""


def withheld_inspectors(
    events: Sequence[Event], script: Script | None, facts: Mapping[str, FactValue] | None = None
) -> dict[Inspector, str]:
    """The inspectors that must not run, each with the code of the reason; the last decision of each person counts, and one no is enough.

    With the case's `facts` only the steps of the script that apply to it count as asking.
    """
    steps = () if script is None else script.steps if facts is None else steps_that_apply(script, facts)
    asked = {purpose for step in steps for purpose in step.consents}
    decisions = decisions_in(events).values()
    withheld = {}
    for purpose, inspector in PURPOSES.items():
        states = [decision.state for decision in decisions if decision.purpose == purpose]
        denied = next((state for state in states if state != "given"), None)
        if denied is not None:
            withheld[inspector] = f"consent_{denied}"
        elif purpose in asked and not states:
            withheld[inspector] = "consent_not_given"
    return withheld
