"""The transparency log: append, publish, prove, fsck, export. It knows bytes, not evidence.

A ledger is a plain folder in the layout of c2sp.org/tlog-tiles (`specs/ledger.md`) that anybody can copy and check, plus a
journal and a lock that only the writer uses. Formats and proof checking are in `core.formats`; this package does the input
and output. One process writes, any number read.
"""

from jianlu.ledger.append import Ledger
from jianlu.ledger.create import create_ledger
from jianlu.ledger.export import export_ledger
from jianlu.ledger.fsck import fsck
from jianlu.ledger.model import FsckReport, Problem
from jianlu.ledger.open import open_ledger
from jianlu.ledger.ports import Signer
from jianlu.ledger.prove import gather_tiles, prove_consistency, prove_inclusion
from jianlu.ledger.read import read_checkpoint, read_entries
from jianlu.ledger.signer import create_signer_key, load_signer

__all__ = [
    "FsckReport",
    "Ledger",
    "Problem",
    "Signer",
    "create_ledger",
    "create_signer_key",
    "export_ledger",
    "fsck",
    "gather_tiles",
    "load_signer",
    "open_ledger",
    "prove_consistency",
    "prove_inclusion",
    "read_checkpoint",
    "read_entries",
]
