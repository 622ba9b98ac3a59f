"""Webhooks: everything that happened is told at least once, signed, in no words about anybody, until the receiver says that it heard it."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.deliver.webhooks._tables import webhooks_schema
from jianlu.deliver.webhooks.endpoints import (
    change_endpoint,
    find_endpoint,
    list_endpoints,
    remove_endpoint,
    rotate_secret,
    verifying_key,
)
from jianlu.deliver.webhooks.feeding import feed, make_test_message, sweep
from jianlu.deliver.webhooks.model import ENDPOINTS_MAX, JITTER, LEASE_MS, MESSAGES_KEPT, RETRY_S
from jianlu.deliver.webhooks.post import Answered
from jianlu.deliver.webhooks.replaying import PAGE_ROWS, list_deliveries, replay_messages, replay_range
from jianlu.deliver.webhooks.sending import release_own, send, take
from jianlu.deliver.webhooks.signing import signed_headers
from jianlu.govern.apikeys._tables import apikeys_schema
from jianlu.runtime import jobs
from jianlu.runtime.database import transaction
from tests.fakes.webhooks.receiver import Receiver, outside
from tests.fakes.webhooks.worlds import CASE, WebhookWorld

A_DAY = timedelta(days=1)


def test_the_tables_are_the_migrations_tables(world: WebhookWorld) -> None:
    for schema in (webhooks_schema, apikeys_schema):
        names = set(schema.tables)

        def only_ours(thing: object, name: str | None, kind: str, *_: object, ours: set[str] = names) -> bool:
            return kind != "table" or name in ours

        options = {"compare_type": True, "include_object": only_ours}
        with world.using.database.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection, opts=options), schema) == []


def test_the_signature_is_that_of_the_published_example() -> None:
    """Standard Webhooks' own example, so that its libraries verify what we send."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers("v1", [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_happens_to_a_case_is_told_in_order_of_the_ledger(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN, EventType.RECORDING_STARTED, EventType.SEGMENT_SEALED, EventType.RECORDING_ENDED)
    assert world.tell() == 3, "a segment is nobody's business"
    bodies = [json.loads(each.body) for each in receiver.got]
    assert sorted(each["type"] for each in bodies) == ["case.made", "case.sealed", "case.started"]
    assert all(each["data"]["case"] == CASE and each["data"]["url"] == f"/api/v1/cases/{CASE}" for each in bodies)
    assert sorted(each["data"]["position"] for each in bodies) == [0, 1, 3]
    assert {row["state"] for row in world.rows()} == {"delivered"}
    assert world.tell() == 0


def test_a_body_says_nothing_about_anybody(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    body = json.loads(receiver.got[0].body)
    assert set(body) == {"type", "timestamp", "data"} and set(body["data"]) == {"case", "n", "position", "url"}


def test_an_endpoint_is_told_what_it_asked_for_and_nothing_from_before(world: WebhookWorld, receiver: Receiver) -> None:
    world.record(EventType.PLAN_FROZEN)
    world.endpoint(receiver, "case.sealed", "consent.*")
    world.record(EventType.PLAN_FROZEN, EventType.CONSENT_WITHDRAWN, EventType.RECORDING_ENDED)
    world.tell()
    assert {json.loads(each.body)["type"] for each in receiver.got} == {"case.sealed", "consent.withdrawn"}


def test_a_chain_that_is_no_case_is_not_told_as_one(world: WebhookWorld, receiver: Receiver) -> None:
    """The access log's days and the review's rolls are closed as cases are."""
    world.endpoint(receiver)
    world.record(EventType.ACCESS_LOG_OPENED, EventType.CASE_CLOSED, case="c" + "b3" * 13)
    assert world.tell() == 0


def test_another_tenants_events_are_not_told(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN, tenant="other-bank")
    assert world.tell() == 0


def test_a_receiver_verifies_with_the_secret_that_it_was_shown(world: WebhookWorld, receiver: Receiver) -> None:
    _, secret = world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    (got,) = receiver.got
    assert got.headers["content-type"] == "application/json" and got.path == "/hook"
    held = base64.b64decode(secret.removeprefix("whsec_"))
    expected = signed_headers("v1", [held], got.headers["webhook-id"], int(got.headers["webhook-timestamp"]), got.body)
    assert got.headers["webhook-signature"] == expected["webhook-signature"]
    assert abs(int(got.headers["webhook-timestamp"]) - world.clock.moment.timestamp()) < 5


def test_with_ed25519_the_receiver_holds_no_secret(world: WebhookWorld, receiver: Receiver) -> None:
    made, shown = world.endpoint(receiver, scheme="v1a")
    assert shown.startswith("whpk_") and verifying_key(world.using, made.id) == shown
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    (got,) = receiver.got
    scheme, _, signature = got.headers["webhook-signature"].partition(",")
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown.removeprefix("whpk_")))
    key.verify(base64.b64decode(signature), content)
    assert scheme == "v1a"


