"""`jianlu assess`: looks at a home now and signs what was found; `jianlu assess check`: reads such a paper, with the trust file alone.

What is looked at and signed is `entry/assess/`; here are only arguments, text and exit codes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from jianlu import __version__
from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.limits import NOTE_BYTES_MAX
from jianlu.core.terms.ids import tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.entry.assess.model import Answer, Examined
from jianlu.entry.assess.statement import QUESTIONS, Statement, assess, read, sign
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show
from jianlu.verify.trust import TRUST_BYTES_MAX, parse_trust, read_bounded
from jianlu.wiring import TRUST_FILE, open_identity, open_root, open_workbench

EXIT_NOT_MET = 10

app = App(name="assess", help="A signed self-assessment of a home: security, compliance, performance, from what is found now.")

_MARKS = {
    Answer.MET: "✓ 符合 / met",
    Answer.NOT_MET: "✗ 不符合 / NOT met",
    Answer.NOT_EVIDENCED: "? 未能证明 / not evidenced",
    Answer.MEASURED: "· 实测 / measured",
}
_WORDS = {each.name: f"{each.zh} / {each.en}" for each in QUESTIONS}


@app.default
def run(
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Where to write the signed paper; a new file.")
    ] = None,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Look at every point now, beside the running service, and print the answers. Exit 0 when nothing is not met, else 10."""
    folder = home_path(home)
    trust = parse_trust(read_bounded(folder / TRUST_FILE, TRUST_BYTES_MAX))
    with open_workbench(folder) as bench, open_identity(folder) as (settings, identity), open_root(folder) as root:
        examined = Examined(folder, settings, tenant_id(settings.tenant.id), bench, identity, root.check, trust)
        statement = assess(examined, __version__)
        note = sign(statement, bench.package.signer)
    if output is not None:
        _write_new(output, note)
    show(_document(statement, ""), _text(statement, str(output) if output else ""), as_json=json)
    return EXIT_NOT_MET if statement.count(Answer.NOT_MET) else 0


@app.command
def check(
    paper: Path,
    *,
    trust: Annotated[Path, Parameter(help="trust.json that lists the key of the packages.")],
    json: AsJson = False,
) -> int:
    """Say who signed a paper and what it says; needs no home. Exit as when it was made, 90 when it is not to be trusted."""
    keys = parse_trust(read_bounded(trust, TRUST_BYTES_MAX)).packages
    statement, signer = read(read_bounded(paper, NOTE_BYTES_MAX), keys)
    show(_document(statement, signer), f"{_text(statement, '')}\n签署 / signed: {signer}", as_json=json)
    return EXIT_NOT_MET if statement.count(Answer.NOT_MET) else 0


def _write_new(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already: a signed paper is never replaced") from error
    except OSError as error:
        raise UnavailableError(f"the paper cannot be written ({error.strerror}): check the folder and your rights") from error


def _document(statement: Statement, signer: str) -> dict[str, Any]:
    lines = [
        {"question": each.question, "answer": each.found.answer, "figures": dict(each.found.figures), "reason": each.found.reason}
        for each in statement.lines
    ]
    head = {"tenant": statement.tenant, "at": instant_text(statement.at), "version": statement.version, "signer": signer}
    return {**head, "lines": lines, "counts": {each.value: statement.count(each) for each in Answer}}


def _text(statement: Statement, written: str) -> str:
    counted = ", ".join(f"{_MARKS[each]} {statement.count(each)}" for each in Answer)
    lines = [
        f"鉴录自评 / Jianlu self-assessment: {statement.tenant}, {instant_text(statement.at)}, {statement.version}",
        counted,
        "",
    ]
    for each in statement.lines:
        figures = ", ".join(f"{name}={value}" for name, value in each.found.figures.items() if value != "")
        lines.append(
            f"{_MARKS[each.found.answer]:<26} {_WORDS.get(each.question, each.question)}{f'  ({figures})' if figures else ''}"
        )
        lines += [f"{'':<4}{each.found.reason}"] if each.found.reason else []
    return "\n".join([*lines, *([f"\n已签署 / signed: {written}"] if written else [])])
