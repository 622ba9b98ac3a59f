"""A process is killed by SIGKILL behind the ledger's acknowledgement, before the index has the event: for every act of a case's life.

After the restart the index catches up by itself, lists and calendars show the act, whoever does it again doubles nothing, and no row is
another than the ledger says. On a real ledger, real files and either database.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.entry.destroy_case import destroy_case
from jianlu.runtime.database import open_database, transaction
from jianlu.vault import _records
from jianlu.vault._tables import events
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.custody.chain import extend_retention, lift_hold, place_hold, refuse_destruction
from jianlu.vault.custody.destruction import Approved, start_destruction
from jianlu.vault.custody.due import custody_events, due_cases, recorded_statements
from jianlu.vault.custody.holds import held_cases
from jianlu.vault.custody.reading import read_custody
from jianlu.vault.custody.statements import ApprovedStatement, Stated, state_trigger
from jianlu.vault.custody.time_reading import TimeReading
from jianlu.vault.index import case_rows, catch_up
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import EventLog, VaultPorts
from jianlu.vault.shred import shred_unit
from tests.fakes.schema import bring_schema
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, create_home, open_home
from tests.fakes.vault.memory import SteppingClock
from tests.fakes.vault.postgres import create_database, drop_database
from tests.fakes.vault.sale import segment

BANK, UNIT = tenant_id(TENANT), case_ref(CASE)
HOLD, STATEMENT, REQUEST = "h" + "1" * 26, "s" + "2" * 26, "r" + "0" * 26
WHY = "客户主张未告知风险，按投诉编号保全"
YEARS = timedelta(days=12 * 365)


class DiesBehind:
    """The ledger, whose process is killed when its next entry is durable and nobody has been told."""

    def __init__(self, real: EventLog) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def append(self, entry: bytes) -> int:
        """Durable, and then nothing."""
        self._real.append(entry)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("outlived its own kill")


def custody(using: VaultPorts) -> CaseLog:
    return open_case_log(using, TENANT, custody_chain(tenant_secret(using, BANK), CASE))


def record_on(using: VaultPorts) -> None:
    """The next event of the recording that is not in the ledger yet, as whoever records goes on after a crash."""
    log = open_case_log(using, TENANT, CASE)
    starts = [["contract-end", 60, 1, "pack:c9"]]
    steps: list[Callable[[], object]] = [
        lambda: log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []}),
        lambda: log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", segment(1), {"no": 1, "from_ms": 0, "to_ms": 2000}),
        lambda: log.append(EventType.RECORDING_ENDED, {"segments": 1, "duration_ms": 2000, "media_bytes": 75_000}),
        lambda: log.append(
            EventType.RETENTION_SET, {"part": "recording", "until": "open", "clause": "pack:c9", "starts": starts}
        ),
        lambda: log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1}),
    ]
    steps[log.next_n]()


def hold(using: VaultPorts) -> None:
    place_hold(custody(using), CASE, hold=HOLD, matter="民初 118", reason=WHY, by="a-xu", using=using, clock=using.clock)


def lift(using: VaultPorts) -> None:
    lift_hold(custody(using), CASE, HOLD, reason=WHY, by="a-xu", second="a-he", request=REQUEST, clock=using.clock)


def refuse(using: VaultPorts) -> None:
    refuse_destruction(custody(using), CASE, "hold", by="a-xu")


def extend(using: VaultPorts) -> None:
    extend_retention(custody(using), CASE, "2031-12-31", reason=WHY, by="a-xu", using=using, clock=using.clock)


def state(using: VaultPorts) -> None:
    said = Stated(CASE, "contract-end", "2026-11-21", "终止协议 2026-7", "ab" * 32)
    by = ApprovedStatement(STATEMENT, WHY, "a-xu", "a-he", REQUEST)
    case = open_case_log(using, TENANT, CASE).events
    state_trigger(custody(using), case, said, by, using=using, clock=using.clock)


def start(using: VaultPorts) -> None:
    found, ledger = read_custody(using, BANK, [CASE])
    now = using.clock.now()
    reading = TimeReading("2038-11-19T00:00:00.000Z", ledger, "", now, "machine")
    log = custody(using)
    if found[CASE].started is not None:
        raise ConflictError("the destruction of this case began already")
    start_destruction(log, CASE, found[CASE], reading, Approved("a-xu", "a-he", REQUEST, WHY, "b1"), clock=using.clock)


def destroy(using: VaultPorts, home: Path) -> None:
    destroy_case(UNIT, home=home, tenant=BANK, vault=using, say=lambda *_: None)


def kinds_in(using: VaultPorts, kind: EventType) -> int:
    return len(custody_events(using, BANK, kind))


@dataclass(frozen=True)
class Act:
    """What is done, what lists must show of it afterwards, and what doing it again comes to: nothing more, or a refusal."""

    do: Callable[[VaultPorts], None]
    shows: Callable[[VaultPorts], bool]
    again: type[ConflictError] | None = None
    is_done_again: bool = True


def life(home: Path) -> dict[str, Act]:
    """The acts of a case's life after it was recorded, in their order."""
    return {
        "hold placed": Act(hold, lambda using: held_cases(using, BANK) == {CASE: (HOLD,)}),
        "destruction refused": Act(refuse, lambda using: _caught(using, EventType.DESTRUCTION_REFUSED), is_done_again=False),
        "hold lifted": Act(lift, lambda using: held_cases(using, BANK) == {}, ConflictError),
        "retention extended": Act(extend, lambda using: _caught(using, EventType.RETENTION_EXTENDED), is_done_again=False),
        "day stated": Act(state, lambda using: recorded_statements(using, BANK, STATEMENT) == {(CASE, "contract-end")}),
        "destruction started": Act(start, lambda using: due_cases(using, BANK, using.clock.now()) == [], ConflictError),
        "destruction completed": Act(
            lambda using: destroy(using, home), lambda using: _caught(using, EventType.DESTRUCTION_COMPLETED)
        ),
    }


