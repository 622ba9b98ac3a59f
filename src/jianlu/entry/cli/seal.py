"""`jianlu seal`: the main job on a recorded file.

The stages and their order are in `entry/main_job.py`; here are only arguments, text and exit codes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jianlu.core.errors import NotFoundError
from jianlu.core.terms.verdicts import Verdict
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show, stages
from jianlu.entry.main_job import Job, run_job
from jianlu.govern.policy.case_file import read_case_file
from jianlu.wiring import open_home


def seal(
    media: Path,
    *,
    case: Annotated[Path, Parameter(help="The case file, case.toml.")],
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The package to write, OUT.jlp.")],
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Plan, capture, inspect, judge and keep MEDIA, and write its package. Run it again after a crash: it goes on.

    Exit 0 when the package is written, whatever the verdicts: `jianlu verify` says what it proves.
    """
    if not media.is_file():
        raise NotFoundError(f"there is no file {media.name}: check the name")
    if not case.is_file():
        raise NotFoundError(f"there is no case file {case.name}: check the name")
    if not output.parent.is_dir():
        raise NotFoundError(f"there is no folder {output.parent} to write the package in: make it first")
    case_file = read_case_file(case)
    with open_home(home_path(home)) as opened, stages() as progress:
        receipt = run_job(Job(media, case_file, output), opened, progress.at)
    clauses = receipt.result.clauses
    counts = {verdict.value: sum(clause.verdict is verdict for clause in clauses) for verdict in Verdict}
    document = {
        "package": str(receipt.path),
        "bytes": receipt.package_bytes,
        "manifest": receipt.manifest_digest,
        "tenant": receipt.result.tenant,
        "case": receipt.result.case,
        "complete": receipt.result.is_complete,
        **counts,
    }
    text = (
        f"已封存 / sealed: {receipt.path} ({receipt.package_bytes / 1e6:.1f} MB)\n"
        f"  案件 / case      {receipt.result.tenant}/{receipt.result.case}\n"
        f"  清单 / manifest  {receipt.manifest_digest}\n"
        f"  满足 / met {counts['met']}   未满足 / not met {counts['not_met']}   未能证明 / not evidenced {counts['not_evidenced']}"
    )
    show(document, text, as_json=json)
    return 0
