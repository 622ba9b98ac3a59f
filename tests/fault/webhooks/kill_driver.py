"""Senders that are killed by SIGKILL at chosen steps, each on an event of its own, and after each one that is left alone.

`python -m tests.fault.webhooks.kill_driver URL_OF_DATABASE ROOT_KEY AUTHORITY KILL...`: a kill is `feed:N`, `take:N` or `record:N` (before
the N-th statement of that transaction is executed), `commit:STEP` (before its commit), or `sent` (after the receiver answered). Prints
one JSON line for each sender. A program of its own, without threads, so that it may fork.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import event

from jianlu.backends.keys.file import load_root_key
from jianlu.core.terms.events import EventType
from jianlu.deliver.webhooks.feeding import feed
from jianlu.deliver.webhooks.model import Outside, WebhookPorts
from jianlu.deliver.webhooks.post import post
from jianlu.deliver.webhooks.sending import release_own, send, take
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import open_database
from tests.fakes.identity.worlds import TENANT
from tests.fakes.vault.memory import SteppingClock
from tests.fakes.webhooks.receiver import LOOPBACK
from tests.fakes.webhooks.worlds import WebhookWorld

SENDER = "host/notifier"


class Deadly:
    """Dies at the step that `kill` names."""

    def __init__(self, kill: str) -> None:
        self.step, _, number = kill.partition(":")
        self.number = number
        self.now, self.statements = "", 0

    def during(self, step: str, act: Callable[[], object]) -> object:
        self.now, self.statements = step, 0
        done = act()
        self.now = ""
        return done

    def on_statement(self, *_: object) -> None:
        if self.step == self.now and self.number == str(self.statements):
            self.die()
        self.statements += 1

    def on_commit(self, *_: object) -> None:
        if self.step == "commit" and self.number == self.now:
            self.die()

    def on_sent(self) -> None:
        if self.step == "sent":
            self.die()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def run_sender(url: str, root_key: Path, authority: Path, kill: str) -> None:
    """What the notifier does, in its order, once."""
    engine, deadly = open_database(url), Deadly(kill)
    event.listen(engine, "before_cursor_execute", deadly.on_statement)
    event.listen(engine, "commit", deadly.on_commit)
    using = WebhookPorts(engine, SystemClock(), load_root_key(root_key), TENANT)
    outside = Outside(LOOPBACK, ssl.create_default_context(cafile=str(authority)), lambda host, port: ["127.0.0.1"])
    release_own(using, SENDER)
    while deadly.during("feed", lambda: feed(using)):
        pass
    while (taken := deadly.during("take", lambda: take(using, SENDER))) is not None:

        def posted(*arguments: object) -> object:
            answered = partial(post, outside=outside)(*arguments)  # type: ignore[arg-type]
            deadly.on_sent()
            return answered

        deadly.during("record", lambda taken=taken: send(using, taken, posted))  # type: ignore[misc,arg-type]
    engine.dispose()


def main(url: str, root_key: Path, authority: Path, kills: Sequence[str]) -> None:
    """For each kill an event, a sender that dies of it, and one that does not."""
    for number, kill in enumerate(kills):
        for each in (kill, ""):
            child = os.fork()
            if child == 0:
                if each:
                    record_event(url, root_key, number)
                run_sender(url, root_key, authority, each)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            print(
                json.dumps({"kill": each, "killed": os.WIFSIGNALED(status), "exit": os.waitstatus_to_exitcode(status)}),
                flush=True,
            )


def record_event(url: str, root_key: Path, number: int) -> None:
    """The index takes in an event of the case of that number."""
    engine = open_database(url)
    world = WebhookWorld(
        WebhookPorts(engine, SystemClock(), load_root_key(root_key), TENANT), SteppingClock(), next_position=number
    )
    world.record(EventType.PLAN_FROZEN, case=case_of(number))
    engine.dispose()


def case_of(number: int) -> str:
    """A reference of its own for each kill."""
    return "c" + chr(ord("a") + number) * 26


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
