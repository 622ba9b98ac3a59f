"""The client: every operation of `operations.py`, lists page after page, and the stream of a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from jianlu_client.models import CaseEntry, DeliveryEntry, FoundCase, LookLine, ReviewEntry, SessionView
from jianlu_client.operations import Operations

ReviewLists = Literal["open", "mine", "late", "redo", "done", "all"]


class Client(Operations):
    """Calls Jianlu with an API key, or as a participant who joined; see `transport.Transport` for how it is made."""

    def iterate_cases(self, *, state: str | None = None, q: str = "") -> Iterator[CaseEntry]:
        """Every case that the caller may see, newest first; what is made meanwhile neither shifts nor repeats any."""
        cursor = "first"
        while cursor:
            page = self.cases(state=state, q=q, cursor=cursor)
            yield from page.cases
            cursor = page.next

    def iterate_reviews(self, *, which: ReviewLists = "open") -> Iterator[ReviewEntry]:
        """Every review of a list, the most urgent first; what is done meanwhile neither shifts nor repeats any."""
        cursor = "first"
        while cursor:
            page = self.reviews(which=which, cursor=cursor)
            yield from page.reviews
            cursor = page.next

    def iterate_looks(self, *, case: str = "", which: Literal["all", "denied"] = "all") -> Iterator[LookLine]:
        """Every line of the access log, or those about one case, newest first."""
        cursor = "first"
        while cursor:
            page = self.case_access(case, cursor=cursor) if case else self.access_log(which=which, cursor=cursor)
            yield from page.lines
            cursor = page.next

    def iterate_found(self, **question: Any) -> Iterator[FoundCase]:
        """Every case that `search` finds for the question, in its order."""
        cursor = "first"
        while cursor:
            page = self.search(**question, cursor=cursor)
            yield from page.hits
            cursor = page.next

    def iterate_deliveries(self, endpoint: str, *, state: str | None = None) -> Iterator[DeliveryEntry]:
        """Every delivery of a webhook, newest first."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.deliveries(endpoint, state=state, cursor=cursor)
            yield from page.deliveries
            cursor = page.next or None

    def watch_session(self, case: str) -> Iterator[SessionView]:
        """The session each time that it changes, until it ends or the right to see it does; a lost line is the caller's to open again."""
        with self._http.stream("GET", f"/api/v1/cases/{case}/stream", timeout=None) as answer:
            answer.raise_for_status()
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind == "view":
                    yield SessionView.model_validate(json.loads(line.removeprefix("data: ")))
                elif line.startswith("data: ") and kind == "end":
                    return
