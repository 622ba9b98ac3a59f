"""`jianlu diff`: what changes in the plan of a case, and why, when its place, age, product or day is another.

The comparison is `deliver/plans/plan_changes.py`; here are only arguments and text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.deliver.plans.plan_changes import plan_changes
from jianlu.deliver.plans.render_changes import render_changes
from jianlu.entry.cli._output import AsJson, show
from jianlu.govern.policy import load_languages, load_packs, packs_directory
from jianlu.govern.policy.case_file import read_case_file
from jianlu.govern.policy.changed_case import changed_case
from jianlu.govern.policy.model import CaseFacts


def diff(
    case: Path,
    other: Path | None = None,
    *,
    set_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            help="A fact that is otherwise, as customer.age=59, case.on=2026-01-31 or dates.contract_end=2036-11-20.",
        ),
    ] = (),
    language: Annotated[Literal["zh", "en"], Parameter(help="Language of the text.")] = "zh",
    packs: Annotated[Path | None, Parameter(help="A folder of rule packs; those of the program where not given.")] = None,
    json: AsJson = False,
) -> int:
    """Print what changes from the plan of CASE to that of OTHER, or of CASE with other facts, and the reason of each change."""
    if other is None and not set_:
        raise InvalidError("compare with what? Name a second case file, or state another fact: --set customer.age=59")
    before = _facts(case)
    after = changed_case(before if other is None else _facts(other), dict(_stated(entry) for entry in set_))
    folder = packs or packs_directory()
    changes = plan_changes(before, after, load_packs(folder), load_languages(folder))
    show(changes, render_changes(changes, language), as_json=json)
    return 0


def _facts(path: Path) -> CaseFacts:
    if not path.is_file():
        raise NotFoundError(f"there is no case file {path.name}: check the name")
    return read_case_file(path).facts


def _stated(entry: str) -> tuple[str, str]:
    name, equals, value = entry.partition("=")
    if not equals:
        raise InvalidError("--set takes FACT=VALUE, such as customer.age=59; an empty value takes the fact away")
    return name, value
