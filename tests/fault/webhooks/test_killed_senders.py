"""A notifier killed at any step: the next one tells what was not told, under the same id, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jianlu.backends.keys.file import create_root_key, load_root_key
from jianlu.core.terms.events import EventType
from jianlu.deliver.webhooks._tables import deliveries
from jianlu.deliver.webhooks.endpoints import make_endpoint
from jianlu.deliver.webhooks.model import WebhookPorts
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import migrate_database, open_database, transaction
from tests.fakes.identity.worlds import TENANT
from tests.fakes.vault.memory import SteppingClock, memory_keys
from tests.fakes.webhooks.receiver import LOOPBACK, certificates, receiving
from tests.fakes.webhooks.worlds import WebhookWorld
from tests.fault.webhooks.kill_driver import case_of

STEPS = [*(f"feed:{n}" for n in range(7)), "commit:feed", "take:0", "take:1", "commit:take", "sent", "record:0", "commit:record"]


def test_a_notifier_killed_at_every_step_loses_nothing_and_repeats_under_the_same_id(database_url: str, tmp_path: Path) -> None:
    create_root_key(tmp_path / "root.key")
    engine = open_database(database_url)
    migrate_database(engine)
    using = WebhookPorts(engine, SystemClock(), load_root_key(tmp_path / "root.key"), TENANT)
    world = WebhookWorld(using, SteppingClock())
    with receiving() as receiver:
        make_endpoint(using, receiver.url, "a receiver", topics=["*"], scheme="v1", by="a" * 27, allowed=LOOPBACK)
        command = [sys.executable, "-m", "tests.fault.webhooks.kill_driver", database_url, str(tmp_path / "root.key")]
        done = subprocess.run([*command, str(certificates().authority), *STEPS], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["killed"] for each in outcomes] == [True, False] * len(STEPS), done.stderr
        assert {each["exit"] for each in outcomes if not each["kill"]} == {0}, done.stderr
        for number, step in enumerate(STEPS):
            of_case = [each for each in receiver.got if case_of(number) in each.body.decode()]
            assert len({each.headers["webhook-id"] for each in of_case}) == 1, step
            was_sent_before = step in ("sent", "record:0", "commit:record")
            assert len(of_case) == (2 if was_sent_before else 1), f"{step}: at least once, no more often than the crash explains"
    assert {row["state"] for row in world.rows()} == {"delivered"} and len(world.rows()) == len(STEPS)
    engine.dispose()


def test_what_was_lost_by_a_restored_database_is_told_again(database_url: str) -> None:
    """A database from yesterday's backup: the ledger's events since are told once more, receivers know their ids."""
    engine = open_database(database_url)
    migrate_database(engine)
    clock = SteppingClock()
    world = WebhookWorld(WebhookPorts(engine, clock, memory_keys(), TENANT), clock)
    with receiving() as receiver:
        world.endpoint(receiver)
        world.record(EventType.PLAN_FROZEN)
        world.tell()
        with transaction(engine) as connection:
            connection.exec_driver_sql("DELETE FROM webhook_messages")
            connection.execute(deliveries.delete())
            connection.exec_driver_sql("UPDATE webhook_feeds SET position = -1")
        assert world.tell() == 1
        assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]
    engine.dispose()
