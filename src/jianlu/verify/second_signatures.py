"""Checks the SM2 signatures of checkpoint and manifest note; `specs/package.md` 4.2 and 3.

Whoever lists an SM2 key in the trust file wants its signature on every note of that name: a note without it is not believed,
unless the ledger was smaller than where the key began. Without such a key a line that is there is not evidenced, and said to be so.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.core.errors import InvalidError, JianluError
from jianlu.core.formats.note import parse_note, parse_verifier_key
from jianlu.core.formats.package import CHECKPOINT, MANIFEST_NOTE, Manifest
from jianlu.core.formats.sm2_note import verify_sm2
from jianlu.core.limits import NOTE_BYTES_MAX
from jianlu.verify._archive import Archive
from jianlu.verify._problem import problem_at
from jianlu.verify.history import History
from jianlu.verify.model import Problem, SecondSignature
from jianlu.verify.problems import Code
from jianlu.verify.trust import NO_TRUST, Trust


def check_second_signatures(
    archive: Archive, manifest: Manifest, trust: Trust | None, history: History, found: list[SecondSignature]
) -> Iterator[Problem]:
    """SM2 lines of the checkpoint and of the manifest's note; fills `found` with every one that is checked or claimed."""
    for path, name, code in (
        (CHECKPOINT, manifest.origin, Code.CHECKPOINT),
        (MANIFEST_NOTE, _signer_name(manifest), Code.SIGNATURE),
    ):
        try:
            content = archive.document(path, NOTE_BYTES_MAX)
            lines = [line for line in parse_note(content).signatures if line.name == name]
        except JianluError:
            continue  # said by whoever checks the note itself
        trusted = [each for each in (trust or NO_TRUST).sm2 if each.key.name == name]
        for each in trusted:
            is_there = any(line.key_id == each.key.key_id for line in lines)
            if not is_there and history.checkpoint is not None and history.checkpoint.size < each.since:
                continue
            try:
                verify_sm2(content, each.key)
            except JianluError as error:
                yield problem_at(code, path=path, detail=str(error))
            else:
                found.append(SecondSignature(name, is_checked=True))
        if not trusted and len(lines) > 1:
            found.append(SecondSignature(name, is_checked=False))


def _signer_name(manifest: Manifest) -> str:
    try:
        return parse_verifier_key(manifest.package_vkey).name
    except InvalidError:
        return ""
