"""Writes a case as one package: everything a stranger needs, checked by the stranger's verifier before it gets its name.

The source is the vault and the ledger, never the database. Reports are handed in as bytes; their wording is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from secrets import token_hex
from zipfile import ZipFile

from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.event import Event
from jianlu.core.formats.pack import parse_packs
from jianlu.core.formats.package import (
    DOCUMENTS_PREFIX,
    KEYS_PREFIX,
    MANIFEST,
    MANIFEST_NOTE,
    MEDIA,
    OPENINGS,
    PACKS_PREFIX,
    PLAN,
    README,
    REPORT_PREFIX,
    VERDICTS,
    VERIFIER,
    WITHHELD,
    Manifest,
    findings_path,
    manifest_bytes,
    note_text,
    openings_bytes,
    sealed_path,
)
from jianlu.core.formats.resealed import Forms, fold_forms
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import CaseRef
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.packages._container import Container
from jianlu.deliver.packages._history import history_entries
from jianlu.deliver.packages.ports import Credentials, PackagePorts
from jianlu.deliver.packages.readme import readme_text
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.ledger.signer import sign_note
from jianlu.runtime.durable import sync_directory, sync_file
from jianlu.vault.case_log import CaseLog
from jianlu.vault.compare import require_agreement
from jianlu.vault.keys import is_tombstone
from jianlu.vault.model import ObjectPart, Place, object_parts
from jianlu.vault.playable import open_recording, recording_pieces
from jianlu.vault.reseals import read_chain, read_forms
from jianlu.verify.check import check_package
from jianlu.verify.model import Result

Reports = Callable[[Checkpoint, str], Mapping[str, bytes]]
"""Report files by name (`report.zh.html`, ...), given the checkpoint and the SHA-256 of the verifier of the package."""

_MEDIA_EVENTS = (EventType.RECORDING_STARTED, EventType.SEGMENT_SEALED)
_CARRIED_SEALED = (*_MEDIA_EVENTS, EventType.SEGMENT_MIRRORED)
"""Media: in the playable recording, or, of a second recorder, in its sealed form alone."""

_TEXT_COMMITMENTS = (EventType.CONSENT_GIVEN, EventType.CONSENT_REFUSED, EventType.CONSENT_WITHDRAWN, EventType.DOCUMENT_SHOWN)
"""Commitments to texts that the institution publishes: whoever has the notice can compare it."""


PACKAGES_FOLDER = "packages"


def package_path(home: Path, case: CaseRef) -> Path:
    """Where in a home the package of a case that was recorded live is written, and found by whoever hands it out."""
    return home / PACKAGES_FOLDER / f"{case}.jlp"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A written package: where, its size and SHA-256 of the manifest, and what the verifier says of it."""

    path: Path
    package_bytes: int
    manifest_digest: str
    result: Result


