"""`jianlu serve` with a time-stamp authority: its ledger is stamped while it runs, and says so; the authority's death stops nothing."""

from __future__ import annotations

import json
from pathlib import Path

from jianlu.core.formats.event import parse_event
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.folder import newest_first
from jianlu.ledger.read import read_entries
from tests.fakes.serving.running import make_served_home, served, wait_for
from tests.fakes.time.authority import make_authority, serving


def test_the_tree_has_its_ledger_stamped_and_goes_on_without_the_authority(tmp_path: Path) -> None:
    home = make_served_home(tmp_path / "home")
    authority = make_authority(tmp_path / "alpha", "alpha", keys="p256")
    with serving(authority):
        table = (
            f'{{name = "alpha", url = "{authority.address}", certificates = {json.dumps(str(authority.chain))}, interval_s = 10}}'
        )
        text = (home / "jianlu.toml").read_text()
        assert "\nauthorities = []" in text
        (home / "jianlu.toml").write_text(text.replace("\nauthorities = []", f"\nauthorities = [{table}]"))
        with served(home) as running, running.client() as client:
            ledger = home / "ledger"
            wait_for(lambda: any(anchor.stamps for anchor in newest_first(ledger)))
            wait_for(lambda: EventType.CHECKPOINT_STAMPED in _kinds(ledger))
            authority.is_down = True
            (home / "run" / "anchor-wanted").touch()
            wait_for(lambda: EventType.TIME_GAP_DECLARED in _kinds(ledger))
            assert running.logged("anchoring_failed")[0]["name"] == "alpha"
            assert client.get("/api/v1/health").json()["status"] == "ok"
            assert running.stop() == 0


def _kinds(ledger: Path) -> set[EventType]:
    return {parse_event(entry).type for entry in read_entries(ledger, 0, 1_000)}
