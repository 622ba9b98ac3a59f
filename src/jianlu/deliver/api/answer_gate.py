"""What answers hold of the gate before a session, and of documents that were deposited in one.

Parts of `answers.py`, which has the whole answers.
"""

from __future__ import annotations

from typing import Literal

from jianlu.deliver.api.answer_checks import Answer, Words

Signature = Literal["covers_file", "covers_part", "none_found"]


class GateCheck(Answer):
    """A check of the gate before the start: what it is about (a seat, a recorder, or nothing), and what to do where it is not met."""

    check: str
    about: str
    state: Literal["met", "not_met", "not_evidenced"]
    text: Words
    next: Words


class Deposited(Answer):
    """A document that was put into the case; what its signature is worth was not checked."""

    document: str
    signature: Signature
    by: str
    at_ms: int


class DepositMade(Answer):
    """A deposit: its object in the case, the file's SHA-256, and the session's ms at which it came."""

    deposit: str
    document: str
    sha256: str
    at_ms: int
    signature: Signature
