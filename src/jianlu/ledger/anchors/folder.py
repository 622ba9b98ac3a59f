"""Anchors: checkpoints that others have vouched for, each in a folder of its own beside the tiles (`specs/time.md`).

`anchors/<size>/checkpoint` is the note as the ledger alone signed it, `cosignatures` the lines of witnesses (the two joined are a cosigned
note), `<authority>.tst` a time-stamp token of exactly that file. They come after the checkpoint was published and nothing waits for them.
One process writes them, any number read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.core.formats.anchor import AUTHORITY_NAME, CHECKPOINT, COSIGNATURES, STAMP_SUFFIX
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint, parse_decimal, verify_checkpoint
from jianlu.core.formats.note import VerifierKey, assemble_note, verify_note
from jianlu.core.limits import ANCHORS_MAX, LOG_ENTRIES_MAX, NOTE_BYTES_MAX, STAMP_BYTES_MAX
from jianlu.ledger._folder import put_files, read_within
from jianlu.ledger.read import read_checkpoint
from jianlu.runtime.durable import sync_directory

ANCHORS = "anchors"
CHAINS = "authorities"
_SIZE = re.compile(r"^[0-9]{1,13}$")
_FILE = re.compile(
    r"^([0-9]{1,13}/(checkpoint|cosignatures|[a-z0-9-]{1,40}\.tst)|authorities/[a-z0-9-]{1,40}\.pem"
    r"|renewals/[0-9]{1,9}/(list|[a-z0-9-]{1,40}\.tst))$"
)
_FILE_BYTES_MAX = 64 * 1024 * 1024
_CHAIN_BYTES_MAX = 256 * 1024
LOOKED_AT_MAX = 100
"""Anchors that are read to find those of a package: an authority that was down for a hundred intervals is not waited for."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What lies in one anchor's folder, nothing of it checked: see `core.formats.anchor`."""

    size: int
    note: bytes
    cosignatures: bytes = b""
    stamps: dict[str, bytes] = field(default_factory=dict)

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note claims; IntegrityError when it is damaged."""
        try:
            return claimed_checkpoint(self.note)
        except InvalidError as error:
            raise IntegrityError(f"the anchor at {self.size} is damaged: {error}") from error


def anchor_newest(directory: Path, key: VerifierKey) -> Anchor:
    """The anchor of the newest published checkpoint, made, durable, if there is none yet.

    IntegrityError when the checkpoint is not signed by `key`, or when an anchor of that size says something else: a fork.
    UnavailableError when the disk fails.
    """
    published = published_anchor(directory, key)
    found = read_anchor(directory, published.size)
    if found is not None:
        if found.note != published.note:
            raise IntegrityError(f"the ledger had another checkpoint at {published.size} entries: it was forked or set back")
        return found
    _put(directory, published.size, CHECKPOINT, published.note)
    return published


def published_anchor(directory: Path, key: VerifierKey) -> Anchor:
    """The newest published checkpoint as an anchor would hold it; nothing is written. IntegrityError when `key` did not sign it."""
    published = read_checkpoint(directory)
    try:
        checkpoint = verify_checkpoint(published, [key], origin=key.name)
        note = verify_note(published, [key])
    except InvalidError as error:
        raise IntegrityError(f"the ledger's checkpoint is damaged: {error}") from error
    return Anchor(checkpoint.size, assemble_note(note.text, note.signatures[:1]))


def anchor_sizes(directory: Path) -> list[int]:
    """The sizes at which the ledger has anchors, ascending."""
    try:
        names = [entry.name for entry in (directory / ANCHORS).iterdir() if _SIZE.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(parse_decimal(name, maximum=LOG_ENTRIES_MAX) for name in names)


def read_anchor(directory: Path, size: int) -> Anchor | None:
    """The anchor at `size`, None where there is none; IntegrityError when a file of it is too large to be one."""
    folder = directory / ANCHORS / str(size)
    note = read_within(folder / CHECKPOINT, NOTE_BYTES_MAX)
    if note is None:
        return None
    stamps = {}
    for path in sorted(folder.glob(f"*{STAMP_SUFFIX}")):
        token = read_within(path, STAMP_BYTES_MAX)
        name = path.name.removesuffix(STAMP_SUFFIX)
        if token is not None and AUTHORITY_NAME.fullmatch(name):
            stamps[name] = token
    return Anchor(size, note, read_within(folder / COSIGNATURES, NOTE_BYTES_MAX) or b"", stamps)


def read_anchor_file(directory: Path, place: str) -> bytes | None:
    """The published file `place` below `anchors/`, None where there is none or the name belongs to none; whoever gets it checks it."""
    return read_within(directory / ANCHORS / place, _FILE_BYTES_MAX) if _FILE.fullmatch(place) else None


def newest_first(directory: Path) -> Iterator[Anchor]:
    """Every anchor, the newest first."""
    for size in reversed(anchor_sizes(directory)):
        if (anchor := read_anchor(directory, size)) is not None:
            yield anchor


def anchors_for(directory: Path, position: int, up_to: int) -> list[Anchor]:
    """The few anchors, ascending, that say most of the entry at `position`: none above `up_to` entries.

    Of each authority the earliest token that covers the entry, else the newest one; and the newest anchor with cosignatures.
    """
    sizes = [size for size in anchor_sizes(directory) if size <= up_to]
    covering = [size for size in sizes if size > position][:LOOKED_AT_MAX]
    earlier = [size for size in reversed(sizes) if size <= position][:LOOKED_AT_MAX]
    chosen: dict[int, Anchor] = {}
    seen: set[str] = set()
    for size in (*covering, *earlier):
        anchor = read_anchor(directory, size)
        if anchor is not None and anchor.stamps.keys() - seen:
            chosen[size] = anchor
            seen |= anchor.stamps.keys()
    for size in reversed(sizes[-LOOKED_AT_MAX:]):
        anchor = read_anchor(directory, size)
        if anchor is not None and anchor.cosignatures:
            chosen[size] = anchor
            break
    return [chosen[size] for size in sorted(chosen)][-ANCHORS_MAX:]


def anchor_files(directory: Path, anchors: Sequence[Anchor], *, cosignatures: bool = True) -> Iterator[tuple[str, bytes]]:
    """The files of `anchors` by their names below `anchors/`, and the certificates that are named for their authorities.

    This is how a package carries them, and a certificate of destruction, which has no cosignatures.
    """
    for anchor in anchors:
        yield f"{anchor.size}/{CHECKPOINT}", anchor.note
        if anchor.cosignatures and cosignatures:
            yield f"{anchor.size}/{COSIGNATURES}", anchor.cosignatures
        for name, token in sorted(anchor.stamps.items()):
            yield f"{anchor.size}/{name}{STAMP_SUFFIX}", token
    for authority in sorted({name for anchor in anchors for name in anchor.stamps}):
        if (chain := read_chain(directory, authority)) is not None:
            yield f"{CHAINS}/{authority}.pem", chain


def put_stamp(directory: Path, size: int, authority: str, token: bytes) -> None:
    """Keep `authority`'s checked `token` of the anchor at `size`, durable. UnavailableError when the disk fails."""
    _put(directory, size, f"{authority}{STAMP_SUFFIX}", token)


