"""What vouches for a ledger folder, row by row, for people and pages: each token and cosignature, and whether it holds.

Against certificates and witness keys that the caller trusts; without, a token is only compared with itself and its checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.anchor import cosigned, stamped
from jianlu.core.formats.cosignature import WitnessKey
from jianlu.core.formats.tree import TileTree
from jianlu.core.formats.x509 import Certificate
from jianlu.core.terms.instants import instant_text
from jianlu.ledger.anchors.folder import Anchor, newest_first
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
