"""What capture asks of an evidence log, held against the vault's real one and the fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from jianlu.capture.ports import EvidenceLog
from jianlu.core.errors import ConflictError
from jianlu.core.formats.event import check_chain
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.capture.memory_log import CASE, TENANT, MemoryLog
from tests.fakes.vault.home import memory_vault

Opened = tuple[EvidenceLog, Callable[[], EvidenceLog]]


@contextmanager
def _vault_log() -> Iterator[Opened]:
    with memory_vault() as using:
        yield open_case_log(using, TENANT, CASE), lambda: open_case_log(using, TENANT, CASE)


@contextmanager
def _memory_log() -> Iterator[Opened]:
    log = MemoryLog()
    yield log, lambda: log


@pytest.fixture(params=[_vault_log, _memory_log], ids=["vault", "memory"])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    make: Callable[[], AbstractContextManager[Opened]] = request.param
    with make() as each:
        yield each


def test_an_object_is_named_by_its_event_and_opens_its_commitment(opened: Opened) -> None:
    log, _ = opened
    started = log.seal_and_append(EventType.RECORDING_STARTED, "init", b"first", {"recorder": "file/1"}, part="init")
    sealed = log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"second", {"no": 1})
    assert set(started.body) == {"recorder", "init"}
    assert {"no", "object", "version", "sealed", "bytes", "commit"} <= set(sealed.body)
    assert opens(started.body["init"]["commit"], digest_of(b"first"), log.salt(f"{started.n}/init.commit"))
    assert opens(sealed.body["commit"], digest_of(b"second"), log.salt(f"{sealed.n}/commit"))
    assert not opens(sealed.body["commit"], digest_of(b"first"), log.salt(f"{sealed.n}/commit"))


def test_events_and_salts_are_the_same_when_the_log_is_opened_again(opened: Opened) -> None:
    log, again = opened
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"second", {"no": 1})
    log.append(EventType.GAP_DECLARED, {"from_ms": 0})
    reopened = again()
    check_chain(reopened.events)
    assert [event.content for event in reopened.events] == [event.content for event in log.events]
    assert reopened.salt("0/commit") == log.salt("0/commit")


def test_an_abandoned_log_says_so_and_has_no_salts_left(opened: Opened) -> None:
    log, _ = opened
    log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"second", {"no": 1})
    log.abandon("invalid_source")
    last: Any = log.events[-1]
    assert (last.type, dict(last.body)) == (EventType.RECORDING_ABANDONED, {"reason": "invalid_source"})
    with pytest.raises(ConflictError):
        log.salt("0/commit")
