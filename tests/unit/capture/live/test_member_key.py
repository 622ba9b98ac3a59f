"""A recorder's own key: made once, the same after every start, and no other's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jianlu.backends.keys.member import load_member_key
from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from tests.fakes.vault.memory import memory_keys


def test_the_key_stays_the_same_over_starts_and_is_kept_wrapped(tmp_path: Path) -> None:
    keys, path = memory_keys(), tmp_path / "run" / "recorder-a.key"
    first = load_member_key(path, keys, "a")
    assert load_member_key(path, keys, "a") == first
    assert first not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_member_key(tmp_path / "run" / "recorder-b.key", keys, "b") != first


def test_anothers_key_and_an_altered_one_are_refused(tmp_path: Path) -> None:
    keys, path = memory_keys(), tmp_path / "recorder-a.key"
    load_member_key(path, keys, "a")
    with pytest.raises(IntegrityError):
        load_member_key(path, keys, "b")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError):
        load_member_key(path, keys, "a")
    with pytest.raises(InvalidError):
        MemberKey(b"short", "a")


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    with pytest.raises(UnavailableError, match=r"recorder-a\.key"):
        load_member_key(tmp_path / "run" / "recorder-a.key", memory_keys(), "a")
