"""`jianlu destruction`: what is due, asking for it, and certificates, from the command line, with the service stopped.

The same use case as the interface: whoever asks signs in, a second person approves in the service, and what is held, open or not due is
refused and recorded here too, whoever has the machine. Nothing is destroyed by this command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, UnavailableError
from jianlu.core.terms.ids import TenantId, case_ref, tenant_id
from jianlu.deliver.oversight.certificates import Proved, prove_from, write_certificate
from jianlu.deliver.oversight.destructions import DestructionPorts, ask_destruction
from jianlu.deliver.oversight.statements import LINES_MAX, Sheet, StatementPorts, ask_statements, look_through
from jianlu.entry.cli._day_table import TableLine, read_table
from jianlu.entry.cli._output import AsJson, HomePath, home_path, read_password, show
from jianlu.entry.serve.access import access_of
from jianlu.govern.access.grants import APPROVAL
from jianlu.govern.access.model import Resource
from jianlu.govern.access.requests import RequestPorts
from jianlu.govern.access.requests import ask as ask_second
from jianlu.govern.identity.model import Staff
from jianlu.govern.identity.sign_in import known_for_one_act
from jianlu.ledger.anchors.trusted_time import expiry_now
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.custody.destruction import WHY
from jianlu.vault.custody.due import due_cases, due_parts
from jianlu.vault.custody.time_reading import ClockWatch
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.verify.certificate import check_certificate
from jianlu.wiring import Home, identity_ports, open_home, time_authorities

app = App(name="destruction", help="Cases, and parts of cases, whose time has ended.")

OnePart = Annotated[
    Literal["", "recording", "transcript", "findings", "biometric", "consent"],
    Parameter(help="That part of each case alone, whose own term ends before the case's; the whole case if not given."),
]


@app.command(name="list")
def list_due(*, home: HomePath = None, json: AsJson = False) -> int:
    """Every case that may be due, every part that is due before its case, and whether a hold stands over it."""
    with open_home(home_path(home)) as opened:
        now, tenant = opened.vault.clock.now(), _tenant(opened)
        found, parts = due_cases(opened.vault, tenant, now), due_parts(opened.vault, tenant, now)
    document = {"due": [asdict(each) for each in found], "due_parts": [asdict(each) for each in parts]}
    held = {True: "  保全中 / held", False: ""}
    lines = [f"{each.case}  {each.until}{held[each.is_held]}" for each in found]
    lines += [f"{each.case}  {each.part}  {each.until}  {each.clause}{held[each.is_held]}" for each in parts]
    show(document, "\n".join(lines) or "没有到期的案件 / no case is due", as_json=json)
    return 0


@app.command
def ask(
    *cases: str,
    account: Annotated[str, Parameter(help="Who asks: the name of an account that may.")],
    reason: Annotated[str, Parameter(help="Why they are destroyed now.")],
    part: OnePart = "",
    code: Annotated[str, Parameter(help="Six digits of the account's authenticator, where it has one.")] = "",
    password_file: Annotated[
        Path | None, Parameter(help="A file with the account's password; asked for where not given.")
    ] = None,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Ask a second person to approve that CASES are destroyed. While one of them may not be, nobody is asked, and it is recorded."""
    with open_home(home_path(home)) as opened:
        tenant, vault = _tenant(opened), opened.vault
        desk = CaseDesk(vault)
        access = access_of(opened, desk, tenant)
        staff = _signed_in(opened, tenant, account, password_file, code)
        if not access.could(staff, "case.destroy", Resource("destruction", "", tenant)):
            raise DeniedError("this account may not destroy anything, with an approval neither: ask compliance")
        using = RequestPorts(vault.index, vault.clock, access.log)

        def make(batch: str) -> str:
            on = Resource("destruction", batch, tenant)
            return ask_second(APPROVAL, "case.destroy", on, reason, using=using, by=staff.account.id).request

        batch, refused = ask_destruction(
            cases, reason, using=_ports(opened, desk, tenant), by=staff.account.id, ask=make, part=part
        )
    if batch is None:
        told = "; ".join(f"{each.case}: {_why(each.outcome)}" for each in refused)
        raise ConflictError(f"nothing was asked for, and this is on the record: {told}")
    document = {"batch": batch.batch, "request": batch.request, "cases": list(batch.cases), "part": part}
    show(document, f"已提出，等待第二人在服务中批准 / a second person approves it in the service: {batch.request}", as_json=json)
    return 0


