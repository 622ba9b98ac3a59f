"""The application by its own description: schemathesis sends what the description allows and what it forbids, and judges each answer.

The long run is `make fuzz` (with ARGS=--everybody as every kind of caller); it prints its counts and ends with 1 when anything was found.
`test_fuzzing.py` runs a part of it with the suite. The engine is used, not the plugin for pytest, so that one
application serves a whole run; its clock moves with each request, so that who is slowed down does not hide what would have been answered.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from starlette.types import Message, Receive, Scope, Send

from jianlu.deliver.api.guard import TRY_PATHS
from jianlu.govern.identity.accounts import unlock_account
from tests.fakes.api.world import HERE, PROGRAM, ApiWorld, api_world

SEED = 20_261_126
CALLERS = ("nobody", "customer", "lin", "he", "qin", "bo", "ren", "gao", "xu")
"""Who calls: nobody, a participant, then one of each kind of staff; last who can take the scripts away that all sessions need."""
ALSO = {"qin": ["reviewer"], "bo": ["auditor"], "ren": ["administrator"], "gao": ["security_administrator"]}
FURTHEST = (
    (r" /(whip|whep|scim)/|/sign-in|/enrol(/|$)|/join|/api/v1/copy|/queue$|/queue/(ticket|leave)|/health|checkpoint", "nobody"),
    (r"/(answers|copy|leave|preflight|consents|messages|feeds/\{feed\})$|/ice", "customer"),
    (r"/accounts|/enrolments|/programs|/policies", "gao"),
    (r"/keys|/webhooks|/administration", "ren"),
    (r"/samples|/ledger|/access/(log|notices)|/responsibility", "bo"),
    (r"/review/(?!appeal)|/reviews|/review$", "qin"),
    (r"/supervision|/waive|/advice|/access/requests", "he"),
    (r"/scripts|/holds|/retention|/destruction|/statements|/terms|/search|/file$", "xu"),
)
"""Who gets furthest with what; an agent with everything else."""

REFUSALS = (401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429)
"""How what is forbidden may be answered: by no error of ours, and not as if it were fine."""

NOBODY_ELSE = "zhou"
"""The account that is acted on: nobody calls as that one."""

ENDING = ("/abandon", "/end", "/refuse", "/seat")
_CALL_MS, _TRY_MS, _RECORDED_MS = 25, 2_100, 2_000

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method"),
    "allow_header_conformance",
)
"""What each answer is held to. Not that everything of the right form is taken: a template that is not there has the right form, too."""


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "application/pdf")
def plain(_: object, value: object) -> bytes:
    """What has a form that the description does not tell: whatever was made up, as bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


ACCEPTED = {
    (
        "allow_header_conformance",
        "POST /api/v1/me/passkeys/options",
    ): "DELETE takes the name of any passkey there, also one called options",
    (
        "allow_header_conformance",
        "POST /api/v1/scripts/shipped",
    ): "GET reads the script of any name there, also one called shipped",
}
"""What is found and right, with the reason."""


@dataclass
class Found:
    """What a run did and found."""

    requests: int = 0
    sessions: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class Door:
    """The application as one caller reaches it, who is always signed in and always in a session that goes on.

    What was sent may have ended either; a new sign-in and a new session then take their place. Time passes with each request, so that
    nobody is slowed down, and recorders record what passes, as they do. A stream says one thing and ends, as when the service restarts.
    """

    def __init__(self, world: ApiWorld, caller: str, found: Found) -> None:
        self._world, self._caller, self._found = world, caller, found
        self._case, self._now = self._session()
        self.case = self._case
        self._is_doubtful, self._has_ended, self._unrecorded_ms = False, False, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._world.app(scope, receive, send)
            return
        self.pass_time(_TRY_MS if scope["path"] in TRY_PATHS else _CALL_MS)
        if self._is_doubtful:
            self._come_back()
        is_stream = scope["method"] == "GET" and scope["path"].endswith("/stream")
        if is_stream:
            self._world.deps.is_draining.set()
        try:
            await self._world.app(self._placed(scope), receive, self._noting(scope["path"], send))
        finally:
            self._world.deps.is_draining.clear()

    def _placed(self, scope: Scope) -> Scope:
        """The request as it comes from the caller's place, with what they hold by now."""
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"user-agent", b"cookie")]
        held = "; ".join(f"{name}={value}" for name, value in self._now.items()).encode()
        path, raw = (
            scope["path"].replace(self.case, self._case),
            scope["raw_path"].replace(self.case.encode(), self._case.encode()),
        )
        here = {
            "client": (HERE, 50_000),
            "scheme": "https",
            "headers": [*headers, (b"user-agent", PROGRAM.encode()), (b"cookie", held)],
        }
        return {**scope, **here, "path": path, "raw_path": raw}

    def _noting(self, path: str, send: Send) -> Send:
        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                self._found.statuses[status] += 1
                self._has_ended |= status < 300 and path.endswith(ENDING)
                self._is_doubtful |= status == 401 or self._has_ended
            await send(message)

        return send_and_note

    def pass_time(self, ms: int) -> None:
        """Let time pass, and recorders record it."""
        self._world.world.clock.move(ms)
        self._unrecorded_ms += ms
        if self._unrecorded_ms >= _RECORDED_MS:
            self._unrecorded_ms = 0
            self._world.world.recorder.status(self._case)

    def _come_back(self) -> None:
        """Be signed in again, and in a session that goes on, where what was sent has ended the one or the other."""
        client = self._world.browser()
        client.cookies.update(self._now)
        is_gone = self._caller != "nobody" and client.get("/api/v1/me").json()["kind"] == "nobody"
        if is_gone or self._has_ended:
            self._case, self._now = self._session()
        self._is_doubtful = self._has_ended = False

    def _session(self) -> tuple[str, dict[str, str]]:
        """A fresh session that is being recorded, and the cookies of the caller."""
        for name in dict.fromkeys(("lin", self._caller)):
            self._world.clients.pop(name, None)
            self._world.world.clock.move(_TRY_MS)
            if name not in ("nobody", "customer"):
                unlock_account(self._world.deps.identity, self._world.deps.tenant, name)
        self._found.sessions += 1
        case, _, customer = self._world.live(f"fuzzed-{self._caller}-{self._world.world.clock.monotonic_ms()}")
        if self._caller in ("nobody", "customer"):
            return case, dict(customer.cookies) if self._caller == "customer" else {}
        return case, dict(self._world.client(self._caller).cookies)