def put_cosignatures(directory: Path, size: int, lines: bytes) -> None:
    """Keep the checked signature `lines` of the anchor at `size`, durable, in place of those before."""
    _put(directory, size, COSIGNATURES, lines)


def put_chain(directory: Path, authority: str, chain: str) -> None:
    """Keep the certificates (PEM) that `authority`'s tokens lead to, for whoever checks them with openssl; written when they changed."""
    content = chain.encode()
    if read_chain(directory, authority) != content:
        _write(directory, f"{ANCHORS}/{CHAINS}/{authority}.pem", content)


def read_chain(directory: Path, authority: str) -> bytes | None:
    """The certificates that the ledger's keeper names for `authority`, None where there are none; they are claimed, not trusted."""
    return read_within(directory / ANCHORS / CHAINS / f"{authority}.pem", _CHAIN_BYTES_MAX)


def drop_unstamped(directory: Path, before: int) -> None:
    """Remove the latest anchors below `before` that no authority stamped: a newer cosigned one says all that they said."""
    for size in [size for size in anchor_sizes(directory) if size < before][-LOOKED_AT_MAX:]:
        anchor = read_anchor(directory, size)
        if anchor is not None and not anchor.stamps:
            shutil.rmtree(directory / ANCHORS / str(size), ignore_errors=True)
            sync_directory(directory / ANCHORS)


def _put(directory: Path, size: int, name: str, content: bytes) -> None:
    _write(directory, f"{ANCHORS}/{size}/{name}", content)


def _write(directory: Path, path: str, content: bytes) -> None:
    try:
        put_files(directory, [(path, content)])
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written to the ledger folder ({error.strerror}): check the disk") from error
