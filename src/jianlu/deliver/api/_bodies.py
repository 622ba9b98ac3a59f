"""What requests may say: strict models, no unknown fields, every text bounded.

What answers hold is described beside the routes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]


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
