"""Checks anchors: checkpoints of this history that authorities stamped and witnesses cosigned; `specs/package.md` 4.8.

Whether a token's signature was checked or is only claimed depends on the trust file; both are said, never mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.core.formats.anchor import CHECKPOINT as NOTE
from jianlu.core.formats.anchor import COSIGNATURES, STAMP_SUFFIX, cosigned, stamped
from jianlu.core.formats.checkpoint import verify_checkpoint
from jianlu.core.formats.note import VerifierKey
from jianlu.core.formats.package import ANCHORS_PREFIX
from jianlu.core.limits import ANCHORS_MAX, NOTE_BYTES_MAX, STAMP_BYTES_MAX
from jianlu.verify._archive import Archive
from jianlu.verify._problem import problem_at
from jianlu.verify.history import History
from jianlu.verify.model import Cosigned, Problem, Stamped
from jianlu.verify.problems import Code
from jianlu.verify.trust import NO_TRUST, Trust

_NAME = re.compile(r"^([0-9]{1,13})/(checkpoint|cosignatures|[a-z0-9][a-z0-9-]{0,39}\.tst)$")
_CHAIN = re.compile(r"^authorities/[a-z0-9][a-z0-9-]{0,39}\.pem$")


@dataclass(slots=True)
class Vouched:
    """What others say of the package's history, checked as far as the trust file allows."""

    stamps: list[Stamped] = field(default_factory=list)
    cosignatures: list[Cosigned] = field(default_factory=list)
    required: int = 0

    @property
    def quorum(self) -> int:
        """The most trusted witnesses that cosigned one anchor which covers the case."""
        sizes = [each.size for each in self.cosignatures if each.covers_case]
        return max((sizes.count(size) for size in sizes), default=0)


def check_anchors(archive: Archive, key: VerifierKey, trust: Trust | None, history: History, found: Vouched) -> Iterator[Problem]:
    """Every anchor in the package; fills `found`. A trust file that demands witnesses is not content with fewer."""
    believed = trust or NO_TRUST
    found.required = believed.witnesses_required
    folders, strange = _folders(archive)
    for name in strange[:ANCHORS_MAX]:
        yield problem_at(Code.ANCHOR, path=name, detail="no such file belongs to an anchor")
    if len(folders) > ANCHORS_MAX:
        yield problem_at(Code.ANCHOR, path=ANCHORS_PREFIX.rstrip("/"), detail=f"more than {ANCHORS_MAX} anchors")
    for size in sorted(folders)[:ANCHORS_MAX]:
        path = f"{ANCHORS_PREFIX}{size}/{NOTE}"
        try:
            note = archive.document(path, NOTE_BYTES_MAX)
            _check_history(note, size, key, history)
        except JianluError as error:
            yield problem_at(Code.ANCHOR, path=path, detail=str(error))
            continue
        covers = bool(history.positions) and size > history.positions[-1]
        for name in folders[size]:
            yield from _check_part(archive, f"{ANCHORS_PREFIX}{size}/{name}", note, (size, covers), believed, found)
    if found.quorum < found.required:
        detail = f"{found.quorum} of {found.required}"
        yield problem_at(Code.WITNESSES, path=ANCHORS_PREFIX.rstrip("/"), detail=detail)


def _folders(archive: Archive) -> tuple[dict[int, list[str]], list[str]]:
    """Names by size of the anchor, and names that belong to none."""
    folders: dict[int, list[str]] = {}
    strange = []
    for path in archive.entries:
        name = path.removeprefix(ANCHORS_PREFIX)
        if name == path or _CHAIN.fullmatch(name):
            continue
        match = _NAME.fullmatch(name)
        if match is None or str(int(match[1])) != match[1]:
            strange.append(path)
        else:
            folders.setdefault(int(match[1]), []).append(match[2])
    return folders, strange


def _check_history(note: bytes, size: int, key: VerifierKey, history: History) -> None:
    checkpoint = verify_checkpoint(note, [key], origin=key.name)
    if history.tree is None or history.checkpoint is None:
        raise IntegrityError("the package's own checkpoint does not hold")
    if checkpoint.size != size or size > history.checkpoint.size:
        raise IntegrityError("the anchor is of another size than its name says, or newer than the package's checkpoint")
    if history.tree.root_at(size) != checkpoint.root:
        raise IntegrityError("the anchor is of another history than the package")


def _check_part(
    archive: Archive, path: str, note: bytes, place: tuple[int, bool], trust: Trust, found: Vouched
) -> Iterator[Problem]:
    name = path.rpartition("/")[2]
    size, covers = place
    try:
        if name == COSIGNATURES:
            lines = archive.document(path, NOTE_BYTES_MAX)
            made = cosigned(note, lines, trust.witnesses)
            found.cosignatures += [Cosigned(each.witness, each.at, size, covers) for each in made]
        elif name != NOTE:
            authority = name.removesuffix(STAMP_SUFFIX)
            stamp = stamped(authority, archive.document(path, STAMP_BYTES_MAX), note, trust.authorities.get(authority))
            found.stamps.append(Stamped(authority, stamp.at, size, covers, stamp.is_checked))
    except (IntegrityError, InvalidError) as error:
        yield problem_at(Code.COSIGNATURE if name == COSIGNATURES else Code.STAMP, path=path, detail=str(error))
