"""Secrets of encrypted rooms in a recorder process: there as long as the room is, and not longer."""

from __future__ import annotations

import asyncio

import pytest

from jianlu.capture.recording.live.room_key import secret_id, wrap_secret
from jianlu.capture.recording.live.roster import FORGET_US, Roster
from jianlu.core.errors import ConflictError, NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from tests.fakes.live.memory import CASE
from tests.fakes.live.stage import TRACKS, Stage

OTHER = case_ref("c" + "b3" * 13)
SECRET = bytes(range(32))


def admit(roster: Roster, stage: Stage, case: str = CASE) -> str:
    wrapped = wrap_secret(SECRET, stage.ports.member.public_key, case, "a")
    return asyncio.run(roster.admit(case, wrapped))


def test_a_session_that_ends_without_a_recording_leaves_no_secret_behind() -> None:
    stage = Stage([])
    roster = Roster(stage.ports)
    named = admit(roster, stage)
    assert roster.member(CASE).secrets == (named,)
    with pytest.raises(NotFoundError):
        asyncio.run(roster.stop(CASE))
    assert roster.member(CASE).secrets == ()


def test_a_session_that_ends_while_it_is_only_watched_leaves_no_secret_behind() -> None:
    stage = Stage([])
    roster = Roster(stage.ports)
    admit(roster, stage)

    async def watched() -> None:
        await roster.preflight(CASE, TRACKS, is_encrypted=True)
        assert roster.member(CASE).secrets == (secret_id(SECRET, CASE),)
        with pytest.raises(NotFoundError):
            await roster.stop(CASE)

    asyncio.run(watched())
    assert roster.member(CASE).secrets == ()


def test_a_recording_that_was_stopped_leaves_no_secret_and_takes_none() -> None:
    stage = Stage([])
    roster = Roster(stage.ports)
    admit(roster, stage)
    body = {"segments": 1, "duration_ms": 2_000, "media_bytes": 10}
    asyncio.run(stage.log.append(EventType.RECORDING_ENDED, body))
    assert asyncio.run(roster.stop(CASE)).duration_ms == 2_000
    assert roster.member(CASE).secrets == ()
    with pytest.raises(ConflictError, match="recorded already"):
        admit(roster, stage)
    assert roster.member(CASE).secrets == ()


def test_secrets_of_a_room_that_nobody_asks_about_are_forgotten_and_of_one_that_is_asked_about_are_not() -> None:
    stage = Stage([])
    roster = Roster(stage.ports)
    for case in (CASE, OTHER):
        admit(roster, stage, case)
    for _ in range(3):
        stage.clock.now_us += FORGET_US // 2
        assert roster.member(CASE).secrets != ()
    assert list(roster._rings) == [CASE]
    assert roster.member(OTHER).secrets == ()
