"""What the pages of those who watch over others' work read: the same documents that the API gives for the same question.

As `ports.py`: what is changed goes through `/api/v1`. Rights are decided where the document is made; a refusal is a page.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class OversightPorts(Protocol):
    """Reads for pages. Errors are the six families; SignInNeededError sends the browser to the sign-in page."""

    def wall(self, request: Request) -> Json:
        """As `GET /api/v1/supervision/wall`: {tiles, left_off}."""

    def case_file(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/file`."""

    def team(self, request: Request) -> Json:
        """As `GET /api/v1/supervision/reviews`."""

    def access_log(self, request: Request, page: int, which: str) -> Json:
        """As `GET /api/v1/access/log`."""

    def own_copy(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/copy`, for whoever sits, or sat, there."""

    def linked_copy(self, token: str, code: str) -> Json:
        """As `POST /api/v1/copy`."""

    def retention(self, request: Request, month: str) -> Json:
        """As `GET /api/v1/retention`."""

    def holds(self, request: Request) -> Json:
        """As `GET /api/v1/holds`."""

    def case_holds(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/holds`."""

    def responsibility(self, request: Request) -> Json:
        """As `GET /api/v1/responsibility`."""

    def system(self, request: Request) -> Json | None:
        """As `GET /api/v1/administration`; None for whoever looks after people and not after the system."""

    def stores(self, request: Request) -> Json:
        """As `GET /api/v1/administration/stores`."""

    def people(self, request: Request) -> tuple[Json, ...] | None:
        """The accounts of `GET /api/v1/accounts`; None for whoever may not see them."""

    def samples(self, request: Request) -> Json:
        """As `GET /api/v1/samples`."""

    def sample(self, request: Request, sample: str) -> Json:
        """As `GET /api/v1/samples/{sample}`."""

    def drawn_file(self, request: Request, sample: str, drawn: str) -> Json:
        """As `GET /api/v1/samples/{sample}/files/{drawn}`."""
