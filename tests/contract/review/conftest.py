"""One suite of the use cases of reviews on SQLite and on a real PostgreSQL; the vault is in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.review.worlds import ReviewWorld, review_world


@pytest.fixture
def reviews(database_url: str) -> Iterator[ReviewWorld]:
    with review_world(database_url) as made:
        yield made
