"""What an API key is: whose, what it may do, until when; and who calls with one.

A scope is a pattern over the actions of the access model, `noun.verb`, where `*` stands for every noun or every verb. A scope only ever
narrows: whoever calls with a key may do what its account may do and its scopes name. No scope reaches accounts, keys and policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jianlu.core.errors import InvalidError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.model import Staff

KEY_PREFIX = "jlk_"
"""What every key begins with: scanners of source code find one that leaked."""

LIFE_MAX = timedelta(days=366)
"""A key that nobody renews within a year is forgotten by whoever made it."""

PER_MINUTE, PER_MINUTE_MAX = 600, 6_000
"""Calls a minute of one key unless said otherwise, and at most: the guard's bound of one address is 3,000."""

SCOPES_MAX, NAME_CHARACTERS_MAX = 40, 80
FOR_PEOPLE_ALONE = frozenset({"account", "apikey", "policy", "me"})
"""Nouns that no key reaches: a stolen key must not make itself another, nor a sign-in."""

_SCOPE = re.compile(r"^(?:\*|[a-z][a-z_]{0,29})\.(?:\*|[a-z][a-z_]{0,29})$")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept and listed: everything but the key itself."""

    id: str
    tenant: TenantId
    account: str
    name: str
    scopes: tuple[str, ...]
    per_minute: int
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def holds_at(self, moment: datetime) -> bool:
        """Whether it may be used at `moment`."""
        return self.revoked_at is None and moment < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder(Staff):
    """A program that calls with a key, in the name of the key's account; `sign_in` is `key:<id>`, for every place that says who called."""

    key: ApiKey

    def may(self, action: str) -> bool:
        """Whether the key's scopes name `action`; what the account may do is another question."""
        return covers(self.key.scopes, action)


def covers(scopes: Iterable[str], action: str) -> bool:
    """Whether one of `scopes` names `action`; never for what is for people alone."""
    noun, _, verb = action.partition(".")
    if not verb or noun in FOR_PEOPLE_ALONE:
        return False
    return any(of in ("*", noun) and to in ("*", verb) for of, _, to in (scope.partition(".") for scope in scopes))


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """`scopes`, each once and sorted; InvalidError when one is no pattern, there are none, or one asks for what no key may do."""
    found = tuple(sorted(set(scopes)))
    if not 1 <= len(found) <= SCOPES_MAX or not all(_SCOPE.fullmatch(scope) for scope in found):
        raise InvalidError(f"a key has 1 to {SCOPES_MAX} scopes such as case.read, case.* or *.read: name what the program does")
    if asked := sorted({scope.partition(".")[0] for scope in found} & FOR_PEOPLE_ALONE):
        raise InvalidError(f"no key reaches {', '.join(asked)}: a person does that, signed in")
    return found
