"""`jianlu plan`: the plan of a case, for a compliance officer to read before anything is recorded.

How packs become a plan is `govern/policy/`, its wording `deliver/plans/`; here are only arguments and text.
"""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jianlu.core.errors import NotFoundError
from jianlu.core.formats.plan import plan_bytes
from jianlu.deliver.plans.render import render_plan
from jianlu.entry.cli._output import AsJson, show
from jianlu.entry.main_job import solve_plan
from jianlu.govern.policy.case_file import read_case_file


def plan(
    case: Path,
    *,
    language: Annotated[Literal["zh", "en"], Parameter(help="Language of the text.")] = "zh",
    packs: Annotated[Path | None, Parameter(help="A folder of rule packs; those of the program where not given.")] = None,
    json: AsJson = False,
) -> int:
    """Print which clauses apply to CASE, what each demands and how long what is kept, with sources and conflicts."""
    if not case.is_file():
        raise NotFoundError(f"there is no case file {case.name}: check the name")
    solved = solve_plan(read_case_file(case), str(packs) if packs else "")
    show(json_text.loads(plan_bytes(solved)), render_plan(solved, language), as_json=json)
    return 0
