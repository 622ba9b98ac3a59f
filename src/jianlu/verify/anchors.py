"""Checks anchors: checkpoints of this history that authorities stamped and witnesses cosigned; `specs/package.md` 4.8.

Of packages and of certificates of destruction: `AnchorFiles` is where the files lie, `Held` what they are held against.

Whether a token's signature was checked or is only claimed depends on the trust file; both are said, never mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.core.formats.anchor import CHECKPOINT as NOTE
from jianlu.core.formats.anchor import COSIGNATURES, STAMP_SUFFIX, cosigned, stamped
from jianlu.core.formats.checkpoint import Checkpoint, verify_checkpoint
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


class AnchorFiles(Protocol):
    """Files by their names in a package."""

    @property
    def entries(self) -> Iterable[str]:
        """Every name, those of other files too."""

    def document(self, name: str, bytes_max: int, /) -> bytes:
        """The whole file; InvalidError when it is absent or larger than `bytes_max`."""


@dataclass(frozen=True, slots=True)
class Held:
    """What anchors are held against: the ledger's key, the checkpoint beside them, the entry that one has to cover to date it.

    `check_earlier` raises IntegrityError when a checkpoint that is no larger is not of the same history.
    """

    key: VerifierKey
    checkpoint: Checkpoint | None
    last: int | None
    check_earlier: Callable[[Checkpoint], None]


def check_anchors(archive: Archive, key: VerifierKey, trust: Trust | None, history: History, found: Vouched) -> Iterator[Problem]:
    """Every anchor in the package; fills `found`. A trust file that demands witnesses is not content with fewer."""
    tree = history.tree

    def check_earlier(checkpoint: Checkpoint) -> None:
        if tree is None or tree.root_at(checkpoint.size) != checkpoint.root:
            raise IntegrityError("the anchor is of another history than the package")

    last = history.positions[-1] if history.positions else None
    found.required = (trust or NO_TRUST).witnesses_required
    yield from check_files(archive, Held(key, None if tree is None else history.checkpoint, last, check_earlier), trust, found)
    if found.quorum < found.required:
        detail = f"{found.quorum} of {found.required}"
        yield problem_at(Code.WITNESSES, path=ANCHORS_PREFIX.rstrip("/"), detail=detail)


def check_files(files: AnchorFiles, held: Held, trust: Trust | None, found: Vouched) -> Iterator[Problem]:
    """Every anchor among `files`, whoever carries them; fills `found` with the tokens and cosignatures that hold."""
    believed = trust or NO_TRUST
    folders, strange = _folders(files)
    for name in strange[:ANCHORS_MAX]:
        yield problem_at(Code.ANCHOR, path=name, detail="no such file belongs to an anchor")
    if len(folders) > ANCHORS_MAX:
        yield problem_at(Code.ANCHOR, path=ANCHORS_PREFIX.rstrip("/"), detail=f"more than {ANCHORS_MAX} anchors")
    for size in sorted(folders)[:ANCHORS_MAX]:
        path = f"{ANCHORS_PREFIX}{size}/{NOTE}"
        try:
            note = files.document(path, NOTE_BYTES_MAX)
            _check_history(note, size, held)
        except JianluError as error:
            yield problem_at(Code.ANCHOR, path=path, detail=str(error))
            continue
        covers = held.last is not None and size > held.last
        for name in folders[size]:
            yield from _check_part(files, f"{ANCHORS_PREFIX}{size}/{name}", note, (size, covers), believed, found)


def _folders(files: AnchorFiles) -> tuple[dict[int, list[str]], list[str]]:
    """Names by size of the anchor, and names that belong to none."""
    folders: dict[int, list[str]] = {}
    strange = []
    for path in files.entries:
        name = path.removeprefix(ANCHORS_PREFIX)
        if name == path or _CHAIN.fullmatch(name):
            continue
        match = _NAME.fullmatch(name)
        if match is None or str(int(match[1])) != match[1]:
            strange.append(path)
        else:
            folders.setdefault(int(match[1]), []).append(match[2])
    return folders, strange


def _check_history(note: bytes, size: int, held: Held) -> None:
    checkpoint = verify_checkpoint(note, [held.key], origin=held.key.name)
    if held.checkpoint is None:
        raise IntegrityError("the checkpoint beside the anchor does not hold")
    if checkpoint.size != size or size > held.checkpoint.size:
        raise IntegrityError("the anchor is of another size than its name says, or newer than the checkpoint beside it")
    held.check_earlier(checkpoint)


def _check_part(
    files: AnchorFiles, path: str, note: bytes, place: tuple[int, bool], trust: Trust, found: Vouched
) -> Iterator[Problem]:
    name = path.rpartition("/")[2]
    size, covers = place
    try:
        if name == COSIGNATURES:
            lines = files.document(path, NOTE_BYTES_MAX)
            made = cosigned(note, lines, trust.witnesses)
            found.cosignatures += [Cosigned(each.witness, each.at, size, covers) for each in made]
        elif name != NOTE:
            authority = name.removesuffix(STAMP_SUFFIX)
            stamp = stamped(authority, files.document(path, STAMP_BYTES_MAX), note, trust.authorities.get(authority))
            found.stamps.append(Stamped(authority, stamp.at, size, covers, stamp.is_checked))
    except (IntegrityError, InvalidError) as error:
        yield problem_at(Code.COSIGNATURE if name == COSIGNATURES else Code.STAMP, path=path, detail=str(error))
