"""Writes the certificate of destruction (`specs/custody.md`): what the ledger proves, in one file that a stranger checks offline.

It is made anew whenever it is asked for, under the newest checkpoint and with the time stamps that have come by then; the stranger's own
checker has called it good before it is handed out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.core.formats.certificate import Certificate, OpenedDocument, ProvedEntry, certificate_bytes
from jianlu.core.formats.event import Event
from jianlu.core.formats.note import VerifierKey
from jianlu.core.limits import CERTIFICATE_CASE_EVENTS_MAX
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.folder import anchor_files, anchors_for
from jianlu.ledger.prove import prove_consistency, prove_entries
from jianlu.ledger.read import read_claims
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.destruction import destruction_events
from jianlu.verify.certificate import check_certificate


@dataclass(frozen=True, slots=True)
class Proved:
    """A checkpoint, the key that signed it, and for each position the hashes that lead to its root.

    `anchors` are the files of those that cover every position, `consistency` what leads from each to the checkpoint; empty without tokens.
    """

    key: VerifierKey
    checkpoint: bytes
    hashes: Sequence[tuple[bytes, ...]]
    anchors: Mapping[str, bytes] = field(default_factory=dict)
    consistency: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)


class Prover(Protocol):
    """Proofs from the ledger under one checkpoint that covers all of these positions, published first where it does not yet."""

    def __call__(self, positions: Sequence[int], /) -> Proved:
        """UnavailableError when the ledger cannot publish."""
        ...


def no_proofs(_: Sequence[int]) -> Proved:
    """The prover of a process that has no ledger."""
    raise UnavailableError("this process proves nothing from the ledger: ask the web process of the home")


def prove_from(directory: Path, key: VerifierKey, positions: Sequence[int]) -> Proved:
    """Proofs from the published ledger folder, and of each authority the earliest token that covers all of these positions.

    UnavailableError when a position is not published yet; IntegrityError when tiles or an anchor are damaged.
    """
    checkpoint, hashes = prove_entries(directory, positions)
    size, last = read_claims(checkpoint).size, max(positions, default=-1)
    anchors = [anchor for anchor in anchors_for(directory, last, size) if anchor.size > last and anchor.stamps]
    consistency = {anchor.size: tuple(prove_consistency(directory, anchor.size, size)) for anchor in anchors}
    return Proved(key, checkpoint, hashes, dict(anchor_files(directory, anchors, cosignatures=False)), consistency)


def write_certificate(case: CaseLog, custody: CaseLog, *, prove: Prover, part: str = "") -> bytes:
    """The certificate that the case, or that part of it, was destroyed; nothing of it is signed by us but the checkpoint.

    ConflictError while its destruction is not completed, or when the case is too long for one; IntegrityError when what was written does
    not verify: then the ledger does not say what we do.
    """
    started, completed = destruction_events(custody.events, part)
    if started is None or completed is None:
        raise ConflictError("the destruction of this case is not completed: see how far it is under destructions")
    if len(case.events) > CERTIFICATE_CASE_EVENTS_MAX:
        raise ConflictError("this case has more events than a certificate holds: hand out proofs of its custody chain instead")
    events = custody.events[: completed.n + 1]
    shown = [event for event in events if event.type is EventType.TRIGGER_STATED or event in (started, completed)]
    positions = [case.position_of(case.next_n - 1), *(custody.position_of(event.n) for event in events)]
    proved = prove(positions)
    entries = [
        ProvedEntry(position, event.content, hashes)
        for position, event, hashes in zip(positions, (case.events[-1], *events), proved.hashes, strict=True)
    ]
    content = certificate_bytes(
        Certificate(
            tenant=case.tenant,
            case=case.case,
            key=proved.key,
            checkpoint=proved.checkpoint,
            case_events=tuple(event.content for event in case.events),
            case_closed=entries[0],
            custody_events=tuple(entries[1:]),
            documents=tuple(_opened(custody, event) for event in shown),
            anchors=proved.anchors,
            consistency=proved.consistency,
            version=1 if part else 2,
            part=part,
        )
    )
    result = check_certificate(content)
    if not result.is_intact:
        raise IntegrityError(f"the certificate just written does not verify ({result.problems[0].what}): report this")
    return content


def _opened(custody: CaseLog, event: Event) -> OpenedDocument:
    content = custody.open_object(event.body["object"], event.body["version"])
    return OpenedDocument(event.n, custody.salt(f"{event.n}/commit"), content)
