"""The process that asks authorities and witnesses, over a whole home: anchors lie beside the tiles, and the ledger says that they do."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.core.formats.event import Event, parse_event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli.home import make_home, settings_text
from jianlu.entry.serve.anchors import work
from jianlu.entry.serve.children import Child, children_of
from jianlu.entry.serve.time_desk import TimeDesk, time_server
from jianlu.ledger.anchors.awaiting import Awaited, await_anchors
from jianlu.ledger.anchors.folder import anchor_newest, newest_first, put_stamp
from jianlu.ledger.anchors.outbox import Outbox
from jianlu.ledger.read import read_entries
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.settings import parse_settings, read_settings
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.vault.time_log import TimeLog
from jianlu.wiring import HURRY_FILE, Home, open_anchoring, open_home
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.quiet_home import jianlu, make_quiet_home, write_case
from tests.fakes.time.authority import LocalAuthority
from tests.fakes.time.witnesses import make_witness, serving_witness
from tests.unit.ledger.worlds import new_world

TENANT = tenant_id("demo-bank")


class Beats:
    """Stops after so many beats; `between` is called before each but the first."""

    def __init__(self, count: int) -> None:
        self.left = count

    def is_set(self) -> bool:
        """As the port."""
        return self.left <= 0

    def wait(self, _: float, /) -> bool:
        """As the port."""
        self.left -= 1
        return self.is_set()


@contextmanager
def serving_log(home: Home, log: TimeLog) -> Iterator[TimeDesk]:
    """The time log behind its socket, as the web process serves it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    path = home.path / "run" / "time.sock"
    server = time_server(path, log)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    desk = TimeDesk(path)
    try:
        yield desk
    finally:
        desk.close()
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _said(home: Home) -> list[Event]:
    home.ledger.publish()
    return [parse_event(entry) for entry in read_entries(home.ledger_directory, 0, 1_000)]


def _settings(authority: LocalAuthority, vkey: str, address: str) -> str:
    return _naming(settings_text("demo-bank", "jianlu.example/demo"), authority, vkey, address)


def _naming(text: str, authority: LocalAuthority, vkey: str, address: str) -> str:
    """The settings `text` with an authority and a witness."""
    table = {"name": "alpha", "url": authority.address, "certificates": str(authority.chain)}
    inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
    text = text.replace("authorities = []", f"authorities = [{{{inline}}}]", 1)
    return text.replace("witnesses = []", f'witnesses = [{{key = "{vkey}", url = "{address}"}}]').replace(
        "required = 0", "required = 1"
    )


def test_a_home_that_names_an_authority_and_a_witness_gets_anchors_and_says_so_in_its_ledger(
    tmp_path: Path, alpha: LocalAuthority
) -> None:
    vkey = make_witness(tmp_path / "witness", "witness.example/w1").text
    home = tmp_path / "home"
    ledger = make_home(home, settings_text("demo-bank", "jianlu.example/demo"))["ledger"]
    (tmp_path / "witness" / "ledgers").write_text(f"{ledger}\n")
    with serving_witness(tmp_path / "witness") as address:
        (home / "jianlu.toml").write_text(_settings(alpha, vkey, address))
        assert Child("anchors") in children_of(read_settings(home))
        with open_home(home) as opened:
            log = TimeLog(CaseDesk(opened.vault), TENANT, tenant_secret(opened.vault, TENANT), SystemClock())
            with serving_log(opened, log) as desk:
                outbox = Outbox(desk)
                work(open_anchoring(home), opened.settings, outbox, home / HURRY_FILE, Beats(1), beat_s=0)
                opened.ledger.publish()
                (home / HURRY_FILE).touch()
                work(open_anchoring(home), opened.settings, outbox, home / HURRY_FILE, Beats(1), beat_s=0)
                with pytest.raises(InvalidError, match="not said of time"):
                    desk(EventType.CASE_CLOSED, {"events": 1})
            events = _said(opened)
            anchors = {anchor.size: anchor for anchor in newest_first(opened.ledger_directory)}
            assert [(event.type, event.body["size"]) for event in events] == [
                (EventType.CHECKPOINT_STAMPED, 0),
                (EventType.CHECKPOINT_STAMPED, 1),
            ]
            assert "alpha" in anchors[1].stamps and b"witness.example/w1" in anchors[1].cosignatures
            assert {event.case for event in events} == {log.ref_of(events[0].at[:7])}
            assert not (home / HURRY_FILE).exists()


