"""What the page of other programs reads: API keys and webhooks, as the API gives them.

What it changes goes through the API, like any other client's calls.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class IntegrationPorts(Protocol):
    """Reads for the page. Errors are the six families; SignInNeededError sends the browser to the sign-in page."""

    def keys(self, request: Request) -> Json:
        """As `GET /api/v1/keys`: one's own, or all for whoever administers them."""

    def webhooks(self, request: Request) -> Json | None:
        """As `GET /api/v1/webhooks`; None for whoever may not see them."""

    def deliveries(self, request: Request, endpoint: str, cursor: str) -> Json:
        """As `GET /api/v1/webhooks/{endpoint}/deliveries`, with the endpoint itself as `endpoint`."""

    def may_make(self, request: Request) -> bool:
        """Whether the viewer makes keys."""
