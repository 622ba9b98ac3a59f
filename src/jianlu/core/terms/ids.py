"""Identifiers: tenants, cases and sealed objects, as validated plain strings.

None of them carries personal data: a case reference is derived with the tenant's key from the business number, so that
only the tenant can connect the two.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NewType

from jianlu.core.errors import InvalidError

TenantId = NewType("TenantId", str)
CaseRef = NewType("CaseRef", str)
ObjectId = NewType("ObjectId", str)

_TENANT = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")
_CASE = re.compile(r"^c[a-z2-7]{26}$")
_OBJECT = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")


def tenant_id(text: str) -> TenantId:
    """`text` as a tenant id (lower-case letters, digits, hyphens; at most 40); InvalidError otherwise."""
    if not _TENANT.fullmatch(text):
        raise InvalidError("a tenant id is 1 to 40 lower-case letters, digits or hyphens, starting with a letter or digit")
    return TenantId(text)


def case_ref(text: str) -> CaseRef:
    """`text` as a case reference (`c` and 26 base32 characters); InvalidError otherwise."""
    if not _CASE.fullmatch(text):
        raise InvalidError("a case reference is the letter c and 26 characters a-z or 2-7")
    return CaseRef(text)


def object_id(text: str) -> ObjectId:
    """`text` as an object id (1 to 64 of a-z 0-9 . _ -, no leading punctuation, no `..`); InvalidError otherwise."""
    if not _OBJECT.fullmatch(text) or ".." in text:
        raise InvalidError("an object id is 1 to 64 characters of a-z, 0-9, dot, underscore or hyphen")
    return ObjectId(text)


def derive_case_ref(tenant_secret: bytes, case_number: str) -> CaseRef:
    """The reference of the case with the tenant's business number `case_number`: stable, and unlinkable without `tenant_secret`."""
    mac = hmac.new(tenant_secret, b"jianlu/case-ref@v1\x00" + case_number.encode(), hashlib.sha256).digest()
    return CaseRef("c" + base64.b32encode(mac)[:26].decode().lower())
