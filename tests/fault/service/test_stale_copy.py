"""A home that somebody put back from an older backup, whole or in part: a witness saw more, so the service does not start on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, IntegrityError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.stale_copy import declare_lost, require_newest
from jianlu.runtime.settings import read_settings
from jianlu.vault.case_log import open_case_log
from jianlu.vault.time_log import declared_losses, vouch_once
from jianlu.wiring import Home, open_anchoring, open_home
from tests.fakes.quiet_home import jianlu
from tests.fakes.serving.running import PASSWORD, make_served_home, served
from tests.fakes.time.witnesses import make_witness, serving_witness

NAME = "witness.example/w1"
ACCOUNTS = ("xu:compliance", "lu:administrator", "mei:agent")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with three accounts, and its ledger's key."""
    home = make_served_home(tmp_path_factory.mktemp("template") / "home", accounts=ACCOUNTS)
    with open_home(home) as opened:
        return home, opened.package.ledger_key.text


class Stage:
    """A home, its backup of yesterday beside it, and a witness that cosigned what came after."""

    def __init__(self, folder: Path, template: tuple[Path, str]) -> None:
        self.home, self.backup, self.witness = folder / "home", folder / "backup", folder / "witness"
        shutil.copytree(template[0], self.home)
        self.key = make_witness(self.witness, NAME, template[1]).text

    def knows(self, home: Path, address: str) -> None:
        """The settings of `home` name the witness at `address`."""
        text = (home / "jianlu.toml").read_text(encoding="utf-8")
        before, _, after = text.partition("\nwitnesses = ")
        line = f'\nwitnesses = [{{key = "{self.key}", url = "{address}"}}]\n'
        (home / "jianlu.toml").write_text(before + line + after.partition("\n")[2], encoding="utf-8")

    def work_a_day(self, address: str) -> None:
        """Yesterday's backup is made, then more is recorded and cosigned."""
        self.knows(self.home, address)
        with open_home(self.home) as opened:
            grow(opened, "c" + "a2" * 13)
        shutil.copytree(self.home, self.backup)
        with open_home(self.home) as opened:
            grow(opened, "c" + "b3" * 13, 300)


def grow(opened: Home, case: str, count: int = 3) -> None:
    """Events of `case`, published and shown to the witnesses."""
    log = open_case_log(opened.vault, opened.settings.tenant.id, case)
    for number in range(count):
        log.append(EventType.CLOCK_STEPPED, {"ms": number})
    opened.ledger.publish()
    vouch_once(lambda: open_anchoring(opened.path), opened.settings, opened.vault, opened.ledger.publish)


@pytest.fixture
def stage(tmp_path: Path, template: tuple[Path, str]) -> Iterator[tuple[Stage, str]]:
    made = Stage(tmp_path, template)
    with serving_witness(made.witness) as address:
        made.work_a_day(address)
        yield made, address


def test_no_process_starts_on_a_stale_backup_and_says_what_to_do(stage: tuple[Stage, str]) -> None:
    made, _ = stage
    with open_home(made.home) as opened:
        require_newest(opened)
    before = (made.backup / "ledger" / "checkpoint").read_bytes()
    with served(made.backup, "--only", "web") as running:
        assert running.process.wait(timeout=60) == 90
    told = " ".join([*running.printed, *(str(line) for line in running.lines)])
    assert "put back from an older copy" in told and "declare-loss" in told and NAME in told
    assert (made.backup / "ledger" / "checkpoint").read_bytes() == before, "nothing was written on"


def test_fsck_in_the_home_asks_the_witness_and_says_when_it_could_not(stage: tuple[Stage, str]) -> None:
    made, _ = stage
    assert jianlu("ledger", "fsck", made.home / "ledger").code == 0
    answer = jianlu("ledger", "fsck", made.backup / "ledger")
    assert answer.code == 90 and '"path": "witnesses"' in answer.out and NAME in answer.out
    made.knows(made.backup, "http://127.0.0.1:1")
    answer = jianlu("ledger", "fsck", made.backup / "ledger")
    assert answer.code == 0 and "not asked" in answer.out


def test_a_witness_that_is_away_holds_no_start_up(stage: tuple[Stage, str]) -> None:
    made, _ = stage
    made.knows(made.backup, "http://127.0.0.1:1")
    with open_home(made.backup) as opened:
        require_newest(opened)
        with pytest.raises(ConflictError, match="no loss to declare"):
            declare_lost(opened, ("one", "two"))


def test_a_backup_that_was_written_on_is_a_fork_and_does_not_start(stage: tuple[Stage, str]) -> None:
    made, address = stage
    made.knows(made.backup, "http://127.0.0.1:1")
    with open_home(made.backup) as opened:
        grow(opened, "c" + "c4" * 13, 400)
    made.knows(made.backup, address)
    with open_home(made.backup) as opened, pytest.raises(IntegrityError, match="do not extend"):
        require_newest(opened)


def test_an_anchor_that_was_not_put_back_with_the_rest_is_enough(stage: tuple[Stage, str]) -> None:
    made, _ = stage
    shutil.rmtree(made.backup / "ledger" / "anchors")
    shutil.copytree(made.home / "ledger" / "anchors", made.backup / "ledger" / "anchors")
    made.knows(made.backup, "http://127.0.0.1:1")
    with open_home(made.backup) as opened, pytest.raises(IntegrityError, match="anchor beside the ledger saw"):
        require_newest(opened)


def test_two_people_put_the_loss_on_record_and_only_that_loss(stage: tuple[Stage, str], tmp_path: Path) -> None:
    made, address = stage
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")

    def declare(first: str, second: str) -> int:
        passwords = ("--first-password", tmp_path / "password", "--second-password", tmp_path / "password")
        return jianlu("ledger", "declare-loss", "--first", first, "--second", second, *passwords, "--home", made.backup).code

    assert [declare("xu", "xu"), declare("xu", "mei"), declare("xu", "nobody")] == [5, 3, 3]
    with open_home(made.backup) as opened, pytest.raises(IntegrityError):
        require_newest(opened)
    assert declare("xu", "lu") == 0
    with open_home(made.backup) as opened:
        lost = declared_losses(opened.vault, tenant_id(read_settings(made.backup).tenant.id))
        assert len(lost) == 1 and {name for name, _ in lost} == {NAME}
        require_newest(opened)
        grow(opened, "c" + "d5" * 13, 500)
        require_newest(opened)
    with open_home(made.home) as opened:
        grow(opened, "c" + "e6" * 13)
    made.knows(made.backup, address)
    with open_home(made.backup) as opened, pytest.raises(IntegrityError):
        require_newest(opened)
