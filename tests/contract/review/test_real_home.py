"""Reviews over a real home: the seed from tiles on the disk, the hour's turn of the web process, case and package as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.core.terms.verdicts import Verdict
from jianlu.deliver.api.reader import CaseReader
from jianlu.deliver.packages.write import written_before
from jianlu.entry.serve.access import access_of
from jianlu.entry.serve.live import session_ports
from jianlu.entry.serve.reviews import Reviewing, review_ports, tree_at
from jianlu.govern.identity.model import Account, Role, Staff
from jianlu.judge.review.deciding import decide_task
from jianlu.judge.review.decisions import Said
from jianlu.judge.review.drawing import check_draw
from jianlu.judge.review.taking import find_tasks, take_task
from jianlu.ledger.read import open_tree
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import open_home
from tests.fakes.quiet_home import TENANT, jianlu, make_sealed
from tests.fakes.review.worlds import PLAN

REVIEWER = Staff(
    Account("account-qin", tenant_id(TENANT), "qin", "qin", frozenset({Role.REVIEWER})), "sign-in-qin", by_totp=False
)

INCOMPLETE = 10
"""What the verifier says of a package that is intact and in which clauses are not met or not evidenced."""


def test_a_review_over_a_real_home_leaves_case_and_package_as_they_were(tmp_path: Path) -> None:
    sealed = make_sealed(tmp_path)
    package = sealed.package.read_bytes()
    with open_home(sealed.home) as home:
        desk, tenant = CaseDesk(home.vault), tenant_id(TENANT)
        sessions = session_ports(home, desk, access_of(home, desk, tenant))
        using = review_ports(home, sessions, CaseReader(home.vault, desk, tenant))
        Reviewing(using).turn()
        sample = check_draw(PLAN, 1, using)
        (case,) = sample.grouped
        before = open_case_log(home.vault, TENANT, case)
        take_task(case, "first", using=using, by=REVIEWER)
        said = [Said(f"{each.pack}:{each.clause}", each.verdict) for each in parse_verdicts(before.open_object("verdicts"))]
        said[0] = Said(said[0].clause, Verdict.MET, "看得到证件", 0, 1_000)
        decide_task(case, "first", said, "", using=using, by=REVIEWER)
        after = open_case_log(home.vault, TENANT, case)
        assert [event.digest for event in after.events] == [event.digest for event in before.events]
        assert compare_index(home.vault, tenant, after.case) == []
        assert written_before(after, sealed.package, using=home.package) is not None
        Reviewing(using).turn()
        assert [task.stage for task in find_tasks(case, using=using)] == ["first", "second"]
    assert sealed.package.read_bytes() == package
    assert jianlu("verify", sealed.package).code == INCOMPLETE


def test_the_seed_is_the_root_that_the_ledgers_tiles_give(tmp_path: Path) -> None:
    sealed = make_sealed(tmp_path)
    with open_home(sealed.home) as home:
        home.ledger.publish()
        _, tree = open_tree(home.ledger_directory)
        sizes = [1, 2, tree.size - 1, tree.size]
        assert [tree_at(home, size).root for size in sizes] == [tree.root_at(size).hex() for size in sizes]
        log = CaseDesk(home.vault).log(TENANT, "c" + "b3" * 13)
        log.append(EventType.CLOCK_STEPPED, {"step_ms": 1, "at_ms": 0})
        unpublished = tree_at(home, home.ledger.size)
        assert (unpublished.size, unpublished.origin) == (tree.size + 1, home.settings.ledger.origin)
        kept = {path: path.read_bytes() for path in (home.ledger_directory / "tile" / "0").rglob("*") if path.is_file()}
        for path, content in kept.items():
            path.write_bytes(bytes(byte ^ 1 for byte in content))
        with pytest.raises(IntegrityError):
            tree_at(home, 1)
        for path, content in kept.items():
            path.write_bytes(content)
