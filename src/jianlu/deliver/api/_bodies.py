"""What requests may say: strict models, no unknown fields, every text bounded.

What answers hold is described beside the routes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]


Wrapped = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,200}$")]
Words = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)]
Fact = StrictBool | StrictInt | Annotated[str, Field(max_length=400)] | Words


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=100_000)


class SignIn(Body):
    """Name, password and, where the account has a second factor, its code."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=300)]
    code: Annotated[str, Field(max_length=10)] = ""


class TotpCode(Body):
    """The six digits that an authenticator shows."""

    code: Annotated[str, Field(min_length=6, max_length=10)]


class PersonBody(Body):
    """Somebody who will sit in a seat."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    phone: Annotated[str, Field(max_length=40)] = ""


class NewCase(Body):
    """What a case is made of; the facts that a template asks for are in its description."""

    template: Code
    number: Annotated[str, Field(min_length=1, max_length=80)]
    title: Annotated[str, Field(max_length=200)] = ""
    language: Code = "zh"
    profile: Code = "standard"
    facts: dict[Annotated[str, Field(max_length=80)], Fact] = Field(default={}, max_length=100)
    people: dict[Code, PersonBody] = Field(max_length=10)
    seats: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    end_to_end: StrictBool = False


class InvitationFor(Body):
    """Which seat somebody is invited to."""

    seat: Code


class Joining(Body):
    """The token of an invitation."""

    token: Annotated[str, Field(min_length=1, max_length=1_000)]


class PageKeyBody(Body):
    """A page's public key in an encrypted room, the id of the secret that it holds, and its proof of holding it."""

    public_key: Wrapped
    secret: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""
    proof: Annotated[str, Field(max_length=43)] = ""


class WrappedSecret(Body):
    """The room's secret, wrapped to one member's key; `public_key` is that key, empty for the one that the member has now."""

    wrapped: Wrapped
    public_key: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{43})?$")] = ""


class Preflight(Body):
    """What the device test of a browser found: `ok`, `failed` or `skipped` by check."""

    checks: dict[Code, Literal["ok", "failed", "skipped"]] = Field(min_length=1, max_length=30)


class Why(Body):
    """A reason, as a short code or words."""

    reason: Annotated[str, Field(max_length=400)] = ""


class DocumentShown(Body):
    """Which document of the step the customer sees; `digest` is what the page computed of the file that it shows."""

    document: Code
    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class AnswerGiven(Body):
    """An answer to a question of the step."""

    question: Code
    answer: Code
    how: Literal["click", "spoken"] = "click"


class ConsentDecision(Body):
    """What the customer (or guardian) decided about one purpose."""

    purpose: Code
    decision: Literal["given", "refused", "withdrawn"]
    how: Literal["click", "spoken"] = "click"


class Attestation(Body):
    """A statement of a person about what machines cannot see."""

    clause: Annotated[str, Field(min_length=1, max_length=200)]
    statement: Text


class Message(Body):
    """A line of the recorded chat."""

    text: Text


class Handover(Body):
    """Who goes on with the session, by account name."""

    to: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(max_length=400)] = ""


class NewShare(Body):
    """What is shared."""

    kind: Literal["screen", "document", "whiteboard"]


class EndpointFor(Body):
    """What outside software may do: send a feed (`whip`) or watch one (`whep`)."""

    kind: Literal["whip", "whep"]
    feed: Code


class WalkIn(Body):
    """A customer who comes without an appointment."""

    template: Code
    language: Code = "zh"
    profile: Code = "standard"
    name: Annotated[str, Field(min_length=1, max_length=60)]


class TicketToken(Body):
    """The token of a place in the queue."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class TicketCase(Body):
    """The case that was made for a waiting customer."""

    case: Annotated[str, Field(pattern=r"^c[a-z2-7]{26}$")]


class ScriptContent(Body):
    """A version of a script, as its specification says."""

    content: dict[str, Any]


class ScriptReason(Body):
    """Why a version is approved or withdrawn; kept with the act."""

    reason: Annotated[str, Field(max_length=400)] = ""