def test_what_is_declared_while_the_web_process_is_away_waits(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        TimeDesk(tmp_path / "time.sock")(EventType.QUORUM_ALARMED, {})


def test_settings_without_authority_and_witness_run_no_such_process() -> None:
    assert Child("anchors") not in children_of(parse_settings(""))


@pytest.mark.parametrize(
    "text",
    [
        "[witnesses]\nrequired = 1",
        '[time]\nauthorities = [{name = "A", url = "http://a", certificates = "a.pem"}]',
        '[[time.authorities]]\nname = "a"\nurl = "http://a"\ncertificates = "a"\n' * 2,
        '[time]\nauthorities = [{name = "a", url = "ftp://a", certificates = "a.pem"}]',
    ],
)
def test_settings_that_cannot_be_meant_refuse_to_start(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_settings(text)


def test_a_file_that_is_sealed_is_stamped_and_cosigned_before_its_package_is_written(
    tmp_path: Path, alpha: LocalAuthority
) -> None:
    home = make_quiet_home(tmp_path / "home")
    vkey = make_witness(
        tmp_path / "witness", "witness.example/w1", json.loads((home / "trust.json").read_text())["ledgers"][0]["vkey"]
    )
    package = tmp_path / "session.jlp"
    with serving_witness(tmp_path / "witness") as address:
        text = (home / "jianlu.toml").read_text()
        (home / "jianlu.toml").write_text(_naming(text, alpha, vkey.text, address))
        media = make_media(tmp_path / "session.mp4", Clip(seconds=2))
        case = write_case(tmp_path / "case.toml")
        assert jianlu("seal", media, "--case", case, "-o", package, "--home", home).code == 0
    found = jianlu("verify", package, "--json").document
    assert [(stamp["authority"], stamp["covers_case"], stamp["checked"]) for stamp in found["stamps"]] == [("alpha", True, False)]
    with ZipFile(package) as archive:
        report = archive.read("report/report.en.html").decode()
    assert "stamped by 1 authorities" in report and "cosigned by 1 (witness.example/w1)" in report
    trust = jianlu("ledger", "trust", home, "--json").document
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    found = jianlu("verify", package, "--trust", tmp_path / "trust.json", "--json").document
    assert [stamp["checked"] for stamp in found["stamps"]] == [True]
    assert [(each["witness"], each["covers_case"]) for each in found["cosignatures"]] == [("witness.example/w1", True)]
    assert found["witnesses_required"] == 1 and found["intact"]
    shown = jianlu("ledger", "stamps", home / "ledger", "--trust", tmp_path / "trust.json")
    assert shown.code == 0 and "alpha" in shown.out and "witness.example/w1" in shown.out


def test_whoever_waits_for_anchors_waits_no_longer_than_told(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    world.fill([b"entry"])
    asked = Awaited(["alpha"], 0, tmp_path / "wanted", 0)
    assert not await_anchors(world.directory, 0, asked, SystemClock())
    anchor = anchor_newest(world.directory, world.signer.key)
    put_stamp(world.directory, anchor.size, "alpha", b"token")
    assert await_anchors(world.directory, 0, asked, SystemClock())
    assert not await_anchors(world.directory, 1, asked, SystemClock()), "it must cover the entry"
    clock = SteppingClock()
    assert not await_anchors(world.directory, 1, Awaited(["alpha"], 0, tmp_path / "wanted", 20), clock)
    assert (tmp_path / "wanted").exists()
    assert await_anchors(world.directory, 1, Awaited([], 0, tmp_path / "other", 20), clock) and not (tmp_path / "other").exists()


class SteppingClock(SystemClock):
    """Ten seconds pass between two looks."""

    def __init__(self) -> None:
        self.ms = 0

    def monotonic_ms(self) -> int:
        """As the port."""
        self.ms += 10_000
        return self.ms
