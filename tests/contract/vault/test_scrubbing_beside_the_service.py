"""A worker looks after the stores through the socket of the process that has the ledger; only one does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from jianlu.entry.cli.main import run
from jianlu.entry.serve.scrubbing import Scrubbing, the_only_one
from jianlu.vault.stores.reports import store_reports
from jianlu.wiring import open_workbench
from tests.fakes.eventually import eventually
from tests.fakes.jobs.recorded_home import serve_home
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import said

STORES = 'stores = [{name = "here", address = "folder:vault"}, {name = "near", address = "folder:near"}]'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    assert run(["init", str(made), "--tenant", TENANT]) == 0
    (made / "near").mkdir()
    text = (made / "jianlu.toml").read_text()
    (made / "jianlu.toml").write_text(text.replace('blobs = "posix"', 'blobs = "stores"').replace("stores = []", STORES))
    return made


def test_a_worker_makes_the_copies_of_what_another_process_seals(home: Path) -> None:
    with serve_home(home) as opened, open_workbench(home) as bench:
        with Scrubbing(home, bench.settings, bench.vault):
            record_sale(opened.vault)
            eventually(lambda: all(each.state.scrubbed_at for each in store_reports(bench.vault)), "a scrub of both stores")
            eventually(lambda: all(each.is_complete for each in store_reports(bench.vault)), "copies of everything")
            with pytest.raises(ConflictError), the_only_one(home):
                raise AssertionError("two processes have the turn")
        copies = {path.name for path in (home / "near" / TENANT / CASE).iterdir()}
        assert copies == {path.name for path in (home / "vault" / TENANT / CASE).iterdir()}
        assert len(copies) == 8
        assert said(opened.vault, EventType.STORE_SCRUB_COMPLETED)
        with the_only_one(home):
            assert not any(thread.name == "scrubbing" for thread in threading.enumerate())
