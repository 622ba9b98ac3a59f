"""Writes the certificate of destruction (`specs/custody.md`): what the ledger proves, in one file that a stranger checks offline.

It is made anew whenever it is asked for, under the newest checkpoint; the stranger's own checker has called it good before it is
handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.core.formats.certificate import Certificate, OpenedDocument, ProvedEntry, certificate_bytes
from jianlu.core.formats.event import Event
from jianlu.core.formats.note import VerifierKey
from jianlu.core.limits import CERTIFICATE_CASE_EVENTS_MAX
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog
from jianlu.verify.certificate import check_certificate

_SHOWN = (EventType.TRIGGER_STATED, EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED)


@dataclass(frozen=True, slots=True)
class Proved:
    """A checkpoint, the key that signed it, and for each position the hashes that lead to its root."""

    key: VerifierKey
    checkpoint: bytes
    hashes: Sequence[tuple[bytes, ...]]


class Prover(Protocol):
    """Proofs from the ledger under one checkpoint that covers all of these positions, published first where it does not yet."""

    def __call__(self, positions: Sequence[int], /) -> Proved:
        """UnavailableError when the ledger cannot publish."""
        ...


def no_proofs(_: Sequence[int]) -> Proved:
    """The prover of a process that has no ledger."""
    raise UnavailableError("this process proves nothing from the ledger: ask the web process of the home")


def write_certificate(case: CaseLog, custody: CaseLog, *, prove: Prover) -> bytes:
    """The certificate that the case was destroyed; nothing of it is signed by us but the checkpoint.

    ConflictError while its destruction is not completed, or when the case is too long for one; IntegrityError when what was written does
    not verify: then the ledger does not say what we do.
    """
    if not custody.events or custody.events[-1].type is not EventType.DESTRUCTION_COMPLETED:
        raise ConflictError("the destruction of this case is not completed: see how far it is under destructions")
    if len(case.events) > CERTIFICATE_CASE_EVENTS_MAX:
        raise ConflictError("this case has more events than a certificate holds: hand out proofs of its custody chain instead")
    positions = [case.position_of(case.next_n - 1), *(custody.position_of(event.n) for event in custody.events)]
    proved = prove(positions)
    entries = [
        ProvedEntry(position, event.content, hashes)
        for position, event, hashes in zip(positions, (case.events[-1], *custody.events), proved.hashes, strict=True)
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
            documents=tuple(_opened(custody, event) for event in custody.events if event.type in _SHOWN),
        )
    )
    result = check_certificate(content)
    if not result.is_intact:
        raise IntegrityError(f"the certificate just written does not verify ({result.problems[0].what}): report this")
    return content


def _opened(custody: CaseLog, event: Event) -> OpenedDocument:
    content = custody.open_object(event.body["object"], event.body["version"])
    return OpenedDocument(event.n, custody.salt(f"{event.n}/commit"), content)
