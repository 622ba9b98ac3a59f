"""Who is drawn: a draw that nobody steers and everybody can repeat, after `specs/review.md`. Pure.

The seed comes from the ledger's tree after the roll was frozen, so whoever made the roll did not know it, and there is only one such tree.
"""

from __future__ import annotations

import hashlib
import hmac

from jianlu.core.errors import IntegrityError
from jianlu.core.terms.digests import digest_of
from jianlu.judge.review.documents import roll_bytes
from jianlu.judge.review.model import Roll, Sample, Tree

_SEED = b"jianlu/review-seed@v1\x00"
_RANK = b"jianlu/review-rank@v1\x00"
_SECOND = b"jianlu/review-second@v1\x00"
_WHOLE = 1000


def seed_of(tree: Tree, roll_digest: str) -> bytes:
    """The 32 bytes from which the draw follows."""
    parts = (tree.origin.encode(), b"\x00", tree.size.to_bytes(8, "big"), bytes.fromhex(tree.root), bytes.fromhex(roll_digest))
    return hashlib.sha256(_SEED + b"".join(parts)).digest()


def quota(cases: int, share_permille: int) -> int:
    """How many of `cases` make up the share, never less than it."""
    return -(-cases * share_permille // _WHOLE)


def draw(roll: Roll, tree: Tree) -> Sample:
    """The sample of `roll`: every case of a group, and the share of the others; the same for everybody who asks."""
    roll_digest = digest_of(roll_bytes(roll))
    seed = seed_of(tree, roll_digest)
    grouped = [each.case for each in roll.eligible if each.groups]
    others = [each.case for each in roll.eligible if not each.groups]
    ranked = sorted(others, key=lambda case: (_mac(seed, _RANK, case), case))
    chosen = set(ranked[: quota(len(others), roll.share_permille)])
    drawn = [case for case in others if case in chosen]
    bound = roll.second_permille << 64
    reviewed = [each.case for each in roll.eligible if each.groups or each.case in chosen]
    twice = [case for case in reviewed if int.from_bytes(_mac(seed, _SECOND, case)[:8], "big") * _WHOLE < bound]
    return Sample(roll.plan, roll.no, tree, roll_digest, tuple(grouped), tuple(drawn), tuple(twice))


def check_sample(sample: Sample, roll: Roll, tree: Tree) -> None:
    """IntegrityError, saying what differs, unless `sample` is the draw from `roll` and from the ledger's own `tree`: an auditor's check."""
    if sample.tree != tree:
        raise IntegrityError(
            "the sample names another tree than the ledger has after its roll: it was not drawn from this ledger"
        )
    due = draw(roll, tree)
    if sample.roll_digest != due.roll_digest:
        raise IntegrityError("the sample was drawn from another roll: a case was added, taken out or altered afterwards")
    if sample != due:
        raise IntegrityError("the sample is not what the draw gives: somebody was put in or left out")


def _mac(seed: bytes, what: bytes, case: str) -> bytes:
    return hmac.new(seed, what + case.encode(), hashlib.sha256).digest()
