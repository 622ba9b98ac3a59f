"""What answers about signing in hold: who is signed in and how, passkeys, sign-ins, links and what happened.

The rest is `answers.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from jianlu.deliver.api.answer_checks import Answer


class StaffMember(Answer):
    """A member of staff. `proved_at` is when they last proved who they are, `is_bound` whether the sign-in answers to one device's key."""

    kind: Literal["staff"]
    tenant: str
    account: str
    name: str
    display: str
    roles: list[str]
    languages: list[str]
    licences: list[str]
    skills: list[str]
    has_totp: bool
    proved_at: str | None
    proved_by: str
    is_bound: bool


class PasskeyOptions(Answer):
    """PublicKeyCredentialCreationOptions or PublicKeyCredentialRequestOptions as JSON (WebAuthn Level 3, 5.1.8 and 5.1.9)."""

    challenge: str
    timeout: int
    rpId: str | None = None  # noqa: N815 the standard names it
    rp: dict[str, Any] | None = None
    user: dict[str, Any] | None = None
    pubKeyCredParams: list[dict[str, Any]] | None = None  # noqa: N815 the standard names it
    authenticatorSelection: dict[str, Any] | None = None  # noqa: N815 the standard names it
    excludeCredentials: list[dict[str, Any]] | None = None  # noqa: N815 the standard names it
    allowCredentials: list[dict[str, Any]] | None = None  # noqa: N815 the standard names it
    attestation: str | None = None
    userVerification: str | None = None  # noqa: N815 the standard names it


class PasskeyEntry(Answer):
    """A passkey in its owner's list; one that `is_cloned` is good for nothing any more."""

    id: str
    name: str
    is_backed_up: bool
    is_cloned: bool
    created_at: str
    used_at: str | None


class PasskeyList(Answer):
    """One's own passkeys, the oldest first."""

    passkeys: list[PasskeyEntry]


class SignInEntry(Answer):
    """A sign-in in its owner's list; `where` is the place of its address, by the settings."""

    name: str
    method: str
    device: str
    where: str
    is_bound: bool
    created_at: str
    seen_at: str
    is_this: bool


class SignInList(Answer):
    """Where one is signed in, the newest first."""

    sign_ins: list[SignInEntry]


class LinkOwner(Answer):
    """Whose enrolment link it is, and whether a second person released its code."""

    name: str
    display: str
    is_released: bool


class WaitingLinkEntry(Answer):
    """A link that nobody has taken yet; the caller `may_release` it unless they made it or own it."""

    name: str
    display: str
    roles: list[str]
    made_by: str
    created_at: str
    expires_at: str
    released_by: str
    released_until: str
    may_release: bool


class WaitingLinkList(Answer):
    """Links that wait, the oldest first."""

    enrolments: list[WaitingLinkEntry]


class ReleasedCode(Answer):
    """The code for the owner of a link, shown this once, and until when it is good."""

    name: str
    code: str
    until: str


class AccountMade(Answer):
    """An account and the link for its owner, shown this once."""

    account: str
    name: str
    link: str


class HistoryEntry(Answer):
    """Something that happened to an account's ways in; `act` is one of `specs/access-log.md`."""

    at: str
    act: str
    by: str
    how: str
    device: str


class AccountHistory(Answer):
    """What happened to an account's ways in, the newest first."""

    history: list[HistoryEntry]


class NoticeEntry(Answer):
    """Something that happened to the ways into an account, and whether the caller has not read it yet."""

    at: str
    act: str
    account: str
    is_own: bool
    by: str
    device: str
    is_new: bool


class NoticeList(Answer):
    """What the caller is told, the newest first, and how many of it are new."""

    notices: list[NoticeEntry]
    unread: int


class PasskeyName(Answer):
    """A passkey as others than its owner see it."""

    name: str
    is_backed_up: bool
    is_cloned: bool
    created_at: str
    used_at: str | None


class OtherSignIn(Answer):
    """Where somebody is signed in, as others see it."""

    method: str
    device: str
    where: str
    is_bound: bool
    created_at: str
    seen_at: str


class AccountState(Answer):
    """How somebody gets in, and whether they can now; no secret of theirs."""

    account: str
    name: str
    display: str
    roles: list[str]
    is_active: bool
    has_password: bool
    has_totp: bool
    locked_until: str
    passkeys: list[PasskeyName]
    sign_ins: list[OtherSignIn]


class Address(Answer):
    """Where to send the browser."""

    address: str
