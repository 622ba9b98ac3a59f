"""What answers hold of those who are beside a talk: its chat, and the supervisor who sits by it.

As in `answers.py`: descriptions that the API's contract suite holds answers to.
"""

from __future__ import annotations

from jianlu.deliver.api.answer_checks import Answer


class ChatLine(Answer):
    """A line of the recorded chat. `to` is the seat that it is for, "" for everybody: others see that it was written, and no text."""

    by: str
    to: str
    text: str
    at_ms: int


class Supervisor(Answer):
    """Who sits beside the session as its supervisor; everybody in it is told the name."""

    display: str
    is_you: bool
