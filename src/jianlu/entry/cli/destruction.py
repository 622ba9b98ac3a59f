"""`jianlu destruction`: what is due, asking for it, and certificates, from the command line, with the service stopped.

The same use case as the interface: whoever asks signs in, a second person approves in the service, and what is held, open or not due is
refused and recorded here too, whoever has the machine. Nothing is destroyed by this command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from jianlu.core.errors import ConflictError, DeniedError, UnavailableError
from jianlu.core.terms.ids import TenantId, case_ref, tenant_id
from jianlu.deliver.oversight.certificates import Proved, write_certificate
from jianlu.deliver.oversight.destructions import DestructionPorts, ask_destruction
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show
from jianlu.entry.serve.access import access_of
from jianlu.govern.access.grants import APPROVAL
from jianlu.govern.access.model import Resource
from jianlu.govern.access.requests import RequestPorts
from jianlu.govern.access.requests import ask as ask_second
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import sign_out
from jianlu.ledger.anchors.trusted_time import expiry_now
from jianlu.ledger.prove import prove_entries
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.custody.destruction import WHY
from jianlu.vault.custody.due import due_cases
from jianlu.vault.custody.time_reading import ClockWatch
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.wiring import Home, identity_ports, open_home, time_authorities

app = App(name="destruction", help="Cases whose time has ended.")


@app.command(name="list")
def list_due(*, home: HomePath = None, json: AsJson = False) -> int:
    """Every case that may be due, and whether a hold stands over it."""
    with open_home(home_path(home)) as opened:
        found = due_cases(opened.vault, _tenant(opened), opened.vault.clock.now())
    document = {"due": [{"case": each.case, "until": each.until, "is_held": each.is_held} for each in found]}
    lines = [f"{each.case}  {each.until}{'  保全中 / held' if each.is_held else ''}" for each in found]
    show(document, "\n".join(lines) or "没有到期的案件 / no case is due", as_json=json)
    return 0


@app.command
def ask(
    *cases: str,
    account: Annotated[str, Parameter(help="Who asks: the name of an account that may.")],
    reason: Annotated[str, Parameter(help="Why they are destroyed now.")],
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
        identity = identity_ports(vault.index, vault.keys, opened.settings)
        token, staff = sign_in(identity, tenant, account, _password(password_file), code)
        sign_out(identity, token)
        if not access.could(staff, "case.destroy", Resource("destruction", "", tenant)):
            raise DeniedError("this account may not destroy anything, with an approval neither: ask compliance")
        using = RequestPorts(vault.index, vault.clock, access.log)

        def make(batch: str) -> str:
            on = Resource("destruction", batch, tenant)
            return ask_second(APPROVAL, "case.destroy", on, reason, using=using, by=staff.account.id).request

        batch, refused = ask_destruction(cases, reason, using=_ports(opened, desk, tenant), by=staff.account.id, ask=make)
    if batch is None:
        told = "; ".join(f"{each.case}: {_why(each.outcome)}" for each in refused)
        raise ConflictError(f"nothing was asked for, and this is on the record: {told}")
    document = {"batch": batch.batch, "request": batch.request, "cases": list(batch.cases)}
    show(document, f"已提出，等待第二人在服务中批准 / a second person approves it in the service: {batch.request}", as_json=json)
    return 0


@app.command
def certificate(
    case: str,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Where to write it; CASE.destroyed.json if not given.")
    ] = None,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Write the certificate that CASE was destroyed; `jianlu verify` checks it offline."""
    with open_home(home_path(home)) as opened:
        ref, tenant, vault = case_ref(case), _tenant(opened), opened.vault
        custody = open_case_log(vault, tenant, custody_chain(tenant_secret(vault, tenant), ref))
        content = write_certificate(
            open_case_log(vault, tenant, ref), custody, prove=lambda positions: _proved(opened, positions)
        )
    path = output or Path(f"{case}.destroyed.json")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written ({error.strerror}): name another place") from error
    show({"certificate": str(path)}, f"销毁证明 / certificate: {path}", as_json=json)
    return 0


def _tenant(opened: Home) -> TenantId:
    return tenant_id(opened.settings.tenant.id)


def _why(outcome: str) -> str:
    return next((text for refusal, text in WHY.items() if refusal.value == outcome), "its destruction began already")


def _password(file: Path | None) -> str:
    if file is None:
        return getpass("password: ")
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError("the file with the password cannot be read: check its name and rights") from error


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
    checkpoint, hashes = prove_entries(opened.ledger_directory, positions)
    return Proved(opened.package.ledger_key, checkpoint, hashes)
