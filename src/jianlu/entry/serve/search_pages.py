"""What the search page reads, answered by the API's own document, so that page and call cannot disagree.

The port is `deliver/console/search_ports.py`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from starlette.requests import Request

from jianlu.core.errors import InvalidError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.search import Question, search_document
from jianlu.deliver.console.ports import Json
from jianlu.runtime.zones import offset_minutes


class SearchPages:
    """`deliver.console.search_ports.SearchPagePorts` over the API's document; days begin in `time_zone`."""

    def __init__(self, deps: Deps, time_zone: str) -> None:
        self._deps = deps
        self._time_zone = time_zone

    def search(self, request: Request, fields: Mapping[str, str]) -> Json:
        """As the port."""
        staff = self._deps.signed_in(request)
        offset = offset_minutes(self._time_zone, self._deps.clock.now())
        try:
            question = Question.model_validate({**fields, "utc_offset_min": offset})
        except ValidationError as error:
            names = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
            raise InvalidError(f"correct or empty: {', '.join(names)}") from error
        return search_document(self._deps, staff, question)
