"""`jianlu destruction` on a sealed home: nothing goes before its time, the attempt is on the record, and a certificate is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.vault.custody.due import custody_events
from jianlu.vault.ports import VaultPorts
from jianlu.wiring import open_home, open_identity
from tests.fakes.identity.worlds import add_account
from tests.fakes.quiet_home import Sealed, jianlu

Copy = Callable[[], Sealed]
PASSWORD, WHY = "correct horse battery", "its time has come, says somebody"


@contextmanager
def the_vault(world: Sealed) -> Iterator[tuple[VaultPorts, CaseRef]]:
    with open_home(world.home) as opened, opened.vault.index.connect() as connection:
        case = connection.exec_driver_sql("SELECT case_ref FROM cases WHERE state = 'closed'").scalar_one()
        yield opened.vault, CaseRef(case)


def test_nobody_destroys_before_its_time_whoever_has_the_machine(copied: Copy, tmp_path: Path) -> None:
    world = copied()
    with open_identity(world.home) as (settings, identity):
        tenant = tenant_id(settings.tenant.id)
        add_account(identity, tenant, "xu", PASSWORD, roles=["compliance"])
        add_account(identity, tenant, "lu", PASSWORD, roles=["administrator"])
    with the_vault(world) as (_, case):
        pass
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")

    def ask(account: str) -> int:
        words = ("--account", account, "--reason", WHY, "--password-file", tmp_path / "password", "--home", world.home)
        return jianlu("destruction", "ask", case, *words).code

    assert jianlu("destruction", "list", "--home", world.home, "--json").document == {"due": []}
    assert (ask("xu"), ask("lu"), ask("nobody")) == (5, 3, 3)
    answer = jianlu("destruction", "certificate", case, "--home", world.home, "-o", tmp_path / "x.json")
    assert answer.code == 5 and not (tmp_path / "x.json").exists()
    with the_vault(world) as (vault, case):
        refused = custody_events(vault, tenant, EventType.DESTRUCTION_REFUSED)
        assert [(event.body["of"], event.body["reason"]) for event in refused] == [(case, "retention")]


def test_a_file_that_begins_with_a_brace_is_checked_as_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"{}")
    answer = jianlu("verify", tmp_path / "x.json", "--json")
    assert answer.code == 90 and [each["what"] for each in answer.document["problems"]] == ["certificate_malformed"]
