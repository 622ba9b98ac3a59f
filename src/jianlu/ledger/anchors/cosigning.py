"""Cosigning: the newest checkpoint is shown to witnesses, and their cosignatures kept beside it; nobody waits (`specs/witness.md`).

`Cosigner.beat` is called once a second. Whatever a witness says that means trouble (it saw more than we have, another history, a wrong
signature) goes to the `outbox`, which records it in the ledger, and to `complain`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.checkpoint import parse_decimal
from jianlu.core.formats.cosignature import AddCheckpoint, Cosignature, verify_cosignatures
from jianlu.core.formats.note import VerifierKey
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.folder import Anchor, anchor_newest, drop_unstamped, put_cosignatures
from jianlu.ledger.anchors.outbox import Complain, Outbox
from jianlu.ledger.ports import Witness
from jianlu.ledger.prove import prove_consistency
from jianlu.ledger.read import read_checkpoint, read_claims
from jianlu.runtime.clock import Clock

RETRY_FIRST_MS, RETRY_MAX_MS = 2_000, 300_000
_ROUNDS = 3
"""A witness that names another size twice in a row is not told a third time."""


class RefusedError(IntegrityError):
    """A witness does not cosign; `code` says why, `theirs` which size it says it cosigned (-1: none)."""

    def __init__(self, message: str, *, code: str, theirs: int = -1) -> None:
        """As the family's."""
        super().__init__(message, code=code)
        self.theirs = theirs


@dataclass(slots=True)
class _Pace:
    """One witness: when it is due, the size that it cosigned last as far as we know, and what is amiss."""

    witness: Witness
    due_ms: int = 0
    size: int = 0
    failures: int = 0
    refusal: str = ""


@dataclass(slots=True)
class Cosigner:
    """Shows the checkpoints of the ledger in `directory`, signed by `key`, to witnesses each `interval_ms` while there is news.

    `required` of them make a quorum; when it is not reached within `quorum_within_ms` that is declared. One thread at a time.
    """

    directory: Path
    key: VerifierKey
    clock: Clock
    outbox: Outbox
    complain: Complain
    interval_ms: int
    required: int
    quorum_within_ms: int
    _paces: list[_Pace] = field(default_factory=list)
    _quorum_ms: int = -1
    _is_alarmed: bool = False

    def add(self, witness: Witness) -> None:
        """Show checkpoints to `witness`, beginning with the next beat."""
        self._paces.append(_Pace(witness))

    def hurry(self) -> None:
        """All witnesses are due at the next beat: somebody waits for a cosignature."""
        now_ms = self.clock.monotonic_ms()
        for pace in self._paces:
            pace.due_ms = min(pace.due_ms, now_ms)

    def beat(self) -> int:
        """Ask whoever is due about the newest checkpoint, if it is news to them; returns how many cosignatures were kept."""
        now_ms = self.clock.monotonic_ms()
        if self._quorum_ms < 0:
            self._quorum_ms = now_ms
        published = read_claims(read_checkpoint(self.directory)).size if self._paces else 0
        due = [pace for pace in self._paces if now_ms >= pace.due_ms and (pace.size != published or not pace.due_ms)]
        kept = self._ask_all(due) if due else 0
        self._watch_quorum(now_ms)
        return kept

    def _ask_all(self, due: list[_Pace]) -> int:
        try:
            anchor = anchor_newest(self.directory, self.key)
        except JianluError as error:
            self.complain("ledger", error)
            return 0
        kept = 0
        for pace in due:
            try:
                line = ask_witness(self.directory, pace.witness, anchor, pace.size)
                anchor = self._keep(anchor, line)
            except JianluError as error:
                self._missed(pace, anchor, error)
                continue
            kept += 1
            pace.size, pace.failures, pace.refusal = anchor.size, 0, ""
            pace.due_ms = self.clock.monotonic_ms() + self.interval_ms
        have = len(self.cosignatures(anchor))
        if have >= max(self.required, 1):
            self._reached(anchor, have)
        return kept

    def cosignatures(self, anchor: Anchor) -> tuple[Cosignature, ...]:
        """The cosignatures of our witnesses on `anchor`."""
        return verify_cosignatures(anchor.note + anchor.cosignatures, [pace.witness.key for pace in self._paces])

    def _keep(self, anchor: Anchor, line: str) -> Anchor:
        """The anchor with this line in place of an earlier one by the same key."""
        start = line.rsplit(" ", 1)[0]
        others = [each for each in anchor.cosignatures.decode().splitlines(keepends=True) if each.rsplit(" ", 1)[0] != start]
        lines = "".join([*others, line]).encode()
        put_cosignatures(self.directory, anchor.size, lines)
        return Anchor(anchor.size, anchor.note, lines, anchor.stamps)

    def _missed(self, pace: _Pace, anchor: Anchor, error: JianluError) -> None:
        self.complain(pace.witness.key.name, error)
        if not isinstance(error, UnavailableError) and error.code != pace.refusal:
            pace.refusal = error.code
            theirs = error.theirs if isinstance(error, RefusedError) else -1
            body = {"witness": pace.witness.key.name, "size": anchor.size, "reason": error.code or "malformed", "theirs": theirs}
            self.outbox.note(EventType.COSIGNATURE_REFUSED, body)
        wait_ms = min(RETRY_FIRST_MS << min(pace.failures, 16), RETRY_MAX_MS)
        pace.failures += 1
        pace.due_ms = self.clock.monotonic_ms() + wait_ms

    def _reached(self, anchor: Anchor, have: int) -> None:
        self._quorum_ms = self.clock.monotonic_ms()
        drop_unstamped(self.directory, anchor.size)
        if self._is_alarmed:
            self._is_alarmed = False
            self.outbox.note(EventType.QUORUM_CLEARED, {"size": anchor.size, "have": have, "required": self.required})

    def _watch_quorum(self, now_ms: int) -> None:
        if not self.required or self._is_alarmed or now_ms - self._quorum_ms < self.quorum_within_ms:
            return
        published = read_claims(read_checkpoint(self.directory)).size
        have = sum(pace.size == published for pace in self._paces)
        if have >= self.required:
            self._quorum_ms = now_ms
            return
        self._is_alarmed = True
        self.outbox.note(EventType.QUORUM_ALARMED, {"size": published, "have": have, "required": self.required})
        self.complain("quorum", UnavailableError("fewer witnesses than required cosign: see which of them do not answer"))


