"""What is told: topics by kind of ledger event, and which of them an endpoint wants.

A body says which case and what kind of thing happened, never who, what was said or how it was judged: whoever may know that asks the API.
The list and its meaning are published in `specs/webhooks.md`; a topic that was published keeps its meaning.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping

from jianlu.core.errors import InvalidError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType

ENDED, REFUSED, PACKAGED, FAILED, TESTED = "case.ended", "case.refused", "case.packaged", "case.failed", "webhook.tested"
EMERGENCY = "access.emergency"
OF_EVENT: Mapping[str, str] = {
    EventType.PLAN_FROZEN.value: "case.made",
    EventType.RECORDING_STARTED.value: "case.started",
    EventType.SESSION_ENDED.value: ENDED,
    EventType.RECORDING_ENDED.value: "case.sealed",
    EventType.RECORDING_ABANDONED.value: "case.abandoned",
    EventType.CONSENT_WITHDRAWN.value: "consent.withdrawn",
    EventType.VERDICTS_JUDGED.value: "case.judged",
    EventType.CASE_CLOSED.value: "case.closed",
    "review:decision:recorded": "review.decided",
}
"""By the event that says so; `case.refused` stands for `case.ended` where the customer or the agent refused."""

TOPICS = tuple(sorted({*OF_EVENT.values(), REFUSED, PACKAGED, FAILED, TESTED, EMERGENCY}))
TOPICS_MAX = 20
_WANTED = re.compile(r"^(?:\*|[a-z]{1,20}\.(?:\*|[a-z]{1,20}))$")


def check_topics(wanted: Iterable[str]) -> tuple[str, ...]:
    """The topics that an endpoint asks for, each once; InvalidError when one of them matches nothing that is ever told."""
    found = tuple(sorted(set(wanted)))
    if not 1 <= len(found) <= TOPICS_MAX or not all(_WANTED.fullmatch(each) for each in found):
        raise InvalidError(f"an endpoint wants 1 to {TOPICS_MAX} topics such as case.packaged, case.* or *")
    if idle := next((each for each in found if not any(wants((each,), topic) for topic in TOPICS)), ""):
        raise InvalidError(f"nothing is ever told under {idle}: topics are {', '.join(TOPICS)}")
    return found


def wants(wanted: Iterable[str], topic: str) -> bool:
    """Whether one of the patterns names the topic."""
    return any(each in ("*", topic, topic.partition(".")[0] + ".*") for each in wanted)


def message_id(tenant: str, source: str) -> str:
    """The id of the message about `source`: the same thing is always the same message, however often it is found."""
    digest = bytes.fromhex(digest_of(f"{tenant}\x00{source}".encode()))
    return "msg_" + base64.b32encode(digest)[:26].decode().lower()


def message_body(topic: str, at: str, case: str, *, n: int | None, position: int | None) -> str:
    """The body as it is signed and sent. `n` is the event's number in its case, `position` its place in the ledger."""
    what = {"case": case, "n": n, "position": position, "url": f"/api/v1/cases/{case}" if case else ""}
    return json.dumps({"type": topic, "timestamp": at, "data": what}, separators=(",", ":"))
