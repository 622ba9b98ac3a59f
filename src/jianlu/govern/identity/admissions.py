"""Participants: who was admitted to a seat of a case holds a token for it, and nothing else.

Whether an invitation is good is the session's business (`capture/sessions`); here its success becomes a cookie. A seat has
one admission: who is admitted again replaces whoever was.
"""

from __future__ import annotations

from sqlalchemy import Connection, Delete, delete, insert, select

from jianlu.core.terms.ids import CaseRef, TenantId, case_ref, tenant_id
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity._tables import admissions
from jianlu.govern.identity._tokens import digest_of_claimed, fresh_token
from jianlu.govern.identity.model import SEAT_MAX, Participant, SignInNeededError
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import transaction


def admit(using: IdentityPorts, tenant: TenantId, case: CaseRef, seat: str, *, scope: str = "") -> tuple[str, Participant]:
    """Admit to the seat; returns the token for the cookie, which is kept nowhere. An earlier admission to the seat ends.

    With `scope` the token is for outside software and good for that alone.
    """
    with transaction(using.database) as connection:
        return admit_within(connection, using, tenant, case, seat, scope=scope)


def admit_within(
    connection: Connection, using: IdentityPorts, tenant: TenantId, case: CaseRef, seat: str, *, scope: str = ""
) -> tuple[str, Participant]:
    """As `admit`, in a transaction of the caller's, who does something else that must not happen without it."""
    token, digest = fresh_token()
    now = using.clock.now()
    connection.execute(_of_seat(tenant, case, seat, scope))
    connection.execute(
        insert(admissions).values(
            digest=digest,
            tenant=tenant,
            case_ref=case,
            seat=seat,
            scope=scope,
            admitted_at=instant_text(now),
            expires_at=instant_text(now + SEAT_MAX),
        )
    )
    return token, Participant(tenant, case, seat, digest[:16], scope)


def participant_of(using: IdentityPorts, token: str, *, scope_prefix: str = "") -> Participant:
    """Who holds the token, if it is for that kind of use; SignInNeededError when it is nobody's, over, or for another use."""
    with transaction(using.database, writes=False) as connection:
        query = select(admissions).where(admissions.c.digest == digest_of_claimed(token))
        row = connection.execute(query).mappings().one_or_none()
    is_for_this = row is not None and (row["scope"].startswith(scope_prefix) if scope_prefix else not row["scope"])
    if row is None or not is_for_this or row["expires_at"] <= instant_text(using.clock.now()):
        raise SignInNeededError("this seat is not yours, or no longer: open your invitation again or ask for a new one")
    return Participant(tenant_id(row["tenant"]), case_ref(row["case_ref"]), row["seat"], row["digest"][:16], row["scope"])


def is_admitted(using: IdentityPorts, tenant: TenantId, case: CaseRef, seat: str) -> bool:
    """Whether somebody holds the seat now, on whatever device."""
    c = admissions.c
    mine = (c.tenant == tenant, c.case_ref == case, c.seat == seat, c.scope == "", c.expires_at > instant_text(using.clock.now()))
    with transaction(using.database, writes=False) as connection:
        return connection.execute(select(c.digest).where(*mine)).first() is not None


def dismiss(using: IdentityPorts, tenant: TenantId, case: CaseRef, seat: str) -> None:
    """End the admission to the seat, and of software that was admitted in its name."""
    with transaction(using.database) as connection:
        mine = (admissions.c.tenant == tenant, admissions.c.case_ref == case, admissions.c.seat == seat)
        connection.execute(delete(admissions).where(*mine))


def forget_admissions(connection: Connection, tenant: str, case: str) -> None:
    """Delete every admission to the case, of which nothing is left to be admitted to."""
    connection.execute(delete(admissions).where(admissions.c.tenant == tenant, admissions.c.case_ref == case))


def sweep_admissions(using: IdentityPorts) -> None:
    """Delete the rows of admissions that are over."""
    with transaction(using.database) as connection:
        connection.execute(delete(admissions).where(admissions.c.expires_at <= instant_text(using.clock.now())))


def _of_seat(tenant: str, case: str, seat: str, scope: str) -> Delete:
    c = admissions.c
    mine = (c.tenant == tenant, c.case_ref == case, c.seat == seat, c.scope == scope)
    return delete(admissions).where(*mine)