def ask_witness(directory: Path, witness: Witness, anchor: Anchor, size: int) -> str:
    """The witness's line on the checkpoint of `anchor`, of the ledger in `directory`; `size`: what it cosigned last, as far as we know.

    UnavailableError when it is away, RefusedError when it does not cosign: code `ahead` or `forked` when it saw another history.
    """
    name = witness.key.name
    old = size if size <= anchor.size else 0
    for _ in range(_ROUNDS):
        hashes = tuple(prove_consistency(directory, old, anchor.size)) if 0 < old < anchor.size else ()
        answer = witness.add_checkpoint(AddCheckpoint(old, hashes, anchor.note).content)
        if answer.status == 200:
            return _own_line(witness, anchor, answer.body)
        if answer.status != 409:
            raise _refusal(name, answer.status, old)
        theirs = _size(name, answer.body)
        if theirs > anchor.size:
            message = f"the witness {name} cosigned {theirs} entries and the ledger has {anchor.size}: was it set back?"
            raise RefusedError(message, code="ahead", theirs=theirs)
        if theirs == old:
            message = f"the witness {name} saw another history of {theirs} entries: the ledger was forked"
            raise RefusedError(message, code="forked", theirs=theirs)
        old = theirs
    raise RefusedError(f"the witness {name} names another size each time", code="malformed")


def _own_line(witness: Witness, anchor: Anchor, body: bytes) -> str:
    try:
        found = verify_cosignatures(anchor.note + body, [witness.key])
    except (InvalidError, IntegrityError) as error:
        raise RefusedError(f"the witness {witness.key.name} answered no cosignature: {error}", code="untrusted") from error
    if not found:
        raise RefusedError(f"the witness {witness.key.name} did not sign with the key that we know", code="untrusted")
    return found[0].line


def _size(name: str, body: bytes) -> int:
    try:
        return parse_decimal(body.decode("ascii", "replace").removesuffix("\n"))
    except InvalidError as error:
        raise RefusedError(f"the witness {name} answered 409 without a size", code="malformed") from error


def _refusal(name: str, status: int, theirs: int) -> JianluError:
    if status == 422:
        message = f"the witness {name} finds that the ledger does not extend the {theirs} entries that it saw"
        return RefusedError(message, code="forked", theirs=theirs)
    if status in (403, 404):
        return RefusedError(f"the witness {name} does not know our ledger: give its keeper the ledger's key", code="unknown")
    if status == 400:
        return RefusedError(f"the witness {name} finds our request malformed", code="malformed")
    return UnavailableError(f"the witness {name} answered {status}", code="status")
