"""A signed document put into the case while it is recorded: sealed, its second and what is seen of its signature on the record."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.capture.sessions.depositing import DEPOSITS_MAX, deposit_document
from jianlu.capture.sessions.signed_pdf import PDF_BYTES_MAX, signature_seen
from jianlu.capture.sessions.steps import start_step
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, UnavailableError
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from tests.fakes.capture.signed_pdf import UNSIGNED, signed_pdf
from tests.fakes.sessions.world import AGENT, SUPERVISOR, World, participant


def test_a_signature_that_covers_the_file_is_told_from_one_that_does_not_and_from_none() -> None:
    assert signature_seen(signed_pdf()) == "covers_file"
    assert signature_seen(signed_pdf(added=b"3 0 obj\n<< >>\nendobj\n%%EOF\n")) == "covers_part"
    assert signature_seen(UNSIGNED) == "none_found"
    claimed = UNSIGNED.replace(b"/Catalog", b"/Catalog /ByteRange [0 20 30 %d]" % (len(UNSIGNED) - 3))
    assert signature_seen(claimed) == "none_found", "a range that belongs to no signature says nothing"


def test_what_only_looks_like_a_signature_is_none() -> None:
    assert signature_seen(signed_pdf(scheme=b"")) == "none_found"
    assert signature_seen(signed_pdf(entry=b"/Metadata")) == "none_found"
    elsewhere = b"3 0 obj\n<< /SubFilter /adbe.pkcs7.detached /Contents <00> >>\nendobj\n"
    assert signature_seen(signed_pdf(scheme=b"", added=elsewhere + b"%%EOF\n")) == "none_found"


def test_a_range_around_something_else_than_the_signature_does_not_cover_the_file() -> None:
    decoy = b"/Contents <3082> /Reason "
    assert signature_seen(signed_pdf(entry=decoy)) == "covers_part"


def test_a_file_of_nothing_but_claims_is_odd_and_soon_said_to_be() -> None:
    claim = b"1 0 obj << /SubFilter /a /Contents <00> /ByteRange [0 9 16000000 9] >> endobj\n"
    assert signature_seen(b"%PDF-1.7\n" + claim * 200_000 + b"%%EOF") == "covers_part"


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"<html>%%EOF", b"x" * (PDF_BYTES_MAX + 1)], ids=["empty", "cut", "other", "long"]
)
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError):
        signature_seen(content)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_judged_or_refused_and_nothing_else(noise: bytes) -> None:
    for content in (noise, b"%PDF-1.7 /ByteRange [" + noise + b"] %%EOF"):
        with contextlib.suppress(InvalidError):
            assert signature_seen(content) in ("covers_file", "covers_part", "none_found")


def test_a_deposit_is_sealed_with_its_second_and_step_and_the_same_again_is_the_same(world: World) -> None:
    case = world.live()
    step = world.view(case)["current_step"]
    start_step(case, step, using=world.using, by=AGENT)
    world.clock.move(5_000)
    content = signed_pdf()
    made = deposit_document(case, "contract", content, using=world.using, by=participant(case))
    assert made.sha256 == hashlib.sha256(content).hexdigest() and made.signature == "covers_file"
    world.clock.move(2_000)
    assert deposit_document(case, "contract", content, using=world.using, by=participant(case)) == made
    other = deposit_document(case, "contract", signed_pdf("annex"), using=world.using, by=AGENT)
    assert (other.deposit, other.at_ms) == ("deposit-2", made.at_ms + 2_000)
    bodies = [event.body for event in world.events(case) if event.type is EventType.DEPOSIT_RECORDED]
    assert [(body["document"], body["step"], body["by"], body["signature"]) for body in bodies] == [
        ("contract", step, "customer", "covers_file"),
        ("contract", step, "agent", "covers_file"),
    ]
    assert world.using.desk.log(world.using.tenant, case).open_object("deposit-1") == content
    assert [each["at_ms"] for each in world.view(case)["deposits"]] == [made.at_ms, other.at_ms]


def test_a_file_with_malware_is_refused_recorded_once_and_not_kept(world: World) -> None:
    case = world.live()
    bad = signed_pdf("bad")
    using = replace(world.using, scan=lambda content: "Some.Malware" if content == bad else "")
    for _ in range(2):
        with pytest.raises(DeniedError, match="malware was found") as refused:
            deposit_document(case, "contract", bad, using=using, by=participant(case))
        assert refused.value.code == "malware_found"
    (told,) = [event for event in world.events(case) if event.type is EventType.DEPOSIT_REFUSED]
    assert {name: told.body[name] for name in ("document", "found", "by")} == {
        "document": "contract",
        "found": "Some.Malware",
        "by": "customer",
    }
    log = world.using.desk.log(world.using.tenant, case)
    assert opens(told.body["content"], digest_of(bad), log.salt(f"{told.n}/content"))
    assert EventType.DEPOSIT_RECORDED not in world.kinds(case) and world.view(case)["deposits"] == []
    assert deposit_document(case, "contract", signed_pdf(), using=using, by=participant(case)).deposit == "deposit-1"


def test_refused_files_do_not_fill_the_ledger(world: World) -> None:
    """Whoever sits in the session may send one bad file after the other."""
    case = world.live()
    using = replace(world.using, scan=lambda _: "Some.Malware")
    for number in range(DEPOSITS_MAX + 5):
        with pytest.raises(DeniedError):
            deposit_document(case, "contract", signed_pdf(str(number)), using=using, by=participant(case))
    assert world.kinds(case).count(EventType.DEPOSIT_REFUSED) == DEPOSITS_MAX


def test_while_the_scanner_is_away_no_document_is_taken(world: World) -> None:
    case = world.live()

    def away(_: bytes) -> str:
        raise UnavailableError("the scanner does not answer")

    before = world.kinds(case)
    with pytest.raises(UnavailableError):
        deposit_document(case, "contract", signed_pdf(), using=replace(world.using, scan=away), by=participant(case))
    with pytest.raises(DeniedError):  # whoever may not deposit does not have the scanner work either
        deposit_document(case, "contract", signed_pdf(), using=replace(world.using, scan=away), by=SUPERVISOR)
    assert world.kinds(case) == before


def test_deposits_are_for_those_who_sign_and_for_the_time_of_the_recording(world: World) -> None:
    case = world.seated()
    with pytest.raises(ConflictError, match="while the session is recorded"):
        deposit_document(case, "contract", signed_pdf(), using=world.using, by=AGENT)
    live = world.live("sale-2")
    with pytest.raises(DeniedError):
        deposit_document(live, "contract", signed_pdf(), using=world.using, by=SUPERVISOR)
    for code in ("", "Contract", "x" * 41, "../x"):
        with pytest.raises(InvalidError):
            deposit_document(live, code, signed_pdf(), using=world.using, by=AGENT)
    for number in range(DEPOSITS_MAX):
        deposit_document(live, "annex", signed_pdf(f"annex {number}"), using=world.using, by=AGENT)
    with pytest.raises(ConflictError, match="too many"):
        deposit_document(live, "annex", signed_pdf("one more"), using=world.using, by=AGENT)
