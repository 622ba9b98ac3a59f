"""What the pages of scripts read: the port behind them.

Each answer is the API's own document for the same question.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from jianlu.deliver.console.ports import Json


class ScriptPorts(Protocol):
    """Reads of scripts. Errors are the six families."""

    def changes(self, request: Request, script: str, version: str, against: str) -> Json:
        """As `GET /api/v1/scripts/{script}/versions/{version}/changes`, with `is_yours` when the viewer proposed it."""

    def acts(self, request: Request, script: str) -> Json:
        """As `GET /api/v1/scripts/{script}/acts`."""

    def draft(self, request: Request, script: str) -> Json:
        """As `GET /api/v1/scripts/{script}/draft`."""
