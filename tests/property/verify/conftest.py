"""One small real package, made once for a worker, and its entries."""

from __future__ import annotations

import pytest

from tests.e2e.sabotage.forge import Entries, read_entries
from tests.fakes.quiet_home import Sealed, make_sealed


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def entries(sealed: Sealed) -> Entries:
    return read_entries(sealed.package)
