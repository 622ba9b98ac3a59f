"""Checks the container: manifest, signature, and that the archive holds exactly what the manifest says. `specs/package.md` 2, 3.

What the entries mean is not asked here, nor who the signer is beyond what the caller chose to trust.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.core.errors import InvalidError, JianluError
from jianlu.core.formats.note import parse_verifier_key, verify_note
from jianlu.core.formats.package import MANIFEST, MANIFEST_NOTE, REQUIRED, Manifest, note_text, parse_manifest
from jianlu.core.limits import NOTE_BYTES_MAX, PACKAGE_ENTRIES_MAX
from jianlu.core.terms.digests import digest_of
from jianlu.verify._archive import Archive, Measured
from jianlu.verify._problem import problem_at
from jianlu.verify.model import Problem
from jianlu.verify.problems import Code
from jianlu.verify.trust import Trust


def read_manifest(archive: Archive) -> tuple[Manifest, str]:
    """The manifest and its digest, not yet believed; raises InvalidError when there is none or it is malformed."""
    content = archive.document(MANIFEST, PACKAGE_ENTRIES_MAX * 400)
    return parse_manifest(content), digest_of(content)


def check_signature(archive: Archive, manifest: Manifest, manifest_digest: str, trust: Trust | None) -> Iterator[Problem]:
    """The note over the manifest, by the key it claims; that key, the ledger's and the verifier, against `trust` when given."""
    try:
        key = parse_verifier_key(manifest.package_vkey)
        ledger_key = parse_verifier_key(manifest.ledger_vkey)
        note = verify_note(archive.document(MANIFEST_NOTE, NOTE_BYTES_MAX), [key])
        if note.text != note_text(manifest.tenant, manifest.case, manifest_digest):
            raise InvalidError("the note is about another manifest")
        if len(note.signatures) != 1:
            raise InvalidError("the note has more than one signature")
    except JianluError as error:
        yield problem_at(Code.SIGNATURE, path=MANIFEST_NOTE, detail=str(error))
        return
    if trust is None:
        return
    if key not in trust.packages:
        yield problem_at(Code.SIGNER, path=MANIFEST_NOTE, detail=f"package signer {key.text}")
    if ledger_key not in trust.ledgers:
        yield problem_at(Code.SIGNER, path=MANIFEST_NOTE, detail=f"ledger {ledger_key.text}")
    if trust.verifiers and manifest.verifier not in trust.verifiers:
        yield problem_at(Code.VERIFIER, path="verifier.pyz", detail=manifest.verifier)


def check_entries(archive: Archive, manifest: Manifest, measured: dict[str, Measured]) -> Iterator[Problem]:
    """Directory against manifest, and manifest against what the entries really are."""
    stated = {entry.path: entry for entry in manifest.entries}
    present = [name for name in archive.entries if name not in (MANIFEST, MANIFEST_NOTE)]
    for path in stated:
        if path not in archive.entries:
            yield problem_at(Code.ENTRY_MISSING, path=path)
    for name in present:
        if name not in stated:
            yield problem_at(Code.ENTRY_EXTRA, path=name)
    for path in REQUIRED:
        if path not in stated:
            yield problem_at(Code.ENTRY_MISSING, path=path, detail="every package has this entry")
    if list(archive.entries) != [*stated, MANIFEST, MANIFEST_NOTE] and set(archive.entries) == {*stated, MANIFEST, MANIFEST_NOTE}:
        yield problem_at(Code.CONTAINER, path=MANIFEST, detail="the entries are not in the manifest's order")
    for path, entry in stated.items():
        real = measured.get(path)
        if real is None:
            continue
        size = archive.entries[path].size
        if (real.sha256, real.crc32, size) != (entry.sha256, entry.crc32, entry.bytes):
            yield problem_at(Code.ENTRY_ALTERED, path=path)
        elif archive.entries[path].crc32 != entry.crc32:
            yield problem_at(Code.CONTAINER, path=path, detail="the header's CRC-32 is not the content's")
    for name in (MANIFEST, MANIFEST_NOTE):
        real = measured.get(name)
        if real is not None and archive.entries[name].crc32 != real.crc32:
            yield problem_at(Code.CONTAINER, path=name, detail="the header's CRC-32 is not the content's")
    verifier = measured.get("verifier.pyz")
    if verifier is not None and verifier.sha256 != manifest.verifier:
        yield problem_at(Code.VERIFIER, path="verifier.pyz", detail="it is not the one that the manifest names")