def test_secrets_are_kept_wrapped(world: WebhookWorld, receiver: Receiver) -> None:
    _, secret = world.endpoint(receiver)
    with world.using.database.connect() as connection:
        kept = str(list(connection.exec_driver_sql("SELECT * FROM webhook_endpoints")))
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    assert plain.hex() not in kept and secret not in kept


def test_a_new_secret_signs_beside_the_former_for_a_while(world: WebhookWorld, receiver: Receiver) -> None:
    made, former = world.endpoint(receiver)
    fresh = rotate_secret(world.using, made.id, overlap_h=24)
    assert fresh != former
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    assert len(receiver.got[0].headers["webhook-signature"].split()) == 2, "either verifies"
    world.wait(hours=25)
    world.record(EventType.RECORDING_STARTED)
    world.tell()
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1
    rotate_secret(world.using, made.id, overlap_h=0)
    world.record(EventType.RECORDING_ENDED)
    world.tell()
    assert len(receiver.got[2].headers["webhook-signature"].split()) == 1, "a secret that leaked signs no more"


def test_a_receiver_that_fails_is_tried_again_later_under_the_same_id(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    receiver.answers = [500, 302]
    world.record(EventType.PLAN_FROZEN)
    assert world.tell() == 1
    assert world.rows()[0]["error"] == "the endpoint answered 500"
    assert world.tell() == 0, "not before its time"
    world.wait(seconds=RETRY_S[0] * (1 + JITTER))
    assert world.tell() == 1
    assert world.rows()[0]["status"] == 302, "a redirect is no success, and nobody follows it"
    world.wait(seconds=RETRY_S[1] * (1 + JITTER))
    assert world.tell() == 1
    assert len({each.headers["webhook-id"] for each in receiver.got}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.got}) == 3, "signed anew, or it would be refused as stale"
    assert world.rows()[0]["state"] == "delivered"


def test_a_receiver_that_is_away_for_days_gets_it_and_after_that_it_is_dead(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver)
    receiver.status = 503
    world.record(EventType.PLAN_FROZEN)
    assert world.tell() == 1
    began = world.clock.moment
    for wait_s in RETRY_S:
        world.wait(seconds=wait_s * (1 + JITTER))
        assert world.tell() == 1
    assert world.clock.moment - began > timedelta(days=3)
    assert world.rows()[0]["state"] == "dead" and world.rows()[0]["attempts"] == len(RETRY_S) + 1
    world.wait(days=3)
    assert world.tell() == 0
    receiver.status = 200
    assert replay_range(world.using, made.id, began - A_DAY, world.clock.moment + A_DAY, only_dead=True) == 1
    assert world.tell() == 1 and world.rows()[0]["state"] == "delivered"


