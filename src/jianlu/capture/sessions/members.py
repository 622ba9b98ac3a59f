"""Who belongs to an end-to-end encrypted room, as far as this process knows: pages by seat, recorders by name, each with its own key.

Nothing here is secret: the room's secret is never seen here. After a restart pages announce themselves again and recorders are asked again;
whoever was on the record goes on being a member until there is another secret. What people compare is computed by their pages, not here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jianlu.capture.sessions.lifecycle import Gate
from jianlu.capture.sessions.recorders import RecorderMember
from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType

if TYPE_CHECKING:
    from jianlu.capture.sessions.switchboard import LiveSession

LEAD = "agent"
"""The seat whose page makes the room's secret and hands it to the others."""

NOT_ADMITTED, KEY_MISSING = "recorder_not_admitted", "key_missing"
RECORDER_PREFIX = "recorder-"
RECORDED_DIGITS = 32

Rows = tuple[tuple[str, str], ...]
"""Members by name, each with the beginning of its key's fingerprint."""


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
    """The members of one room. `secret` is the id of the one that the lead's page holds; `handovers` are secrets wrapped to a page.

    `given` are the keys that a secret was given to, by its id: an act of whoever leads, which no page can undo. `recorded` is the secret
    and the members that were recorded last, `kept` the same as an earlier process left it; `changes` counts the records, by whose act.
    """

    secret: str = ""
    pages: dict[str, PageKey] = field(default_factory=dict)
    recorders: dict[str, RecorderMember | None] = field(default_factory=dict)
    handovers: dict[str, bytes] = field(default_factory=dict)
    given: set[tuple[str, str, bytes]] = field(default_factory=set)
    recorded: tuple[str, Rows] = ("", ())
    kept: tuple[str, Rows] = ("", ())
    changes: Counter[str] = field(default_factory=Counter)

    def copy(self) -> Membership:
        """The same members, to be changed and then taken or dropped as a whole."""
        return replace(
            self,
            pages=dict(self.pages),
            recorders=dict(self.recorders),
            handovers=dict(self.handovers),
            given=set(self.given),
            changes=Counter(self.changes),
        )

    @property
    def roster(self) -> Rows:
        """Everybody whom the room's secret was given to, or who says that they hold it; twelve of them fit into one event."""
        keys = {(seat, page.public_key) for seat, page in self.pages.items() if self.holds(seat)} | set(self.holders)
        rows = {(name, fingerprint(key)[:RECORDED_DIGITS]) for name, key in keys}
        return tuple(sorted(rows | set(self.kept[1] if self.kept[0] == self.secret else ())))

    @property
    def holders(self) -> tuple[tuple[str, bytes], ...]:
        """Names and keys that the room's secret was given to."""
        return tuple(sorted((name, key) for secret, name, key in self.given if secret == self.secret and secret))

    def hear(self, recorder: str, found: RecorderMember | None) -> None:
        """What a recorder answers, None for nothing. One that holds a secret was given it, and has it while it does not answer."""
        self.recorders[recorder] = found
        if found is not None:
            self.given |= {(secret, f"{RECORDER_PREFIX}{recorder}", found.public_key) for secret in found.secrets}

    def has_admitted(self, recorder: str) -> bool:
        """Whether that recorder holds the room's secret."""
        member = self.recorders.get(recorder)
        return member is not None and bool(self.secret) and self.secret in member.secrets

    def holds(self, seat: str) -> bool:
        """Whether the page of that seat says that it holds the room's secret."""
        page = self.pages.get(seat)
        return page is not None and bool(self.secret) and page.secret == self.secret


def membership_of(events: Iterable[Event]) -> Membership:
    """The members as a case's events have them: those that were recorded last, and how often by whose act."""
    bodies = [event.body for event in events if event.type is EventType.ENCRYPTION_SET]
    if not bodies:
        return Membership()
    last = bodies[-1]
    recorded = (str(last["secret"]), tuple((str(name), str(key)) for name, key in last["members"]))
    changes = Counter(str(body.get("by", "")) for body in bodies)
    return Membership(secret=recorded[0], recorded=recorded, kept=recorded, changes=changes)


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
        _row(members, name, "admitted" if members.holds(name) else "asking", page.public_key, encoded, page.proof)
        for name, page in sorted(members.pages.items())
    ]
    for recorder, found in sorted(members.recorders.items()):
        name = f"{RECORDER_PREFIX}{recorder}"
        earlier = [key for holder, key in members.holders if holder == name]
        key = found.public_key if found is not None else earlier[-1] if earlier else b""
        state = "away" if found is None else "admitted" if members.has_admitted(recorder) else "asking"
        rows.append(_row(members, name, state, key, encoded))
    named = {(row["member"], row["public_key"]) for row in rows}
    gone = [(name, key) for name, key in members.holders if (name, encoded(key)) not in named]
    rows += [_row(members, name, "replaced", key, encoded) for name, key in gone]
    return {"secret": members.secret, "members": rows, "handover": encoded(members.handovers.get(seat, b""))}


def _row(
    members: Membership, name: str, state: str, key: bytes, encoded: Callable[[bytes], str], proof: str = ""
) -> dict[str, Any]:
    return {
        "member": name,
        "kind": "recorder" if name.startswith(RECORDER_PREFIX) else "seat",
        "state": state,
        "public_key": encoded(key),
        "fingerprint": fingerprint(key) if key else "",
        "proof": proof,
        "is_given": (name, key) in members.holders,
    }