def run(
    world: ApiWorld, caller: str, operations: Collection[str], *, examples: int, phases: Sequence[str], seed: int = SEED
) -> Found:
    """Send each of `operations` (`POST /api/v1/cases`) what the description allows and forbids, as `caller`, in a session that goes on."""
    found = Found()
    door = Door(world, caller, found)
    schema: Any = schemathesis.openapi.from_dict(_description(world, operations), config=_config(door, examples, phases, seed))
    schema.app = door
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(found, event)
        elif isinstance(event, events.NonFatalError):
            found.errors.append(f"{event.label}: {event.value!r:.300}")
        elif isinstance(event, events.FatalError):
            found.errors.append(repr(event.exception)[:300])
    return found


def _description(world: ApiWorld, operations: Collection[str]) -> dict[str, Any]:
    """The description of `operations` alone; the door adds the cookies, so that none is left out: `test_routes.py` and others do that."""
    document = deepcopy(world.app.openapi())
    named = {
        path: {m: each for m, each in item.items() if f"{m.upper()} {path}" in operations}
        for path, item in document["paths"].items()
    }
    document["paths"] = {path: item for path, item in named.items() if item}
    for item in document["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    return document


def _config(door: Door, examples: int, phases: Sequence[str], seed: int) -> SchemathesisConfig:
    checks: dict[str, Any] = {name: {"enabled": True} for name in CHECKS}
    checks["negative_data_rejection"]["expected-statuses"] = [str(status) for status in REFUSALS]
    every = ("examples", "coverage", "fuzzing", "stateful")
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "request-timeout": 120,
            "headers": {},
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "cache": {"enabled": False},
            "analysis": {"constants": {"enabled": False}},
            "parameters": {"path.case": door.case, "path.name": NOBODY_ELSE},
            "phases": {name: {"enabled": name in phases} for name in every},
            "checks": {"enabled": False, **checks},
        }
    )


def _note(found: Found, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    found.requests += len(recorder.cases)
    found.operations.add(recorder.label)
    for checks in recorder.checks.values():
        for check in checks:
            found.checks[check.name] += 1
            if check.failure_info is not None and (check.name, recorder.label) not in ACCEPTED:
                said = f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                found.failures.setdefault((check.name, recorder.label), said[:1_000])


def operations_of(world: ApiWorld) -> list[str]:
    """Every operation of the description: `POST /api/v1/cases`."""
    return [f"{method.upper()} {path}" for path, item in world.app.openapi()["paths"].items() for method in item]


def shared_out(world: ApiWorld) -> dict[str, list[str]]:
    """Every operation once, by the caller who gets furthest with it."""
    shared: dict[str, list[str]] = {caller: [] for caller in CALLERS}
    for each in operations_of(world):
        shared[next((caller for pattern, caller in FURTHEST if re.search(pattern, each)), "lin")].append(each)
    return shared


def long_run(examples: int, seed: int, *, by_everybody: bool) -> Iterator[tuple[str, Found]]:
    """Every operation at every boundary that the description draws, by the caller who gets furthest with it or by every caller."""
    for caller in CALLERS:
        with tempfile.TemporaryDirectory() as folder, api_world(f"sqlite:///{folder}/i.sqlite", Path(folder), also=ALSO) as world:
            operations = operations_of(world) if by_everybody else shared_out(world)[caller]
            yield caller, run(world, caller, operations, examples=examples, phases=("examples", "coverage", "fuzzing"), seed=seed)


def main() -> int:
    """Run it and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--examples", type=int, default=10, help="generated requests an operation and caller, beside the boundary values"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--everybody", action="store_true", help="each operation by every caller, not only by who gets furthest")
    told = parser.parse_args()
    is_clean = True
    for caller, found in long_run(told.examples, told.seed, by_everybody=told.everybody):
        print(
            f"{caller}: {found.requests} requests, {len(found.operations)} operations, {sum(found.checks.values())} checks,",
            end=" ",
        )
        print(
            f"statuses {dict(sorted(found.statuses.items()))}, {len(found.failures)} failures, {len(found.errors)} errors",
            flush=True,
        )
        for (check, label), said in found.failures.items():
            print(f"  {check}: {label}\n    {said}")
        for error in found.errors:
            print(f"  {error}")
        is_clean = is_clean and not found.failures and not found.errors
    return 0 if is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
