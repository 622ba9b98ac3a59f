"""Links to a customer's own copy: made by staff, good once and with the code that is told by another way, for a week.

A link is an id and a signature by the tenant's secret, which keeps guesses away from the database; its code follows from the secret
and is kept nowhere. After a few wrong codes the link is good no longer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.oversight._tables import copy_links
from jianlu.deliver.oversight.own_copy import OWN_SEATS
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

VALID_FOR = timedelta(days=7)
TRIES_MAX = 5
"""Wrong codes: with a million codes, a thief of the link guesses right once in 200,000 links."""

CODE_DIGITS = 6
_LABEL, _CODE_LABEL = b"jianlu/copy-link@v1\x00", b"jianlu/copy-code@v1\x00"
_TOKEN_MAX = 200


@dataclass(frozen=True, slots=True)
class LinkPorts:
    """What links rest on."""

    database: Engine
    clock: Clock
    tenant: TenantId
    tenant_secret: bytes


@dataclass(frozen=True, slots=True)
class CopyLink:
    """A link as it is handed over: `token` and `code` are shown once and kept nowhere."""

    token: str
    code: str
    expires_at: str


def make_link(case: str, seat: str, *, using: LinkPorts, by: str) -> CopyLink:
    """A link to the copy of that seat's person, made by the account `by`; InvalidError for a seat that has no copy."""
    if seat not in OWN_SEATS:
        raise InvalidError(f"a copy is for one of: {', '.join(OWN_SEATS)}")
    link, now = secrets.token_hex(12), using.clock.now()
    expires = instant_text(now + VALID_FOR)
    with transaction(using.database) as connection:
        connection.execute(
            insert(copy_links).values(
                link=link,
                tenant=using.tenant,
                case_ref=case,
                seat=seat,
                issued_by=by,
                issued_at=instant_text(now),
                expires_at=expires,
                tries=0,
            )
        )
    return CopyLink(f"{link}.{_signature(using, link)}", _code(using, link), expires)


def use_link(token: str, code: str, *, using: LinkPorts) -> tuple[str, str, str]:
    """The link's id, case and seat, and the link is used; DeniedError, always in the same words, for any that is not good."""
    link, _, claimed = token[:_TOKEN_MAX].partition(".")
    if not hmac.compare_digest(claimed.encode(), _signature(using, link).encode()):
        raise _not_good()
    at, columns = instant_text(using.clock.now()), copy_links.c
    good = (
        columns.link == link,
        columns.tenant == using.tenant,
        columns.used_at.is_(None),
        columns.expires_at > at,
        columns.tries < TRIES_MAX,
    )
    with transaction(using.database) as connection:
        if connection.execute(update(copy_links).where(*good).values(tries=columns.tries + 1)).rowcount != 1:
            raise _not_good()
    if not hmac.compare_digest(code.strip().encode(), _code(using, link).encode()):
        raise _not_good()
    mine = (columns.link == link, columns.tenant == using.tenant, columns.used_at.is_(None))
    with transaction(using.database) as connection:
        if connection.execute(update(copy_links).where(*mine).values(used_at=at)).rowcount != 1:
            raise _not_good()
        row = connection.execute(select(columns.case_ref, columns.seat).where(columns.link == link)).one()
    return link, row.case_ref, row.seat


def give_back(link: str, *, using: LinkPorts) -> None:
    """The copy could not be made, so the link was not used."""
    with transaction(using.database) as connection:
        connection.execute(update(copy_links).where(copy_links.c.link == link).values(used_at=None))


def forget_links(connection: Connection, tenant: str, case: str) -> None:
    """Delete every link to a copy of the case: there is no copy any more."""
    connection.execute(delete(copy_links).where(copy_links.c.tenant == tenant, copy_links.c.case_ref == case))


def _not_good() -> DeniedError:
    return DeniedError("this link or its code is not good, or no longer: check the code, or ask for another link")


def _signature(using: LinkPorts, link: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(using.tenant_secret, _LABEL + link.encode(), hashlib.sha256).digest()[:18]).decode()


def _code(using: LinkPorts, link: str) -> str:
    digest = hmac.new(using.tenant_secret, _CODE_LABEL + link.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}}"
