"""What the pages of reviews read, answered by the API's own documents.

The port is `deliver/console/review_ports.py`; nothing is decided here.
"""

from __future__ import annotations

from starlette.requests import Request

from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.review_documents import (
    draws_document,
    review_document,
    review_resource,
    reviews_document,
    statistics_document,
)
from jianlu.deliver.api.review_redos import redos_document
from jianlu.deliver.console.ports import Json
from jianlu.govern.access.model import tenant_wide
from jianlu.judge.review.taking import find_tasks


class ReviewPages:
    """`deliver.console.review_ports.ReviewPagePorts` over the API's documents."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def reviews(self, request: Request, which: str, page: int) -> Json:
        """As the port."""
        return reviews_document(self._deps, self._deps.signed_in(request), which, page)

    def review(self, request: Request, case: str) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        tasks = find_tasks(case, using=self._deps.reviews)
        self._deps.access.require(staff, "review.read", review_resource(self._deps, tasks))
        return review_document(self._deps, staff, case)

    def statistics(self, request: Request) -> Json:
        """As the port."""
        self._may_list(request)
        return statistics_document(self._deps)

    def draws(self, request: Request) -> Json:
        """As the port."""
        self._may_list(request)
        return draws_document(self._deps)

    def redos(self, request: Request) -> Json:
        """As the port."""
        return redos_document(self._deps, self._deps.signed_in(request))

    def _may_list(self, request: Request) -> None:
        self._deps.access.require(self._deps.signed_in(request), "review.list", tenant_wide(self._deps.tenant))