@app.command
def days(
    table: Annotated[
        Path, Parameter(help="CSV in UTF-8: number,trigger,day,evidence,evidence_digest; one day of one case a line.")
    ],
    *,
    account: Annotated[str, Parameter(help="Who asks: the name of an account that may.")],
    reason: Annotated[str, Parameter(help="Why these days are known now.")],
    dry_run: Annotated[bool, Parameter(negative="", help="Say of each line whether it may be stated, and ask nobody.")] = False,
    code: Annotated[str, Parameter(help="Six digits of the account's authenticator, where it has one.")] = "",
    password_file: Annotated[
        Path | None, Parameter(help="A file with the account's password; asked for where not given.")
    ] = None,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Ask a second person to approve the days of TABLE with which terms begin, fifty a decision. One wrong line, and nobody is asked."""
    with open_home(home_path(home)) as opened:
        tenant, vault = _tenant(opened), opened.vault
        desk = CaseDesk(vault)
        access = access_of(opened, desk, tenant)
        staff = _signed_in(opened, tenant, account, password_file, code)
        if not access.could(staff, "trigger.state", Resource("statement", "", tenant)):
            raise DeniedError("this account may not state a day, with an approval neither: ask compliance")
        lines = read_table(table, tenant_secret(vault, tenant))
        using = _statement_ports(opened, desk, tenant)
        looked = look_through([each.stated for each in lines if not each.why], using=using)
        whys = iter(looked)
        wrong = [(each.line, why) for each in lines if (why := each.why or next(whys).why)]
        if wrong:
            told = "\n".join(f"line {line}: {why}" for line, why in wrong)
            raise InvalidError(f"{len(wrong)} of {len(lines)} lines may not be stated, and nobody was asked:\n{told}")
        sheets = []
        for start in range(0, 0 if dry_run else len(lines), LINES_MAX):
            sheets.append(
                _ask_sheet(
                    lines[start : start + LINES_MAX], reason, using, RequestPorts(vault.index, vault.clock, access.log), staff
                )
            )
    document = {"lines": len(lines), "sheets": [{"sheet": each.sheet, "request": each.request} for each in sheets]}
    told = ", ".join(each.request for each in sheets) or "试运行，未提出 / dry run, nobody was asked"
    show(
        document,
        f"{len(lines)} 行可登记，等待第二人在服务中批准 / lines that a second person approves in the service: {told}",
        as_json=json,
    )
    return 0


@app.command
def certificate(
    case: str,
    *,
    part: OnePart = "",
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Where to write it; CASE[.PART].destroyed.json if not given.")
    ] = None,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Write the certificate that CASE, or a part of it, was destroyed, with its time stamps; `jianlu verify` checks it offline."""
    with open_home(home_path(home)) as opened:
        ref, tenant, vault = case_ref(case), _tenant(opened), opened.vault
        custody = open_case_log(vault, tenant, custody_chain(tenant_secret(vault, tenant), ref))
        content = write_certificate(
            open_case_log(vault, tenant, ref), custody, prove=lambda positions: _proved(opened, positions), part=part
        )
    path = output or Path(f"{case}.{part}.destroyed.json" if part else f"{case}.destroyed.json")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written ({error.strerror}): name another place") from error
    stamps = [stamp.authority for stamp in check_certificate(content).stamps]
    told = f"时间戳 / stamped by: {', '.join(stamps)}" if stamps else "尚无第三方时间戳 / no third party stamped it yet"
    show({"certificate": str(path), "stamps": stamps}, f"销毁证明 / certificate: {path}\n{told}", as_json=json)
    return 0


def _tenant(opened: Home) -> TenantId:
    return tenant_id(opened.settings.tenant.id)


def _signed_in(opened: Home, tenant: TenantId, account: str, password_file: Path | None, code: str) -> Staff:
    identity = identity_ports(opened.vault.index, opened.vault.keys, opened.settings)
    return known_for_one_act(identity, tenant, account, read_password(password_file), code)


def _ask_sheet(lines: Sequence[TableLine], reason: str, using: StatementPorts, asking: RequestPorts, staff: Staff) -> Sheet:
    by = staff.account.id

    def make(sheet: str) -> str:
        on = Resource("statement", sheet, using.tenant)
        return ask_second(APPROVAL, "trigger.state", on, reason, using=asking, by=by).request

    sheet, looked = ask_statements([each.stated for each in lines], reason, using=using, by=by, ask=make)
    if sheet is None:
        raise ConflictError(f"the ledger went on meanwhile: {next(each.why for each in looked if each.why)}")
    return sheet


def _statement_ports(opened: Home, desk: CaseDesk, tenant: TenantId) -> StatementPorts:
    vault, ports = opened.vault, _ports(opened, desk, tenant)
    return StatementPorts(
        vault=vault,
        tenant=tenant,
        database=vault.index,
        clock=vault.clock,
        writing=ports.writing,
        read=ports.read,
        read_custody=lambda case: open_case_log(vault, tenant, custody_chain(tenant_secret(vault, tenant), case)),
    )


def _why(outcome: str) -> str:
    return next((text for refusal, text in WHY.items() if refusal.value == outcome), "its destruction began already")


def _ports(opened: Home, desk: CaseDesk, tenant: TenantId) -> DestructionPorts:
    vault = opened.vault

    @contextmanager
    def writing(case: str) -> Iterator[CaseLog]:
        yield desk.log(tenant, custody_chain(tenant_secret(vault, tenant), case))

    return DestructionPorts(
        vault=vault,
        tenant=tenant,
        database=vault.index,
        clock=vault.clock,
        writing=writing,
        read=lambda case: open_case_log(vault, tenant, case),
        let_go=lambda case: desk.release(tenant, case),
        watch=ClockWatch(vault.clock),
        expiry=lambda at: expiry_now(opened.ledger_directory, time_authorities(opened.path, opened.settings), vault.clock, at),
    )


def _proved(opened: Home, positions: Sequence[int]) -> Proved:
    opened.ledger.publish()
    return prove_from(opened.ledger_directory, opened.package.ledger_key, positions)
