"""The first people of a new home that is there to be looked at: a sandbox, a demonstration. All get in with one password.

It works in a home where nobody can get in yet, and in no other: there the operator's links need nobody to release them (`releases.py`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from jianlu.core.errors import ConflictError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.enrolment import enrol_with_password
from jianlu.govern.identity.guessable import is_guessable
from jianlu.govern.identity.passwords import DIFFERENT_MIN
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import offer_enrolment
from jianlu.govern.identity.sign_ins import sign_out

_CONSONANTS = "bcdfghjkmnpqrstvwxz"


def random_password() -> str:
    """A password to be shown once and typed: twelve consonants in threes of four, 50 bits; never one that is refused as guessable.

    One in a thousand has keys in a row or a piece of a frequent one; another is drawn then.
    """
    while True:
        made = "-".join("".join(secrets.choice(_CONSONANTS) for _ in range(4)) for _ in range(3))
        if len(set(made)) >= DIFFERENT_MIN and not is_guessable(made):
            return made


def let_all_in(using: IdentityPorts, tenant: TenantId, names: Iterable[str], password: str) -> None:
    """Set `password` for accounts that have no way in. ConflictError, before anything is set, where somebody could release links."""
    offers = [offer_enrolment(using, tenant, name) for name in names]
    if not all(offer.code for offer in offers):
        raise ConflictError("somebody can get in here and release links: hand the links to their owners")
    for offer in offers:
        token, _ = enrol_with_password(using, offer.token, offer.code, password)
        sign_out(using, token)
