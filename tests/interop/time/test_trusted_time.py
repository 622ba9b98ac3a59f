"""What governs expiry: no clock that was set ahead, no forged token and no single authority that lies frees anything early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.instants import instant_text
from jianlu.ledger.anchors.folder import put_stamp
from jianlu.ledger.anchors.trusted_time import ExpiryReading, expiry_now
from jianlu.ledger.ports import TimeAuthority
from jianlu.vault.custody.time_reading import LedgerTime, read_time
from tests.fakes.time.authority import LocalAuthority
from tests.fakes.time.stage import MINUTE_MS, Stage
from tests.interop.time.conftest import driver

YEARS = timedelta(days=3650)


def _reading(stage: Stage, *authorities: TimeAuthority, ledger_at: datetime | None = None) -> ExpiryReading:
    return expiry_now(stage.world.directory, authorities, stage.clock, ledger_at or stage.clock.now())


def test_a_machine_clock_and_a_ledger_set_years_ahead_free_nothing(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    stage.beat()
    true = datetime.now(UTC)
    stage.clock.step_ms(int(YEARS.total_seconds()) * 1000)
    found = _reading(stage, driver(alpha), driver(beta))
    assert found.now <= true and found.by in ("alpha", "beta") and found.is_evidenced
    assert found.times["machine"] > true + YEARS / 2


def test_a_clock_set_back_only_makes_it_later(stage: Stage, alpha: LocalAuthority) -> None:
    stage.beat()
    stage.clock.step_ms(-MINUTE_MS * 60)
    found = _reading(stage, driver(alpha), ledger_at=datetime.now(UTC))
    assert (found.now, found.by) == (stage.clock.now(), "machine")


def test_an_authority_that_lies_ahead_frees_nothing_while_the_other_is_right(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    stage.beat()
    honest = _reading(stage, driver(alpha)).times["alpha"]
    stage.clock.pass_ms(MINUTE_MS)
    alpha.is_down = True  # its newest token stays what it was; the other one goes on
    stage.beat()
    found = _reading(stage, driver(alpha), driver(beta))
    assert found.now == honest and found.by == "alpha"


def test_without_a_token_of_each_authority_nothing_is_over(stage: Stage, alpha: LocalAuthority, beta: LocalAuthority) -> None:
    beta.is_down = True
    stage.beat()
    with pytest.raises(UnavailableError, match="beta"):
        _reading(stage, driver(alpha), driver(beta))


def test_a_token_that_somebody_else_made_counts_for_nothing(stage: Stage, alpha: LocalAuthority, beta: LocalAuthority) -> None:
    beta.is_down = True
    stage.beat()
    forged = stage.newest.stamps["alpha"]
    put_stamp(stage.world.directory, stage.newest.size, "beta", forged)
    with pytest.raises(UnavailableError, match="beta"):
        _reading(stage, driver(alpha), driver(beta))


def test_without_authorities_the_reading_says_that_it_is_not_evidenced(stage: Stage) -> None:
    earlier = stage.clock.now() - timedelta(days=2)
    found = _reading(stage, ledger_at=earlier)
    assert (found.now, found.by, found.is_evidenced) == (earlier, "ledger", False)


def test_destruction_reads_the_authorities_time_whatever_clock_and_ledger_say(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    stage.beat()
    true = datetime.now(UTC)
    ahead = true + YEARS
    stage.clock.wall = ahead
    authorities = (driver(alpha), driver(beta))
    reading = read_time(
        ahead,
        LedgerTime(9, instant_text(ahead), ""),
        is_moved=False,
        expiry=lambda at: expiry_now(stage.world.directory, authorities, stage.clock, at),
    )
    assert reading.counts <= true and reading.by in ("alpha", "beta") and reading.is_trusted
