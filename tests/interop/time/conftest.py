"""Two real time-stamp authorities on loopback, made once, and a ledger to stamp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.timestamps.rfc3161 import HttpTimeAuthority
from tests.fakes.time.authority import LocalAuthority, make_authority, serving
from tests.fakes.time.stage import Stage
from tests.unit.ledger.worlds import new_world, place_in_memory


@pytest.fixture(scope="session", name="authorities")
def _authorities(tmp_path_factory: pytest.TempPathFactory) -> list[LocalAuthority]:
    """Certificates of two authorities of different kinds of key."""
    place = tmp_path_factory.mktemp("authorities")
    return [make_authority(place / "alpha", "alpha"), make_authority(place / "beta", "beta", keys="p256")]


@pytest.fixture
def alpha(authorities: list[LocalAuthority]) -> Iterator[LocalAuthority]:
    """RSA."""
    with serving(LocalAuthority(authorities[0].folder, "alpha")) as authority:
        yield authority


@pytest.fixture
def beta(authorities: list[LocalAuthority]) -> Iterator[LocalAuthority]:
    """ECDSA P-256."""
    with serving(LocalAuthority(authorities[1].folder, "beta")) as authority:
        yield authority


@pytest.fixture
def stage(alpha: LocalAuthority, beta: LocalAuthority) -> Iterator[Stage]:
    """A ledger with one entry, stamped by nobody yet; both authorities each minute."""
    with place_in_memory() as place:
        yield Stage.of(new_world(Path(place)), [alpha, beta])


def driver(authority: LocalAuthority) -> HttpTimeAuthority:
    """The real driver for a local authority."""
    return HttpTimeAuthority(authority.name, authority.address, authority.chain.read_text())
