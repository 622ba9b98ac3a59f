"""Six error families, named for what the caller must do next.

Every error that leaves a public function is one of these. A message says what is wrong and the next step, and never
carries personal data. `entry` maps families to HTTP status, exit code and log level in one table.
"""

from __future__ import annotations


class JianluError(Exception):
    """Root of our errors; raise one of the six families below, never this.

    `code` says which error it is where a person can do something about it: it stays, and pages have words for it in their language.
    """

    def __init__(self, message: str = "", *, code: str = "") -> None:
        """The message, with the next step; and a code of lower-case words joined by `_`, or none."""
        super().__init__(message)
        self.code = code


class InvalidError(JianluError):
    """The input is wrong: correct it and call again (422, exit 2)."""


class DeniedError(JianluError):
    """The caller may not do this: ask somebody who may (403, exit 3)."""


class NotFoundError(JianluError):
    """The thing named does not exist here: check the name (404, exit 4)."""


class ConflictError(JianluError):
    """The state does not allow it: look at the present state, then decide (409, exit 5)."""


class UnavailableError(JianluError):
    """Something needed is absent or down: try again later (503, exit 75)."""


class IntegrityError(JianluError):
    """Evidence does not agree with itself: stop and page a person (500, exit 90)."""