def _caught(using: VaultPorts, kind: EventType) -> bool:
    """Whether the list of that kind has it, as every page asks for what is due or held beside it."""
    due_cases(using, BANK, using.clock.now())
    return kinds_in(using, kind) == 1


def killed_behind_the_ledger(home: Path, url: str, act: Callable[[VaultPorts], None], at: timedelta) -> None:
    """Do `act` in a process of its own, which is killed when its event is durable."""
    child = os.fork()
    if child == 0:
        with open_home(home, index_url=url) as using:
            act(replace(_at(using, at), ledger=DiesBehind(using.ledger)))
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, "the act came to its end without an entry"


def _at(using: VaultPorts, later: timedelta) -> VaultPorts:
    assert isinstance(using.clock, SteppingClock)
    using.clock.moment += later
    return using


def progress(using: VaultPorts) -> int:
    with transaction(using.index, writes=False) as connection:
        return _records.read_progress(connection)


def rows(using: VaultPorts) -> tuple[int, int]:
    """Event rows, and how many different positions they have."""
    query = select(func.count(), func.count(func.distinct(events.c.position))).select_from(events)
    with transaction(using.index, writes=False) as connection:
        counted = connection.execute(query).one()
    return int(counted[0]), int(counted[1])


def require_nothing_doubled(using: VaultPorts) -> None:
    """One row an entry, and none that the ledger does not bear out."""
    assert rows(using) == (using.ledger.size, using.ledger.size)
    chain = case_ref(custody_chain(tenant_secret(using, BANK), CASE))
    assert compare_index(using, BANK, UNIT) == compare_index(using, BANK, chain) == []


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The index, in either database, of a home in `tmp_path`."""
    create_home(tmp_path / "home")
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/home/index.sqlite"
        return
    cluster, name = request.getfixturevalue("postgres"), f"unindexed_{tmp_path.name[-40:]}"
    address = create_database(cluster, name)
    engine = open_database(address)
    bring_schema(engine)
    engine.dispose()
    yield address
    drop_database(cluster, name)


@pytest.mark.thorough
def test_a_recording_that_is_killed_behind_every_acknowledgement_goes_on_and_is_listed_once(tmp_path: Path, url: str) -> None:
    home = tmp_path / "home"
    for n in range(5):
        killed_behind_the_ledger(home, url, record_on, timedelta())
        with open_home(home, index_url=url) as using:
            assert (using.ledger.size, progress(using)) == (n + 1, n), "the ledger has it, the index has not"
            assert catch_up(using) == n + 1 == progress(using)
            assert case_rows(using, BANK, [UNIT])[CASE].events == n + 1
            require_nothing_doubled(using)
    with open_home(home, index_url=url) as using:
        assert case_rows(using, BANK, [UNIT])[CASE].state == "closed"
        assert open_case_log(using, TENANT, CASE).open_object("seg-000001") == segment(1)


def test_any_later_event_of_another_case_brings_the_missing_one_into_the_index_before_its_own(tmp_path: Path, url: str) -> None:
    """Nobody opens the case again: what another process records next does not overtake it."""
    home = tmp_path / "home"
    killed_behind_the_ledger(home, url, record_on, timedelta())
    with open_home(home, index_url=url) as using:
        other = CaseLog(using, BANK, case_ref(OTHER_CASE), [])  # a log that was opened before, as a running process has it
        other.append(EventType.PLAN_FROZEN, {"packs": []})
        assert progress(using) == using.ledger.size == 2
        assert {case: row.events for case, row in case_rows(using, BANK, [UNIT, other.case]).items()} == {
            CASE: 1,
            OTHER_CASE: 1,
        }


def test_every_act_of_custody_that_is_killed_behind_its_acknowledgement_holds_is_listed_and_is_not_doubled(
    tmp_path: Path, url: str
) -> None:
    home = tmp_path / "home"
    with open_home(home, index_url=url) as using:
        for _ in range(5):
            record_on(using)
    for name, act in life(home).items():
        later = YEARS if name.startswith("destruction ") and name != "destruction refused" else timedelta()
        with open_home(home, index_url=url) as using:
            before = using.ledger.size
            assert not act.shows(_at(using, later)), name
        killed_behind_the_ledger(home, url, act.do, later)
        with open_home(home, index_url=url) as using:
            assert (using.ledger.size, progress(using)) == (before + 1, before), name
            assert act.shows(_at(using, later)), f"{name}: it is not listed after the restart"
            if act.again is not None:
                with pytest.raises(act.again):
                    act.do(using)
            elif act.is_done_again:
                act.do(using)
            assert using.ledger.size == before + 1 and act.shows(using), f"{name}: it was doubled"
            require_nothing_doubled(using)
    with open_home(home, index_url=url) as using:
        assert shred_unit(using, BANK, CASE).objects == 0, "the destruction left nothing"
