"""What the search page reads: one answer to one form. What may be asked is the API's to say.

Errors are the six families; InvalidError is shown beside the form, everything else as a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class SearchPagePorts(Protocol):
    """The answer behind the search page."""

    def search(self, request: Request, fields: Mapping[str, str]) -> Json:
        """As `GET /api/v1/search` with these parameters, days in the installation's time zone; empty fields are not asked."""
