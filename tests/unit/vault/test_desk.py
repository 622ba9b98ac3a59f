"""The desk: one log a case however many ask at once, over its socket too, and recorders write what recorders may."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jianlu.core.errors import DeniedError
from jianlu.core.formats.event import check_chain
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.entry.serve.desk import desk_server
from jianlu.runtime.rpc import BlockingRpcClient
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.ports import VaultPorts
from tests.fakes.loops import serving
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT
from tests.fakes.vault.sale import record_sale


def test_everybody_who_asks_at_once_gets_the_same_log(small_vault: VaultPorts) -> None:
    desk, found = CaseDesk(small_vault), list[CaseLog]()
    threads = [threading.Thread(target=lambda: found.append(desk.log(TENANT, CASE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(log) for log in found}) == 1
    assert desk.log(TENANT, OTHER_CASE) is not found[0]
    assert set(desk.open_cases) == {(TENANT, CASE), (TENANT, OTHER_CASE)}


def test_a_released_case_is_read_anew_with_what_others_wrote(small_vault: VaultPorts) -> None:
    desk = CaseDesk(small_vault)
    desk.log(TENANT, CASE)
    desk.release(TENANT, CASE)
    desk.release(TENANT, CASE)
    written = record_sale(small_vault)
    assert [event.digest for event in desk.log(TENANT, CASE).events] == [event.digest for event in written.events]


def test_a_recorder_and_the_session_write_one_chain_through_the_socket(small_vault: VaultPorts, tmp_path: Path) -> None:
    desk = CaseDesk(small_vault)
    desk.log(TENANT, CASE).seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAN", {})
    with serving(desk_server(tmp_path / "desk.sock", desk, TENANT)):

        def record() -> None:
            client = BlockingRpcClient(tmp_path / "desk.sock")
            for number in range(1, 21):
                fields = {"case": CASE, "type": EventType.SEGMENT_SEALED.value, "object": f"seg-{number:06d}"}
                client.call("seal_and_append", {**fields, "body": {"no": number}}, b"SEGMENT %d" % number)
            client.close()

        recorder = threading.Thread(target=record)
        recorder.start()
        for number in range(20):
            desk.log(TENANT, CASE).append(EventType.STEP_STARTED, {"step": "greeting", "no": number})
        recorder.join()
        client = BlockingRpcClient(tmp_path / "desk.sock")
        fields, _ = client.call("events", {"case": CASE, "types": [EventType.SEGMENT_SEALED.value]})
        client.close()
    assert [event["body"]["no"] for event in fields["events"]] == list(range(1, 21))
    log = open_case_log(small_vault, TENANT, CASE)
    check_chain(log.events)
    assert len(log.events) == 41
    assert log.open_object("seg-000020") == b"SEGMENT 20"


def test_a_commitment_asked_for_over_the_socket_opens_to_its_content(small_vault: VaultPorts, tmp_path: Path) -> None:
    desk = CaseDesk(small_vault)
    with serving(desk_server(tmp_path / "desk.sock", desk, TENANT)):
        client = BlockingRpcClient(tmp_path / "desk.sock")
        fields = {"case": CASE, "type": EventType.RECORDING_STARTED.value, "object": "init", "part": "init"}
        asked = {**fields, "body": {"recorder": "live/1"}, "commits": {"source": digest_of(b"SOURCE")}}
        client.call("seal_and_append", asked, b"INIT")
        client.close()
    log = desk.log(TENANT, CASE)
    assert opens(str(log.events[0].body["source"]), digest_of(b"SOURCE"), log.salt("0/source"))
    assert log.open_object("init") == b"INIT"


def test_a_recorder_cannot_write_what_is_not_a_recorders(small_vault: VaultPorts, tmp_path: Path) -> None:
    desk = CaseDesk(small_vault)
    with serving(desk_server(tmp_path / "desk.sock", desk, TENANT)):
        client = BlockingRpcClient(tmp_path / "desk.sock")
        with pytest.raises(DeniedError, match="a recorder does not write"):
            client.call("append", {"case": CASE, "type": EventType.CONSENT_GIVEN.value, "body": {"purpose": "recording"}})
        client.close()
    assert desk.log(TENANT, CASE).events == ()
