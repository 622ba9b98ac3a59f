"""The organisation's sign-in and directory as the settings name them.

Secrets are read from their files, once, at the start.
"""

from __future__ import annotations

from pathlib import Path

import httpx

from jianlu.core.errors import InvalidError
from jianlu.core.terms.digests import digest_of
from jianlu.govern.identity.model import Role
from jianlu.govern.identity.organisation import Organisation
from jianlu.govern.identity.provider import TIMEOUT_S, Provider, Registration
from jianlu.runtime.settings import OrganisationSettings

BACK = "/sign-in/back"


def organisation_of(home: Path, settings: OrganisationSettings, url: str) -> Organisation | None:
    """The organisation's sign-in; None without. InvalidError for a secret that cannot be read, or a role that is none."""
    unknown = set(settings.role_of_group.values()) - set(map(str, Role))
    if unknown:
        raise InvalidError(f"[organisation] roles: a role is one of {', '.join(Role)}")
    if not settings.issuer:
        return None
    if not settings.client:
        raise InvalidError("[organisation] client: name the client id that the issuer knows us by")
    secret = _secret(home, settings.secret) if settings.secret else ""
    registration = Registration(settings.issuer, settings.client, secret, url + BACK)
    return Organisation(Provider(registration, httpx.Client(timeout=TIMEOUT_S)), settings.groups_claim, settings.role_of_group)


def directory_digest(home: Path, settings: OrganisationSettings) -> str:
    """The digest of the directory's token; empty without a directory. InvalidError for a token that cannot be read or is too short."""
    if not settings.scim_token:
        return ""
    token = _secret(home, settings.scim_token)
    if len(token) < 32:
        raise InvalidError("[organisation] scim_token: the token has at least 32 characters: make a random one")
    return digest_of(token.encode())


def _secret(home: Path, name: str) -> str:
    try:
        return (home / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{name} of [organisation] cannot be read: check path and permissions") from error
