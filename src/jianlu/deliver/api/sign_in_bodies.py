"""What requests about signing in may say: passkeys, step-up, enrolment links, the organisation, new accounts.

The rest is `_bodies.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from jianlu.deliver.api._bodies import Body

Base64Url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=20_000)]
ShortText = Annotated[str, Field(max_length=80)]


class CredentialBody(Body):
    """What `navigator.credentials` gave, as its `toJSON` writes it (WebAuthn Level 3, 5.1)."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1_400)]
    rawId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1_400)]  # noqa: N815 the standard names it
    type: Annotated[str, Field(max_length=20)]
    response: dict[ShortText, Any] = Field(max_length=12)
    clientExtensionResults: dict[ShortText, Any] = Field(default={}, max_length=20)  # noqa: N815 the standard names it
    authenticatorAttachment: Annotated[str, Field(max_length=40)] | None = None  # noqa: N815 the standard names it


class PasskeyProof(Body):
    """The answer of an authenticator to `/sign-in/passkey/options`."""

    credential: CredentialBody


class NewPasskey(Body):
    """The passkey that was made for `/me/passkeys/options`, and how its owner calls it."""

    credential: CredentialBody
    name: ShortText = ""


class StepUp(Body):
    """One proof of the caller: a code, a password, or a passkey's answer to `/me/step-up/options`."""

    code: Annotated[str, Field(max_length=10)] = ""
    password: Annotated[str, Field(max_length=300)] = ""
    credential: CredentialBody | None = None


class EnrolmentToken(Body):
    """The token of an enrolment link."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class EnrolmentClaim(Body):
    """The token of an enrolment link, and the code that a second person released to its owner."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(max_length=20)] = ""


class EnrolmentChoice(Body):
    """How the owner of a new account will sign in: a password, or the passkey that was made for `/enrol/options`."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(max_length=20)] = ""
    password: Annotated[str, Field(max_length=300)] = ""
    credential: CredentialBody | None = None
    name: ShortText = ""


class OrganisationBegin(Body):
    """Where to go back to after signing in with the organisation's account."""

    wanted: Annotated[str, Field(max_length=400)] = ""


class OrganisationAnswer(Body):
    """What the organisation's sign-in sent the browser back with."""

    code: Annotated[str, Field(min_length=1, max_length=4_000)]
    state: Annotated[str, Field(min_length=1, max_length=200)]
    iss: Annotated[str, Field(max_length=400)] = ""


class NewAccount(Body):
    """An account; its owner sets it up by the enrolment link."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    roles: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=10)]
    display: ShortText = ""
    languages: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    licences: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    skills: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()


class NewPassword(Body):
    """A new password of one's own."""

    password: Annotated[str, Field(min_length=1, max_length=300)]
