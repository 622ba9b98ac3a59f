"""Who belongs to an end-to-end encrypted room, as far as this process knows: pages by seat, recorders by name, each with its own key.

Nothing here is secret, and nothing is lost with it: pages announce themselves again, recorders are asked again. The room's secret
is never seen here. What people compare is computed by their pages, not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jianlu.capture.sessions.lifecycle import Gate
from jianlu.capture.sessions.recorders import RecorderMember
from jianlu.capture.sessions.rooms import RoomSpec

if TYPE_CHECKING:
    from jianlu.capture.sessions.switchboard import LiveSession

LEAD = "agent"
"""The seat whose page makes the room's secret and hands it to the others."""

NOT_ADMITTED, KEY_MISSING = "recorder_not_admitted", "key_missing"
RECORDER_PREFIX = "recorder-"
RECORDED_DIGITS = 32


@dataclass(frozen=True, slots=True)
class PageKey:
    """What a page announced: its public key, the id of the secret that it holds ("" for none), and its proof of holding it.

    The proof is a MAC under a key derived from the secret: members check it, nobody else can.
    """

    public_key: bytes
    secret: str
    proof: str


@dataclass(slots=True)
class Membership:
    """The members of one room. `secret` is the id of the one that the lead's page holds; `handovers` are secrets wrapped to a page."""

    secret: str = ""
    pages: dict[str, PageKey] = field(default_factory=dict)
    recorders: dict[str, RecorderMember | None] = field(default_factory=dict)
    handovers: dict[str, bytes] = field(default_factory=dict)
    recorded: list[list[str]] = field(default_factory=list)
    changes: int = 0

    @property
    def roster(self) -> list[list[str]]:
        """Members that hold the room's secret, `[name, beginning of the fingerprint]`, pages first: eight of them fit into one event."""
        keys = {seat: page.public_key for seat, page in sorted(self.pages.items()) if self.holds(seat)}
        for name, member in sorted(self.recorders.items()):
            if member is not None and self.has_admitted(name):
                keys[f"{RECORDER_PREFIX}{name}"] = member.public_key
        return [[name, fingerprint(key)[:RECORDED_DIGITS]] for name, key in keys.items()]

    def has_admitted(self, recorder: str) -> bool:
        """Whether that recorder holds the room's secret."""
        member = self.recorders.get(recorder)
        return member is not None and bool(self.secret) and self.secret in member.secrets

    def holds(self, seat: str) -> bool:
        """Whether the page of that seat says that it holds the room's secret."""
        page = self.pages.get(seat)
        return page is not None and bool(self.secret) and page.secret == self.secret


def fingerprint(public_key: bytes) -> str:
    """By what people compare a key: SHA-256, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


def is_encrypted(live: LiveSession) -> bool:
    """Whether the case's room is end-to-end encrypted: its template wants it, or whoever made the case did."""
    return live.scene.end_to_end or bool(live.particulars.get("end_to_end"))


def room_spec(live: LiveSession, video_codecs: Sequence[str]) -> RoomSpec:
    """The room that the case needs, where pictures are coded as the house allows; encrypted ones by VP8, whatever the house prefers."""
    if is_encrypted(live):
        return RoomSpec(codecs=("vp8", "opus"), is_encrypted=True)
    return RoomSpec(codecs=(*video_codecs, "opus"))


def key_gates(live: LiveSession, recorders: Iterable[str], seats: Iterable[str]) -> tuple[Gate, ...]:
    """What keeps an encrypted session from starting: a demanded recorder that is no member, a seat whose page lacks the secret."""
    if not is_encrypted(live):
        return ()
    members = live.members
    return (
        *(Gate(NOT_ADMITTED, name) for name in recorders if not members.has_admitted(name)),
        *(Gate(KEY_MISSING, seat) for seat in seats if seat in live.talk.seats and not members.holds(seat)),
    )


def members_part(live: LiveSession, seat: str, encoded: Callable[[bytes], str]) -> dict[str, Any] | None:
    """The members as the viewer on `seat` sees them; None for a room that is not encrypted. `encoded` writes bytes as text."""
    if not is_encrypted(live):
        return None
    members = live.members
    rows = [
        {
            "member": name,
            "kind": "seat",
            "state": "admitted" if members.holds(name) else "asking",
            "public_key": encoded(page.public_key),
            "fingerprint": fingerprint(page.public_key),
            "proof": page.proof,
        }
        for name, page in sorted(members.pages.items())
    ]
    for name, member in sorted(members.recorders.items()):
        key = member.public_key if member is not None else b""
        rows.append(
            {
                "member": f"{RECORDER_PREFIX}{name}",
                "kind": "recorder",
                "state": "away" if member is None else "admitted" if members.has_admitted(name) else "asking",
                "public_key": encoded(key),
                "fingerprint": fingerprint(key) if key else "",
                "proof": "",
            }
        )
    return {"secret": members.secret, "members": rows, "handover": encoded(members.handovers.get(seat, b""))}
