"""`jianlu assess`: every answer follows what the home is, the paper is signed, and an altered one is refused.

Each question is seen to answer both ways, or to be unable to say. Faults: a damaged ledger and package, secrets that others may read, a
scanner that is away, a ledger's disk that takes no writes, a paper that was altered, signed by somebody else, or is another note.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jianlu.core.formats.note import verify_note
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.assess.model import Answer, Examined, Found
from jianlu.entry.assess.statement import QUESTIONS, assess
from jianlu.ledger.signer import sign_note
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.chain import new_hold_id, place_hold
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.verify.trust import parse_trust
from jianlu.wiring import open_home, open_identity, open_root, open_workbench
from tests.fakes.identity.worlds import add_account
from tests.fakes.quiet_home import Sealed, jianlu, make_quiet_home
from tests.fakes.vault.home import CASE
from tests.fakes.vault.memory import SteppingClock
from tests.fakes.vault.sale import record_sale

Copied = Callable[[], Sealed]
PASSWORD = "correct horse battery"
NAMES = {each.name for each in QUESTIONS}


def looked(home: Path, *, clock: Clock | None = None) -> dict[str, Found]:
    """What is found in a home now, by question."""
    trust = parse_trust((home / "trust.json").read_bytes())
    with open_workbench(home) as bench, open_identity(home) as (settings, identity), open_root(home) as root:
        if clock is not None:
            bench = replace(bench, vault=replace(bench.vault, clock=clock))
        examined = Examined(home, settings, tenant_id(settings.tenant.id), bench, identity, root.check, trust)
        return {each.question: each.found for each in assess(examined, "0").lines}


def set_to(home: Path, known: str, wanted: str) -> None:
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    assert known in text
    settings.write_text(text.replace(known, wanted), encoding="utf-8")


def test_a_paper_is_printed_signed_and_read_by_whoever_has_the_trust_file(sealed: Sealed, tmp_path: Path) -> None:
    made = jianlu("assess", "--home", sealed.home, "-o", tmp_path / "paper", "--json")
    assert made.code == 10, "administration shares the port of business, and there is one copy alone"
    assert {line["question"] for line in made.document["lines"]} == NAMES
    checked = jianlu("assess", "check", tmp_path / "paper", "--trust", sealed.home / "trust.json", "--json")
    assert checked.code == 10
    assert checked.document["signer"] == sealed.package_signer.key.name
    assert {**checked.document, "signer": ""} == made.document
    text = verify_note((tmp_path / "paper").read_bytes(), [sealed.package_signer.key]).text
    assert [json.loads(line)["question"] for line in text.splitlines()[4:]] == [each.name for each in QUESTIONS]


def test_people_read_it_in_both_languages_with_what_to_do(sealed: Sealed) -> None:
    said = jianlu("assess", "--home", sealed.home).out
    assert "✓ 符合 / met" in said and "账本经逐条重算完好 / the ledger is sound" in said
    assert "✗ 不符合 / NOT met" in said and "see [serve] administration" in said
    assert "? 未能证明 / not evidenced" in said and "p99_us=" in said


def test_a_paper_is_never_replaced(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "paper").write_text("kept")
    made = jianlu("assess", "--home", sealed.home, "-o", tmp_path / "paper")
    assert made.code == 5 and (tmp_path / "paper").read_text() == "kept"


@pytest.mark.parametrize(
    ("known", "wanted"), [('"not_met"', '"met"'), ("demo-bank", "other-bank"), ("security.ledger", "security.nothing")]
)
def test_an_altered_paper_is_refused(sealed: Sealed, tmp_path: Path, known: str, wanted: str) -> None:
    paper = tmp_path / "paper"
    jianlu("assess", "--home", sealed.home, "-o", paper)
    whole = paper.read_text(encoding="utf-8")
    assert known in whole
    paper.write_text(whole.replace(known, wanted, 1), encoding="utf-8")
    assert jianlu("assess", "check", paper, "--trust", sealed.home / "trust.json").code == 90


def test_a_paper_of_another_house_and_another_note_are_refused(sealed: Sealed, tmp_path: Path) -> None:
    stranger = make_quiet_home(tmp_path / "stranger")
    jianlu("assess", "--home", stranger, "-o", tmp_path / "paper")
    trust = sealed.home / "trust.json"
    assert jianlu("assess", "check", tmp_path / "paper", "--trust", trust).code == 90
    (tmp_path / "other").write_bytes(sign_note("something else\n", sealed.package_signer))
    refused = jianlu("assess", "check", tmp_path / "other", "--trust", trust)
    assert refused.code == 2 and "no assessment" in refused.err
    (tmp_path / "shorn").write_bytes(
        sign_note('jianlu-assessment v1\na\n2026-01-01T00:00:00.000Z\n1\n{"answer":"met"}\n', sealed.package_signer)
    )
    assert jianlu("assess", "check", tmp_path / "shorn", "--trust", trust).code == 2


def test_a_sound_home_says_so_with_its_figures(copied: Copied) -> None:
    home = copied().home
    (home / "packages").mkdir(exist_ok=True)
    shutil.copy(home.parent / "copy.jlp", home / "packages" / "one.jlp")
    found = looked(home)
    assert found.keys() == NAMES
    for name in (
        "security.ledger",
        "security.files",
        "compliance.packages",
        "compliance.places",
        "compliance.ended",
        "compliance.clock",
        "performance.room",
    ):
        assert found[name].answer is Answer.MET, (name, found[name])
    assert found["security.ledger"].figures["entries"] > 0  # type: ignore[operator]
    assert found["compliance.packages"].figures["looked_at"] == found["compliance.packages"].figures["intact"] == 1
    rules = found["compliance.rules"]
    assert rules.answer is Answer.NOT_EVIDENCED and "counsel" in rules.reason
    assert rules.figures["confirmed"] == 0 < rules.figures["clauses"], "none was compared with its official site"  # type: ignore[operator]
    for name in ("performance.durable-writes", "performance.sealing"):
        assert found[name].answer is Answer.MEASURED and all(value for value in found[name].figures.values())
    for name in ("time", "witnesses", "root-key", "malware", "locks", "scrub", "certificate"):
        assert found[f"security.{name}"].answer is Answer.NOT_EVIDENCED, name


def open_to_others(home: Path) -> None:
    (home / "secrets" / "server.key").chmod(0o644)


def damaged_ledger(home: Path) -> None:
    tile = next(path for path in sorted((home / "ledger" / "tile").rglob("*")) if path.is_file())
    content = bytearray(tile.read_bytes())
    content[len(content) // 2] ^= 1
    tile.write_bytes(bytes(content))


def damaged_package(home: Path) -> None:
    (home / "packages").mkdir(exist_ok=True)
    content = bytearray((home.parent / "copy.jlp").read_bytes())
    content[len(content) // 2] ^= 1
    (home / "packages" / "one.jlp").write_bytes(bytes(content))


def scanner_that_is_away(home: Path) -> None:
    set_to(home, 'scanner = ""', f'scanner = "unix:{home / "nobody.sock"}"')


def certificate_of_another_name(home: Path) -> None:
    set_to(home, 'public_url = ""', 'public_url = "https://records.bank.example"')


def overdue(home: Path) -> None:
    with open_home(home) as opened:
        log = open_case_log(opened.vault, opened.settings.tenant.id, CASE)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"{}", {})
        log.append(EventType.RETENTION_SET, {"part": "recording", "until": "2025-01-31", "clause": "pack:c"})
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})


def a_password_alone(home: Path) -> None:
    with open_identity(home) as (settings, identity):
        add_account(identity, tenant_id(settings.tenant.id), "mei", PASSWORD, roles=["agent"])


@pytest.mark.parametrize(
    ("spoil", "question", "answer"),
    [
        (open_to_others, "security.files", Answer.NOT_MET),
        (damaged_ledger, "security.ledger", Answer.NOT_MET),
        (damaged_package, "compliance.packages", Answer.NOT_MET),
        (scanner_that_is_away, "security.malware", Answer.NOT_EVIDENCED),
        (certificate_of_another_name, "security.certificate", Answer.NOT_MET),
        (a_password_alone, "security.second-factor", Answer.NOT_MET),
        (overdue, "compliance.ended", Answer.NOT_MET),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_is_wrong_is_found_and_said_with_the_next_step(
    copied: Copied, spoil: Callable[[Path], None], question: str, answer: Answer
) -> None:
    home = copied().home
    spoil(home)
    found = looked(home)[question]
    assert found.answer is answer and found.reason


def test_a_password_alone_is_no_way_in_where_a_second_factor_is_required(copied: Copied) -> None:
    home = copied().home
    a_password_alone(home)
    set_to(home, 'second_factor = "offered"', 'second_factor = "required"')
    found = looked(home)["security.second-factor"]
    assert (found.answer, found.figures["alone"], found.figures["required"]) == (Answer.MET, 1, 1)


def test_a_clock_that_left_the_ledger_behind_is_said(copied: Copied) -> None:
    home = copied().home
    later = SteppingClock()
    later.moment = datetime.now(UTC) + timedelta(days=9)
    found = looked(home, clock=later)["compliance.clock"]
    assert found.answer is Answer.NOT_MET and "behind" in found.reason


def test_what_a_hold_keeps_is_not_overdue(copied: Copied) -> None:
    home = copied().home
    overdue(home)
    with open_home(home) as opened:
        vault, tenant = opened.vault, tenant_id(opened.settings.tenant.id)
        chain = open_case_log(vault, tenant, custody_chain(tenant_secret(vault, tenant), CASE))
        words = {"matter": "a suit", "reason": "a court has it before it", "by": "a-xu"}
        place_hold(chain, CASE, hold=new_hold_id(), **words, using=vault, clock=vault.clock)
    found = looked(home)["compliance.ended"]
    assert (found.answer, dict(found.figures)) == (Answer.MET, {"due": 1, "held": 1, "overdue": 0})


def test_what_is_set_right_is_met(copied: Copied) -> None:
    home = copied().home
    set_to(home, 'administration = ""', 'administration = "127.0.0.1:9443"')
    before = looked(home)
    assert before["security.administration"].answer is Answer.MET
    assert before["security.administrators"].answer is Answer.NOT_MET
    assert before["security.second-factor"].answer is Answer.NOT_EVIDENCED, "nobody is there yet"
    for name, role in (("sun", "administrator"), ("gao", "security_administrator"), ("pan", "audit_administrator")):
        assert jianlu("account", "add", name, "--roles", role, "--home", home).code == 0
    after = looked(home)
    assert after["security.administrators"].answer is Answer.MET
    assert after["security.administrators"].figures == {
        "administrator": 1,
        "audit_administrator": 1,
        "security_administrator": 1,
    }


def test_copies_and_scrubs_are_counted_once_they_were_read_back(tmp_path: Path) -> None:
    home = make_quiet_home(tmp_path / "home")
    (home / "near").mkdir(mode=0o700)
    set_to(home, 'blobs = "posix"', 'blobs = "stores"')
    two = '{name = "here", address = "folder:vault"}, {name = "near", address = "folder:near"}'
    set_to(home, "stores = []", f"stores = [{two}]")
    with open_home(home) as opened:
        record_sale(opened.vault)
    behind = looked(home)
    assert behind["security.copies"].answer is Answer.NOT_MET
    assert behind["security.scrub"].answer is Answer.NOT_EVIDENCED
    assert jianlu("stores", "scrub", "--home", home).code == 0
    whole = looked(home)
    assert whole["security.copies"].answer is whole["security.scrub"].answer is Answer.MET
    assert whole["security.locks"].answer is Answer.NOT_EVIDENCED


def test_a_disk_that_takes_no_writes_is_said_and_the_rest_is_looked_at(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    home = copied().home

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    found = looked(home)
    assert found["performance.durable-writes"].answer is Answer.NOT_EVIDENCED
    assert "No space left" in found["performance.durable-writes"].reason
    assert found["security.ledger"].answer is Answer.MET


def test_a_home_is_looked_at_beside_whoever_has_its_ledger(copied: Copied) -> None:
    """Nothing is written into it."""
    home = copied().home
    with open_home(home) as opened:
        size = opened.ledger.size
        assert looked(home)["security.ledger"].answer is Answer.MET
        assert opened.ledger.size == size
