"""What the pages of destruction read: a port of their own.

Implemented by the entry over the API's documents, by fakes in tests.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class DestructionPagesPorts(Protocol):
    """Documents for whoever is signed in; DeniedError for whoever may not see them."""

    def destructions(self, request: Request) -> Json:
        """As `GET /api/v1/destructions`."""

    def statements(self, request: Request) -> Json:
        """As `GET /api/v1/statements`."""

    def terms(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/terms`."""

    def destroyed(self, request: Request, case: str) -> Json:
        """As `GET /api/v1/cases/{case}/destruction`."""
