"""What vouches for a ledger folder, row by row, for people and pages: each token and cosignature, and whether it holds.

Against certificates and witness keys that the caller trusts; without, a token is only compared with itself and its checkpoint.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.anchor import cosigned, stamped
from jianlu.core.formats.cosignature import WitnessKey
from jianlu.core.formats.tree import TileTree
from jianlu.core.formats.x509 import Certificate, parse_certificates
from jianlu.core.terms.instants import instant_text
from jianlu.ledger.anchors.folder import LOOKED_AT_MAX, Anchor, anchor_sizes, newest_first, read_anchor, read_chain
from jianlu.ledger.read import open_tree

ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One voice: `kind` is stamp or cosignature, `who` the authority or witness, `size` how many entries it covers.

    `problem` is empty when it holds.
    """

    kind: str
    who: str
    size: int
    at: datetime | None
    is_checked: bool
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problem

    @property
    def words(self) -> str:
        """The row on one line."""
        mark = "时间戳 / stamped" if self.kind == "stamp" else "副署 / cosigned"
        return f"{self.size:>12}  {mark:<18} {self.who}  {instant_text(self.at) if self.at else '-'}"

    def as_document(self) -> dict[str, Any]:
        """The row for `--json` and pages."""
        at = instant_text(self.at) if self.at else None
        return {
            "kind": self.kind,
            "who": self.who,
            "size": self.size,
            "at": at,
            "checked": self.is_checked,
            "problem": self.problem,
        }


def anchor_rows(
    directory: Path,
    authorities: Mapping[str, Sequence[Certificate]],
    witnesses: Sequence[WitnessKey],
    *,
    anchors_max: int = ROWS_MAX,
) -> Iterator[AnchorRow]:
    """The rows of the newest anchors first, at most `anchors_max` anchors; damage is a row, never an exception.

    NotFoundError when there is no ledger, IntegrityError when its own checkpoint or tiles are damaged.
    """
    _, tree = open_tree(directory)
    for count, anchor in enumerate(newest_first(directory)):
        if count >= anchors_max:
            return
        yield from _rows(anchor, tree, authorities, witnesses)


def named_authorities(directory: Path, names: Iterable[str]) -> dict[str, tuple[Certificate, ...]]:
    """The certificates that the ledger's keeper names for those of `names` that have any: its own trust, for its own pages."""
    chains = {name: read_chain(directory, name) for name in names}
    return {name: parse_certificates(chain.decode("ascii", "replace")) for name, chain in chains.items() if chain}


class CoveringStamps:
    """Whose time stamps cover an entry, for lists of many: each anchor is read and checked once."""

    def __init__(self, directory: Path, authorities: Mapping[str, Sequence[Certificate]]) -> None:
        """`authorities` are those that are waited for, with their certificates; nothing is read before it is asked for."""
        self._directory, self._authorities = directory, authorities
        self._sizes = anchor_sizes(directory)
        self._read: dict[int, list[AnchorRow]] = {}

    def of(self, position: int) -> list[AnchorRow]:
        """Of each authority the earliest token that covers the entry at `position`, by size; damage is a row, never an exception.

        They are those that a certificate carries. IntegrityError when the ledger's own checkpoint or tiles are damaged.
        """
        found: dict[str, AnchorRow] = {}
        first = bisect_right(self._sizes, position)
        for size in self._sizes[first : first + LOOKED_AT_MAX]:
            for row in self._rows_at(size):
                found.setdefault(row.who, row)
            if self._authorities.keys() <= found.keys():
                break
        return list(found.values())

    def _rows_at(self, size: int) -> list[AnchorRow]:
        if size not in self._read:
            anchor, (_, tree) = read_anchor(self._directory, size), open_tree(self._directory)
            is_published = anchor is not None and size <= tree.size
            rows = _rows(anchor, tree, self._authorities, ()) if anchor is not None and is_published else ()
            self._read[size] = [row for row in rows if row.kind == "stamp"]
        return self._read[size]


def _rows(
    anchor: Anchor, tree: TileTree, authorities: Mapping[str, Sequence[Certificate]], witnesses: Sequence[WitnessKey]
) -> Iterator[AnchorRow]:
    try:
        if anchor.checkpoint.size != anchor.size:
            raise IntegrityError("the anchor's checkpoint is of another size")
        if anchor.size <= tree.size:
            tree.check_extends(anchor.checkpoint)
    except (IntegrityError, InvalidError) as error:
        yield AnchorRow("stamp", "-", anchor.size, None, is_checked=False, problem=str(error))
        return
    for name, token in anchor.stamps.items():
        try:
            found = stamped(name, token, anchor.note, authorities.get(name))
            yield AnchorRow("stamp", name, anchor.size, found.at, found.is_checked)
        except (IntegrityError, InvalidError) as error:
            yield AnchorRow("stamp", name, anchor.size, None, is_checked=False, problem=str(error))
    try:
        for each in cosigned(anchor.note, anchor.cosignatures, witnesses):
            yield AnchorRow("cosignature", each.witness, anchor.size, each.at, is_checked=True)
    except (IntegrityError, InvalidError) as error:
        yield AnchorRow("cosignature", "-", anchor.size, None, is_checked=False, problem=str(error))
