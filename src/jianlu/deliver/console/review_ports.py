"""What the pages of reviews read: the same documents that the API gives for the same question.

As `ports.py`: what is changed goes through `/api/v1`. Rights are decided where the document is made; a refusal is a page.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class ReviewPagePorts(Protocol):
    """Reads for pages. Errors are the six families; SignInNeededError sends the browser to the sign-in page."""

    def reviews(self, request: Request, which: str, page: int) -> Json:
        """As `GET /api/v1/reviews`: {reviews, total, page, pages, counts, today, sees_all}."""

    def review(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/review`."""

    def statistics(self, request: Request) -> Json:
        """As `GET /api/v1/reviews/statistics`."""

    def draws(self, request: Request) -> Json:
        """As `GET /api/v1/reviews/draws`: {plans, draws}."""

    def redos(self, request: Request) -> Json:
        """As `GET /api/v1/reviews/redos`: {redos, today, sees_all}."""
