"""`jianlu destruction` on a sealed home: nothing goes before its time, the attempt is on the record, and a certificate is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.deliver.oversight.statements import newest_sheets
from jianlu.ledger.signer import load_signer
from jianlu.vault.custody.due import custody_events
from jianlu.vault.ports import VaultPorts
from jianlu.verify.trust import parse_trust, trust_bytes
from jianlu.wiring import open_home, open_identity
from tests.fakes.identity.worlds import add_account
from tests.fakes.quiet_home import TENANT, Answer, Sealed, jianlu, make_quiet_home
from tests.fakes.time.authority import make_authority, serving
from tests.fakes.time.stage import Stage
from tests.fakes.vault.ended import BANK, Ending
from tests.fakes.vault.home import CASE
from tests.fakes.vault.sale import record_sale
from tests.unit.ledger.worlds import World

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

    def ask(account: str, *more: str) -> int:
        words = ("--account", account, "--reason", WHY, "--password-file", tmp_path / "password", "--home", world.home)
        return jianlu("destruction", "ask", case, *words, *more).code

    assert jianlu("destruction", "list", "--home", world.home, "--json").document == {"due": [], "due_parts": []}
    assert (ask("xu"), ask("lu"), ask("nobody")) == (5, 3, 3)
    assert (ask("xu", "--part", "recording"), ask("xu", "--part", "plan")) == (5, 2)
    for part in ((), ("--part", "recording")):
        answer = jianlu("destruction", "certificate", case, *part, "--home", world.home, "-o", tmp_path / "x.json")
        assert answer.code == 5 and not (tmp_path / "x.json").exists()
    with the_vault(world) as (vault, case):
        refused = custody_events(vault, tenant, EventType.DESTRUCTION_REFUSED)
        said = [(event.body["of"], event.body.get("part", ""), event.body["reason"]) for event in refused]
        assert said == [(case, "recording", "retention"), (case, "", "retention")]


def test_a_certificate_is_written_with_the_stamps_that_are_there_and_checked_with_the_trust_file(tmp_path: Path) -> None:
    """Survives being asked for before any authority stamped it, and a place where the stamps cannot be written out."""
    home, file, trust = make_quiet_home(tmp_path / "home", tenant=BANK), tmp_path / "x.json", tmp_path / "trust.json"
    with open_home(home) as opened:
        house = Ending(opened.vault, load_signer(home / "secrets" / "ledger.key"))
        record_sale(opened.vault, until="2020-06-30")
        house.start(until="2020-06-30")
        house.complete()
    alpha = make_authority(tmp_path / "alpha", "alpha", keys="p256")
    known = parse_trust((home / "trust.json").read_bytes())
    trust.write_bytes(trust_bytes(replace(known, authorities={"alpha": parse_certificates(alpha.chain.read_text())})))

    def written() -> Answer:
        answer = jianlu("destruction", "certificate", CASE, "--home", home, "-o", file, "--json")
        assert answer.code == 0, answer.err
        return answer

    assert written().document["stamps"] == []
    bare = jianlu("verify", file, "--trust", trust)
    assert bare.code == 0 and "未经第三方证明" in bare.out
    with serving(alpha):
        stage = Stage(World(home / "ledger", house.signer))
        stage.start([alpha])
        assert stage.stamper.beat() == 1
    assert written().document["stamps"] == ["alpha"]
    answer = jianlu("verify", file, "--trust", trust, "--anchors", tmp_path / "out", "--json")
    assert answer.code == 0 and answer.document["time_evidenced"] and answer.document["signer"]["trusted"]
    assert len([*(tmp_path / "out" / "ledger" / "anchors").glob("*/alpha.tst")]) == 1
    assert jianlu("verify", file, "--anchors", file).code == 75


def test_a_file_that_begins_with_a_brace_is_checked_as_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"{}")
    answer = jianlu("verify", tmp_path / "x.json", "--json")
    assert answer.code == 90 and [each["what"] for each in answer.document["problems"]] == ["certificate_malformed"]


def test_a_table_of_days_is_asked_for_as_a_whole_or_not_at_all(copied: Copy, tmp_path: Path) -> None:
    """Survives a table with wrong lines (each is named, nobody is asked), one that is none, and an account that may not."""
    world = copied()
    with open_identity(world.home) as (settings, identity):
        for name, role in {"xu": "compliance", "lu": "administrator"}.items():
            add_account(identity, tenant_id(settings.tenant.id), name, PASSWORD, roles=[role])
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    table = tmp_path / "days.csv"
    today, digest = datetime.now(UTC).date().isoformat(), "5e" * 32

    def days(*lines: str, account: str = "xu", more: tuple[str, ...] = ()) -> Answer:
        table.write_text("\r\n".join(("number,trigger,day,evidence,evidence_digest", *lines)), encoding="utf-8-sig")
        words = ("--account", account, "--reason", WHY, "--password-file", tmp_path / "password", "--home", world.home, "--json")
        return jianlu("destruction", "days", table, *words, *more)

    number = "quiet-0001"
    right = f"{number},contract_end,{today},notice 7,{digest}"
    wrong = (
        f"{number},contract_end,2099-01-01,notice 7,{digest}",
        "nobody,contract_end,2026-11-30,notice 7,abc",
        "one,two",
        right,
    )
    answer = days(*wrong, f"nobody,contract_end,{today},notice 8,{digest}")
    assert answer.code == 2
    for told in (
        "line 2: that day has not come",
        "line 3: the document's SHA-256",
        "line 4: has 2 fields",
        "line 6: there is no such",
    ):
        assert told in answer.err, answer.err
    assert "line 5: says the same day of the same case as line 2" in answer.err
    assert days(right, account="lu").code == 3 and days().code == 2
    assert days(right, more=("--dry-run",)).document == {"lines": 1, "sheets": []}
    asked = days(right)
    assert asked.code == 0 and len(asked.document["sheets"]) == 1
    with the_vault(world) as (vault, _):
        sheets = newest_sheets(tenant=tenant_id(TENANT), database=vault.index)
        assert [(each.request, [line.day for line in each.lines]) for each in sheets] == [
            (asked.document["sheets"][0]["request"], [today])
        ]
        assert custody_events(vault, tenant_id(TENANT), EventType.TRIGGER_STATED) == []  # a second person comes first