def test_a_receiver_says_how_long_to_wait(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    receiver.answers, receiver.headers = [429], {"Retry-After": "600"}
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    world.wait(seconds=590)
    assert world.tell() == 0
    world.wait(seconds=20)
    assert world.tell() == 1


def test_an_endpoint_that_is_gone_is_switched_off(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver)
    receiver.answers = [410]
    world.record(EventType.PLAN_FROZEN, EventType.RECORDING_STARTED)
    world.tell()
    assert not find_endpoint(world.using, made.id).is_active and "410" in find_endpoint(world.using, made.id).why_off
    assert len(receiver.got) == 1
    change_endpoint(world.using, made.id, is_active=True)
    assert world.tell() == 1, "what happened meanwhile waited"


def test_a_message_is_replayed_under_its_id(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN, EventType.RECORDING_STARTED)
    world.tell()
    message = receiver.got[0].headers["webhook-id"]
    assert replay_messages(world.using, made.id, [message]) == 1
    assert world.tell() == 1 and receiver.got[2].headers["webhook-id"] == message
    assert receiver.got[2].body == receiver.got[0].body
    with pytest.raises(NotFoundError, match="not kept"):
        replay_messages(world.using, made.id, ["msg_" + "a" * 26])


def test_a_range_holds_what_the_endpoint_wants_and_never_had(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    since = world.clock.now()
    world.record(EventType.PLAN_FROZEN, EventType.RECORDING_STARTED)
    world.tell()
    late, _ = world.endpoint(receiver, "case.started")
    assert world.tell() == 0
    assert replay_range(world.using, late.id, since, world.clock.now(), only_dead=False) == 1
    assert world.tell() == 1 and json.loads(receiver.got[-1].body)["type"] == "case.started"


def test_a_package_and_a_failure_are_told_when_the_work_after_the_call_ends(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver, "case.ended", "case.packaged", "case.failed")
    world.record(EventType.PLAN_FROZEN, EventType.SESSION_ENDED)
    jobs.enqueue(world.using.database, CASE, {}, clock=world.clock)
    world.tell()
    assert receiver.got == [], "an ended session is looked at when its row says why"
    world.wait(seconds=3)
    assert world.tell() == 1
    claim = jobs.claim_next(world.using.database, "host/1", clock=world.clock)
    assert claim is not None
    claim.give_back("the disk is full", is_final=True)
    assert world.tell() == 1 and world.tell() == 0
    jobs.enqueue(world.using.database, CASE, {}, clock=world.clock)
    claim = jobs.claim_next(world.using.database, "host/1", clock=world.clock)
    assert claim is not None
    claim.finish()
    assert world.tell() == 1 and world.tell() == 0
    assert [json.loads(each.body)["type"] for each in receiver.got] == ["case.ended", "case.failed", "case.packaged"]


def test_a_test_message_goes_to_its_endpoint_alone(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver, "case.sealed")
    world.endpoint(receiver)
    message = make_test_message(world.using, made.id)
    assert world.tell() == 1 and receiver.got[0].headers["webhook-id"] == message


def test_one_delivery_is_one_senders_at_a_time(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    feed(world.using)
    found: list[object] = []
    senders = [threading.Thread(target=lambda n=n: found.append(take(world.using, f"host/{n}"))) for n in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(each is not None for each in found) == 1


def test_a_sender_that_was_given_up_overwrites_nothing(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    feed(world.using)
    slow = take(world.using, "host/1")
    assert slow is not None and take(world.using, "host/2") is None
    world.wait(seconds=LEASE_MS / 1000 + 1)
    quick = take(world.using, "host/2")
    assert quick is not None
    send(world.using, quick, lambda *_: Answered(200, 0))
    send(world.using, slow, lambda *_: Answered(500, 0))
    assert world.rows()[0]["state"] == "delivered"


def test_what_a_process_had_in_hand_when_it_died_is_due_when_it_starts_again(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    feed(world.using)
    assert take(world.using, "host/1") is not None
    assert release_own(world.using, "host/2") == 0 and take(world.using, "host/2") is None
    assert release_own(world.using, "host/1") == 1 and take(world.using, "host/1") is not None


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    world.tell(outside(context=ssl.create_default_context()))
    assert receiver.got == [] and "certificate is not trusted" in str(world.rows()[0]["error"])


def test_a_certificate_of_another_name_is_not_talked_to(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver)
    change_endpoint(world.using, made.id, url=f"https://bank.example:{receiver.port}/hook")
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    assert receiver.got == [] and "certificate is not trusted" in str(world.rows()[0]["error"])


def test_deliveries_are_listed_newest_first_page_by_page(world: WebhookWorld, receiver: Receiver) -> None:
    made, _ = world.endpoint(receiver)
    for number in range(PAGE_ROWS + 5):
        world.record(EventType.PLAN_FROZEN, case="c" + f"{number:02d}".replace("0", "a").replace("1", "b") + "a" * 24)
    world.tell()
    first, cursor = list_deliveries(world.using, made.id)
    second, last = list_deliveries(world.using, made.id, cursor=cursor)
    assert (len(first), len(second), last) == (PAGE_ROWS, 5, "")
    everything = [each.message for each in first + second]
    assert len(set(everything)) == PAGE_ROWS + 5
    assert list_deliveries(world.using, made.id, state="dead") == ([], "")
    for wrong in ("x", "????", "AAAA", "é"):
        with pytest.raises(InvalidError, match="cursor"):
            list_deliveries(world.using, made.id, cursor=wrong)


def test_messages_are_forgotten_after_a_month_but_never_while_one_waits(world: WebhookWorld, receiver: Receiver) -> None:
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    world.tell()
    receiver.status = 500
    world.record(EventType.RECORDING_STARTED)
    world.tell()
    world.wait(days=MESSAGES_KEPT.days + 1)
    sweep(world.using)
    assert [row["topic"] for row in world.rows()] == ["case.started"]


def test_endpoints_are_bounded_and_removed_with_what_waits_for_them(world: WebhookWorld, receiver: Receiver) -> None:
    made = [world.endpoint(receiver)[0] for _ in range(ENDPOINTS_MAX)]
    with pytest.raises(ConflictError, match="remove those"):
        world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    feed(world.using)
    for each in made:
        remove_endpoint(world.using, each.id)
    assert list_endpoints(world.using) == [] and world.rows() == []
    with pytest.raises(NotFoundError):
        remove_endpoint(world.using, made[0].id)


@pytest.mark.parametrize(
    "topics", [[], ["case"], ["case.unheard"], ["*.*"], ["Case.made"], ["case.made "], [f"case.{n}" for n in range(30)]]
)
def test_a_topic_that_is_never_told_is_refused(world: WebhookWorld, receiver: Receiver, topics: list[str]) -> None:
    made, _ = world.endpoint(receiver)
    with pytest.raises(InvalidError):
        change_endpoint(world.using, made.id, topics=topics)


def test_an_event_that_is_read_again_is_no_second_message(world: WebhookWorld, receiver: Receiver) -> None:
    """However often the ledger is read again: after a crash, or from a database that was restored."""
    world.endpoint(receiver)
    world.record(EventType.PLAN_FROZEN)
    assert world.tell() == 1
    with transaction(world.using.database) as connection:
        connection.exec_driver_sql("UPDATE webhook_feeds SET position = -1")
    assert world.tell() == 0, "the same event is the same message"
