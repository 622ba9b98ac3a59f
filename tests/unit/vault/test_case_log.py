"""The case log: chain, objects, commitments, resuming, orphans, shredding."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.event import FIRST_PREV, check_chain
from jianlu.core.terms.digests import commitment_to, digest_of
from jianlu.core.terms.events import EventType
from jianlu.runtime.database import open_database, transaction
from jianlu.vault import _records
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.model import Draft, Place
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.seal import seal
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, open_home
from tests.fakes.vault.memory import MemoryBlobs, MemoryLog
from tests.fakes.vault.sale import SEGMENTS, destroy, give_up, record_sale, segment


def test_events_are_one_chain_in_the_ledger(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    assert log.events[0].prev == FIRST_PREV
    check_chain(log.events)
    assert [small_vault.ledger.read(log.position_of(event.n), 1)[0] for event in log.events] == [
        event.content for event in log.events
    ]


def test_an_object_opens_to_what_was_sealed_and_its_commitment_to_what_was_committed(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    for number in range(1, SEGMENTS + 1):
        assert log.open_object(f"seg-{number:06d}") == segment(number)
    part = log.part("seg-000002")
    event = next(event for event in log.events if event.body.get("no") == 2)
    assert part.commitment == commitment_to(digest_of(segment(2)), log.salt(f"{event.n}/commit"))
    assert part.plain_bytes == len(segment(2))
    assert log.open_object_range("seg-000002", 10, 7) == segment(2)[10:17]
    assert b"".join(log.open_object_stream("seg-000003")) == segment(3)


def test_an_object_part_in_a_field_has_the_fields_salt(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    started = next(event for event in log.events if event.type is EventType.RECORDING_STARTED)
    expected = commitment_to(digest_of(b"PLAINTEXT-OF-INIT"), log.salt(f"{started.n}/init.commit"))
    assert started.body["init"]["commit"] == expected
    assert started.body["source"] == commitment_to(digest_of(b"PLAINTEXT-OF-SOURCE"), log.salt(f"{started.n}/source"))
    assert log.open_object("init") == b"PLAINTEXT-OF-INIT"


def test_one_event_may_name_several_objects(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    body = {name: log.seal_part(name, name.encode(), part=name) for name in ("plan", "case", "script")}
    log.append(EventType.PLAN_FROZEN, body)
    reopened = open_case_log(small_vault, TENANT, CASE)
    assert [reopened.open_object(name) for name in ("plan", "case", "script")] == [b"plan", b"case", b"script"]


def test_a_stream_is_sealed_without_knowing_its_length(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    content = bytes(range(256)) * 50_000
    log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-x", io.BytesIO(content), {"status": "ran"})
    assert log.open_object("findings-x") == content


def test_a_reopened_log_goes_on_where_it_was(home: Path) -> None:
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
        last = log.append(EventType.BACKENDS_STARTED, {"backends": []})
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        assert log.next_n == 2
        event = log.append(EventType.RECORDING_ENDED, {"segments": 0, "duration_ms": 0, "media_bytes": 0})
        assert (event.n, event.prev) == (2, last.digest)
        assert log.open_object("plan") == b"plan"
        assert compare_index(using, log.tenant, log.case) == []


def test_a_new_version_is_sealed_beside_the_old_one(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    for content in (b"first", b"second"):
        log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-x", content, {"status": "ran"})
    reopened = open_case_log(small_vault, TENANT, CASE)
    assert reopened.open_object("findings-x") == b"second"
    assert reopened.open_object("findings-x", 1) == b"first"
    assert [event.body["version"] for event in reopened.events] == [1, 2]
    with pytest.raises(NotFoundError):
        reopened.open_object("findings-x", 3)


def test_an_object_that_no_event_names_is_passed_over_and_cleared(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    place = Place(log.tenant, log.case, log.seal_part("seg-000001", b"orphan")["object"], 1)
    assert small_vault.blobs.exists(place.blob_name)
    with pytest.raises(ConflictError):
        seal(Draft(place, b"again"), using=small_vault)
    reopened = open_case_log(small_vault, TENANT, CASE)
    with pytest.raises(NotFoundError):
        reopened.open_object("seg-000001")
    event = reopened.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"segment", {"no": 1})
    assert event.body["version"] == 2
    assert reopened.open_object("seg-000001") == b"segment"
    assert not small_vault.blobs.exists(place.blob_name) and not small_vault.key_blobs.exists(place.key_name)


def test_an_orphan_whose_key_record_is_missing_is_cleared_too(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    log.seal_part("seg-000001", b"orphan")
    small_vault.key_blobs.delete(f"{TENANT}/{CASE}/seg-000001.v1.key")
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"segment", {"no": 1})
    assert log.open_object("seg-000001") == b"segment"
    assert list(small_vault.blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/seg-000001.v2.sealed"]


def test_a_key_record_whose_object_never_came_is_used(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    log.seal_part("seg-000001", b"orphan")
    small_vault.blobs.delete(f"{TENANT}/{CASE}/seg-000001.v1.sealed")
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"segment", {"no": 1})
    assert open_case_log(small_vault, TENANT, CASE).open_object("seg-000001") == b"segment"


def test_a_malformed_body_records_nothing(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    for body in ({"reason": "张三"}, {"score": 0.5}, {"x": "y" * 201}, {"x": ["y" * 200] * 6}):
        with pytest.raises(InvalidError):
            log.append(EventType.RECORDING_ABANDONED, body)
    assert (log.events, small_vault.ledger.size) == ((), 0)


@pytest.mark.parametrize(("tenant", "case"), [("Bank", CASE), (TENANT, "c1"), (TENANT, "../" + CASE), ("", CASE)])
def test_malformed_names_are_refused(small_vault: VaultPorts, tenant: str, case: str) -> None:
    with pytest.raises(InvalidError):
        open_case_log(small_vault, tenant, case)


def test_an_altered_moved_or_swapped_object_is_not_opened(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    blobs = small_vault.blobs
    assert isinstance(blobs, MemoryBlobs)
    first, second = (f"{TENANT}/{CASE}/seg-00000{number}.v1.sealed" for number in (1, 2))
    one, two = blobs.contents[first], blobs.contents[second]
    for altered in (
        two,
        one[:-1],
        one + b"\0",
        bytes([one[0] ^ 1]) + one[1:],
        one[:7] + b"\2" + one[8:],
        one[:-1] + bytes([one[-1] ^ 1]),
        b"",
    ):
        blobs.contents[first] = altered
        with pytest.raises(IntegrityError):
            log.open_object("seg-000001")
    blobs.contents[first] = one
    assert log.open_object("seg-000001") == segment(1)


def test_an_object_that_was_sealed_anew_is_not_what_the_ledger_has(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    part = log.part("seg-000001")
    place = Place(log.tenant, log.case, part.object, 1)
    small_vault.blobs.delete(place.blob_name)
    seal(Draft(place, segment(1)), using=small_vault)
    with pytest.raises(IntegrityError, match="not the one that was sealed"):
        log.open_object("seg-000001")
    with pytest.raises(IntegrityError):
        list(log.open_object_stream("seg-000001"))


def test_an_object_that_does_not_open_its_commitment_is_refused(small_vault: VaultPorts) -> None:
    log = open_case_log(small_vault, TENANT, CASE)
    part = log.seal_part("plan", b"plan")
    log.append(EventType.PLAN_FROZEN, {**part, "commit": log.commit_to(digest_of(b"another plan"), "commit")})
    with pytest.raises(IntegrityError, match="committed"):
        log.open_object("plan")


def test_a_shredded_case_keeps_its_events_and_nothing_else(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    events = log.events
    give_up(small_vault)
    done = log.abandon("broken_input")
    assert (done.objects, done.keys) == (8, 9)
    assert list(small_vault.blobs.names(f"{TENANT}/{CASE}/")) == []
    assert list(small_vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
    for reopened in (log, open_case_log(small_vault, TENANT, CASE)):
        assert reopened.is_shredded
        assert reopened.events[:-1] == events
        assert reopened.events[-1].type is EventType.RECORDING_ABANDONED
        with pytest.raises(ConflictError):
            reopened.open_object("plan")
        with pytest.raises(ConflictError):
            reopened.salt("0/commit")
        with pytest.raises(ConflictError):
            reopened.seal_part("x", b"")
    log.append(EventType.RETENTION_SET, {"part": "ledger", "until": "open", "clause": "pack:c"})


def test_other_cases_are_not_touched(small_vault: VaultPorts) -> None:
    log, other = record_sale(small_vault), record_sale(small_vault, OTHER_CASE)
    destroy(log, small_vault)
    assert other.open_object("seg-000001") == segment(1)


def test_salts_differ_by_case_and_by_label_and_last(small_vault: VaultPorts) -> None:
    log, other = open_case_log(small_vault, TENANT, CASE), open_case_log(small_vault, TENANT, OTHER_CASE)
    salts = {log.salt("1/commit"), log.salt("2/commit"), log.salt("1/init.commit"), other.salt("1/commit")}
    assert len(salts) == 4
    assert open_case_log(small_vault, TENANT, CASE).salt("1/commit") in salts


def test_many_threads_may_append_to_one_case(real_vault: VaultPorts) -> None:
    log = open_case_log(real_vault, TENANT, CASE)

    def work(writer: int) -> None:
        for number in range(5):
            log.seal_and_append(EventType.FINDINGS_RECORDED, f"findings-{writer}-{number}", b"x" * 100, {"status": "ran"})

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.next_n == 20
    check_chain(open_case_log(real_vault, TENANT, CASE).events)
    assert compare_index(real_vault, log.tenant, log.case) == []


def test_several_cases_are_recorded_at_once(real_vault: VaultPorts) -> None:
    cases = ["c" + letter * 26 for letter in "abcd"]
    threads = [threading.Thread(target=record_sale, args=(real_vault, case)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for case in cases:
        log = open_case_log(real_vault, TENANT, case)
        assert log.events[-1].type is EventType.CASE_CLOSED
        assert compare_index(real_vault, log.tenant, log.case) == []


def test_recording_goes_on_without_the_index(small_vault: VaultPorts, tmp_path: Path) -> None:
    broken = replace(small_vault, index=open_database(f"sqlite:///{tmp_path}/no/such/folder/index.sqlite"))
    record_sale(broken)
    assert open_case_log(broken, TENANT, CASE).next_n == 13
    log = open_case_log(small_vault, TENANT, CASE)
    assert log.open_object("plan") == b'{"PLAINTEXT-OF-PLAN":1}'
    assert compare_index(small_vault, log.tenant, log.case) == []
    broken.index.dispose()


EDITS = [
    "DELETE FROM events",
    "DELETE FROM cases",
    "DELETE FROM events WHERE n = 12",
    "DELETE FROM events WHERE n = 3",
    "UPDATE events SET position = position + 100 WHERE n = 5",
    "UPDATE events SET case_ref = 'x' WHERE n = 5",
    "UPDATE events SET n = 99 WHERE n = 5",
    "UPDATE cases SET events = 3",
    "UPDATE cases SET state = 'broken'",
    "DELETE FROM index_progress",
    "UPDATE index_progress SET entries = 3",
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_index_does_not_change_what_the_log_says(small_vault: VaultPorts, edit: str) -> None:
    events = record_sale(small_vault).events
    with transaction(small_vault.index) as connection:
        connection.execute(text(edit))
    assert open_case_log(small_vault, TENANT, CASE).events == events


def test_a_ledger_that_has_less_than_the_index_saw_is_not_written_on(small_vault: VaultPorts) -> None:
    events = record_sale(small_vault).events
    assert isinstance(small_vault.ledger, MemoryLog)
    del small_vault.ledger.entries[-1:]
    with pytest.raises(IntegrityError, match="rolled-back"):
        open_case_log(small_vault, TENANT, CASE)
    reindex(small_vault)
    assert open_case_log(small_vault, TENANT, CASE).events == events[:-1]


def test_the_index_is_used_when_it_is_fresh(small_vault: VaultPorts) -> None:
    for letter in "abcdefgh":
        record_sale(small_vault, "c" + letter * 26)
    record_sale(small_vault)
    entries = small_vault.ledger.size

    class CountingLog(MemoryLog):
        read_entries = 0

        def read(self, start: int, count: int) -> list[bytes]:
            found = list(small_vault.ledger.read(start, count))
            self.read_entries += len(found)
            return found

        @property
        def size(self) -> int:
            return entries

    counting = CountingLog()
    assert open_case_log(replace(small_vault, ledger=counting), TENANT, CASE).next_n == 13
    assert counting.read_entries == 13


def test_a_forked_chain_is_refused(small_vault: VaultPorts) -> None:
    first, second = open_case_log(small_vault, TENANT, CASE), open_case_log(small_vault, TENANT, CASE)
    first.append(EventType.BACKENDS_STARTED, {"backends": []})
    second.append(EventType.BACKENDS_STARTED, {"backends": [["a", "b", "c"]]})
    with pytest.raises(IntegrityError, match="not one chain"):
        open_case_log(small_vault, TENANT, CASE)
    with transaction(small_vault.index, writes=False) as connection:
        row = _records.read_case(connection, TENANT, CASE)
    assert row is not None
    assert row.state == "broken"


def test_a_failing_ledger_stops_the_log_and_leaves_it_as_it_was(small_vault: VaultPorts) -> None:
    class FailingLog(MemoryLog):
        def append(self, entry: bytes) -> int:
            raise UnavailableError("the disk failed")

    log = open_case_log(replace(small_vault, ledger=FailingLog()), TENANT, CASE)
    with pytest.raises(UnavailableError):
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
    assert log.events == ()
    with pytest.raises(NotFoundError):
        log.position_of(0)
    healed = open_case_log(small_vault, TENANT, CASE)
    healed.seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan again", {"packs": []})
    assert healed.open_object("plan") == b"plan again"


def test_a_reader_beside_the_writer_reads_on_where_it_was(vault: VaultPorts) -> None:
    log = record_sale(vault)
    reader = open_case_log(vault, TENANT, CASE)
    record_sale(vault, case=OTHER_CASE)
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-later", b"later", {"no": 99, "from_ms": 1, "to_ms": 2})
    log.append(EventType.STEP_REOPENED, {"step": "a", "reason": "other", "at_ms": 1})
    with pytest.raises(NotFoundError):
        reader.open_object("seg-later")
    reader.read_on()
    assert reader.events == log.events and reader.open_object("seg-later") == b"later"
    reader.read_on()
    assert reader.events == log.events
