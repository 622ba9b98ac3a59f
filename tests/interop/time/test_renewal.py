"""Renewal: tokens whose certificates soon end are stamped again in time, and prove their time after those have ended."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.renewal import HeldStamp, Renewer, evidenced_at, held_stamps, listed
from tests.fakes.time.authority import LocalAuthority, make_authority, serving
from tests.fakes.time.stage import MINUTE_MS, Stage, openssl_accepts
from tests.interop.time.conftest import driver
from tests.unit.ledger.worlds import new_world, place_in_memory

DAY_MS = 86_400_000


def _renewer(stage: Stage, *authorities: LocalAuthority) -> Renewer:
    complain = lambda name, error: stage.complaints.append((name, error))  # noqa: E731
    return Renewer(stage.world.directory, stage.clock, stage.outbox, complain, [driver(each) for each in authorities], 60)


def _of(stage: Stage, authority: str) -> HeldStamp:
    return next(held for held in held_stamps(stage.world.directory) if held.authority == authority)


def test_a_token_is_stamped_again_before_its_certificate_ends_and_holds_after_it(tmp_path: Path, alpha: LocalAuthority) -> None:
    ends_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    soon = make_authority(tmp_path / "soon", "soon", keys="p256", ends_at=ends_at)
    with serving(soon), place_in_memory() as place:
        stage = Stage.of(new_world(place), [soon])
        stage.beat()
        old, trusted = _of(stage, "soon"), parse_certificates(soon.chain.read_text() + alpha.chain.read_text())
        later = ends_at + timedelta(days=1)
        assert evidenced_at(stage.world.directory, old, trusted, ends_at)
        assert not evidenced_at(stage.world.directory, old, trusted, later)
        renewer = _renewer(stage, soon, alpha)
        assert renewer.beat() == 1, "by the one whose own certificate holds longer"
        stage.outbox.flush()
        assert evidenced_at(stage.world.directory, old, trusted, later)
        body = stage.bodies(EventType.STAMPS_RETAINED)[0]
        assert (body["authority"], body["count"], body["number"]) == ("alpha", 1, 1)
        made = next(held for held in held_stamps(stage.world.directory) if "renewals" in held.path)
        assert openssl_accepts(made.token, made.content, alpha.chain, datetime.now(UTC), tmp_path)
        check = subprocess.run(
            ["sha256sum", "--check", "anchors/renewals/1/list"], cwd=stage.world.directory, capture_output=True, check=False
        )
        assert check.returncode == 0
        assert renewer.beat() == 0, "not looked at again before a day is over"
        stage.clock.pass_ms(DAY_MS)
        assert renewer.beat() == 0, "and then it is on a list"


def test_a_renewal_that_came_too_late_proves_nothing(stage: Stage, alpha: LocalAuthority) -> None:
    stage.beat()
    old, trusted = _of(stage, "alpha"), parse_certificates(alpha.chain.read_text())
    _, ends_at = old.checked(trusted)
    stage.clock.wall = ends_at - timedelta(days=10)
    assert _renewer(stage, alpha).beat() == 0, "its own certificate ends as soon"
    assert "new chain" in str(stage.complaints[-1][1])
    assert not evidenced_at(stage.world.directory, old, trusted, ends_at + timedelta(seconds=1))


def test_nothing_is_renewed_while_certificates_hold_long_enough(stage: Stage, alpha: LocalAuthority) -> None:
    stage.beat()
    asked = alpha.asked
    assert _renewer(stage, alpha).beat() == 0 and alpha.asked == asked


def test_an_authority_that_is_down_when_renewal_is_due_is_asked_again(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    stage.beat()
    _, ends_at = _of(stage, "alpha").checked(parse_certificates(alpha.chain.read_text()))
    stage.clock.wall = ends_at - timedelta(days=50)
    alpha.is_down = True
    renewer = _renewer(stage, alpha, beta)
    assert renewer.beat() == 0 and alpha.asked == 2
    stage.clock.pass_ms(11 * MINUTE_MS)
    renewer.beat()
    assert alpha.asked == 3


def test_a_list_of_another_form_is_none() -> None:
    assert listed(b"") == {}
    for line in ("x", f"{'0' * 64} anchors/1/a.tst", f"{'0' * 64}  ../secrets", f"{'0' * 63}  anchors/1/a.tst"):
        with pytest.raises(InvalidError):
            listed(line.encode())