def write_package(log: CaseLog, destination: Path, *, reports: Reports, using: PackagePorts) -> Receipt:
    """The package of the closed case `log` at `destination`, which is replaced only when everything is well.

    Guarantees: durable on return; verified by `check_package`, its verdict in the receipt. Raises ConflictError when the case is
    not closed or a part of it was destroyed, IntegrityError when the index was edited or what was written is not intact,
    UnavailableError when the disk fails.
    """
    if not log.events or log.events[-1].type is not EventType.CASE_CLOSED:
        raise ConflictError("the case is not closed: judge and close it before a package is written")
    if gone := sorted(log.ended - {WITHHELD}):
        raise ConflictError(
            f"a package has all of a case, and of this one the {', '.join(gone)} was destroyed when its own time had ended: hand out the "
            "certificate of that, and what is left on its own",
            code="part_destroyed",
        )
    require_agreement(using.vault, log.tenant, log.case)
    partial = destination.with_name(f".{destination.name}.{token_hex(4)}.partial")
    try:
        for left in destination.parent.glob(f".{escape(destination.name)}.*.partial"):
            left.unlink(missing_ok=True)  # of a run that was killed, or was given up and may still write: never renamed over ours
        manifest_digest = _write(log, partial, reports, using)
        result = check_package(partial)
        if not result.is_intact:
            first = next(problem for problem in result.problems if problem.breaks_integrity)
            raise IntegrityError(f"the package just written does not verify ({first.what} {first.where.path or ''}): report this")
        sync_file(partial)
        package_bytes = partial.stat().st_size
        partial.replace(destination)
        sync_directory(destination.parent)
    except OSError as error:
        raise UnavailableError(
            f"the package could not be written ({error.strerror}): check the disk at {destination.parent}"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return Receipt(destination, package_bytes, manifest_digest, result)


def written_before(log: CaseLog, destination: Path, *, using: PackagePorts) -> Receipt | None:
    """The receipt of the package at `destination` when it is intact, of this closed case, and signed by us; else None.

    A closed case has one history, so there is nothing that a second package could say, unless its objects were sealed anew since.
    """
    if not destination.is_file():
        return None
    result = check_package(destination)
    signer = result.signer
    is_ours = signer is not None and (signer.ledger, signer.package) == (using.ledger_key.text, using.signer.key.text)
    if not result.is_intact or (result.tenant, result.case) != (log.tenant, log.case) or not is_ours:
        return None
    if result.resealed != len(read_forms(using.vault, log.tenant, log.case).all):
        return None  # what it carries was sealed anew since
    with ZipFile(destination) as archive:
        return Receipt(destination, destination.stat().st_size, digest_of(archive.read(MANIFEST)), result)


def _write(log: CaseLog, path: Path, reports: Reports, using: PackagePorts) -> str:
    resealed = read_chain(using.vault, log.tenant, log.case)
    checkpoint, history = history_entries(log, using.ledger_directory, resealed)
    verifier = verifier_bytes()
    verifier_digest = digest_of(verifier)
    with Container(path) as container:
        container.add(README, readme_text(log.tenant, log.case, verifier_digest).encode())
        _add_media(container, log, using.credentials, checkpoint)
        for name, content in _documents(log):
            container.add(name, content)
        for pack, files in sorted(parse_packs(log.open_object("packs")).items()):
            for file, content in sorted(files.items()):
                container.add(f"{PACKS_PREFIX}{pack}/{file}", content)
        container.add(OPENINGS, openings_bytes(_salts(log)))
        for name, content in history:
            container.add(name, content)
        _add_sealed(container, log, fold_forms((event for _, event in resealed), log.case), using)
        for name, content in sorted(reports(checkpoint, verifier_digest).items()):
            container.add(f"{REPORT_PREFIX}{name}", content)
        container.add(VERIFIER, verifier)
        manifest = manifest_bytes(
            Manifest(
                tenant=log.tenant,
                case=log.case,
                created_at=instant_text(using.vault.clock.now()),
                origin=checkpoint.origin,
                ledger_vkey=using.ledger_key.text,
                package_vkey=using.signer.key.text,
                verifier=verifier_digest,
                entries=tuple(container.entries),
            )
        )
        digest = digest_of(manifest)
        container.add(MANIFEST, manifest)
        container.add(MANIFEST_NOTE, sign_note(note_text(log.tenant, log.case, digest), using.signer))
    return digest


def _add_media(container: Container, log: CaseLog, credentials: Credentials | None, checkpoint: Checkpoint) -> None:
    pieces = recording_pieces(log)
    box = b""
    if credentials is not None:
        said = {"case": log.case, "ledger": checkpoint.origin, "entries": checkpoint.size, "root": checkpoint.root.hex()}
        with open_recording(log) as recording:
            box = credentials.credentials(recording, said)

    def parts() -> Iterator[bytes]:
        for no, piece in enumerate(pieces):
            content = log.open_object(piece.object, piece.version)
            if no == 0 and box:
                behind = int.from_bytes(content[:4], "big")
                content = content[:behind] + box + content[behind:]
            yield content

    container.add_stream(MEDIA, len(box) + sum(piece.plain_bytes for piece in pieces), parts())


def _documents(log: CaseLog) -> Iterator[tuple[str, bytes]]:
    for event in log.events:
        fields = event.body["content"] if event.type is EventType.SCRIPT_FROZEN else event.body
        if event.type not in _CARRIED_SEALED and "object" in fields and kind_of(fields["object"]) != WITHHELD:
            yield _document_path(event), log.open_object(fields["object"], fields["version"])


def _document_path(event: Event) -> str:
    match event.type:
        case EventType.PLAN_FROZEN:
            return PLAN
        case EventType.VERDICTS_JUDGED:
            return VERDICTS
        case EventType.FINDINGS_RECORDED:
            return findings_path(event.body["inspector"])
        case EventType.SCRIPT_FROZEN:
            return f"{DOCUMENTS_PREFIX}{event.body['content']['object']}"
        case _:
            return f"{DOCUMENTS_PREFIX}{event.body['object']}"


def _salts(log: CaseLog) -> dict[str, str]:
    labels = [f"{event.n}/{part.salt_label}" for event, part in _carried(log)]
    labels += [f"{event.n}/commit" for event in log.events if event.type in _TEXT_COMMITMENTS and "commit" in event.body]
    return {label: log.salt(label).hex() for label in labels}


def _add_sealed(container: Container, log: CaseLog, forms: Forms, using: PackagePorts) -> None:
    """Each object in its newest form, under the name of its version; the keys of every form that is there."""
    prefix = f"{log.tenant}/{log.case}/"
    for _, part in _carried(log):
        place = Place(log.tenant, log.case, part.object, part.version, forms.form_of(part.object, part.version))
        container.add(sealed_path(part.object, part.version), using.vault.blobs.get(place.blob_name))
    for name in using.vault.key_blobs.names(prefix):
        if not is_tombstone(name) and kind_of(name.removeprefix(prefix)) != WITHHELD:
            container.add(f"{KEYS_PREFIX}{name.removeprefix(prefix)}", using.vault.key_blobs.get(name))


def _carried(log: CaseLog) -> Iterator[tuple[Event, ObjectPart]]:
    """Every object that the events name but those that no package carries."""
    found = ((event, part) for event in log.events for part in object_parts(event))
    return ((event, part) for event, part in found if kind_of(part.object) != WITHHELD)
