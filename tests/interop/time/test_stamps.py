"""Time stamps over checkpoints with real authorities: openssl makes them, openssl judges them, and every lie is refused and declared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from jianlu.backends.timestamps.rfc3161 import HttpTimeAuthority
from jianlu.core.errors import IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.stamp import check_stamp
from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.folder import newest_first
from jianlu.ledger.export import export_ledger
from tests.fakes.time.authority import LocalAuthority, make_authority, serving
from tests.fakes.time.stage import MINUTE_MS, Stage, openssl_accepts
from tests.interop.time.conftest import driver
from tests.unit.ledger.worlds import World


def test_both_authorities_stamp_the_checkpoint_and_openssl_and_our_own_check_agree(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority, tmp_path: Path
) -> None:
    assert stage.beat() == 2
    anchor = stage.newest
    assert set(anchor.stamps) == {"alpha", "beta"} and anchor.checkpoint.size == 1
    for authority in (alpha, beta):
        token, trusted = anchor.stamps[authority.name], parse_certificates(authority.chain.read_text())
        at = check_stamp(token, anchor.note, trusted).gen_at
        assert openssl_accepts(token, anchor.note, authority.chain, at, tmp_path)
        assert not openssl_accepts(token, anchor.note + b"x", authority.chain, at, tmp_path)
    stamped = stage.bodies(EventType.CHECKPOINT_STAMPED)
    assert [(body["authority"], body["size"]) for body in stamped] == [("alpha", 1), ("beta", 1)]
    assert stage.beat() == 0, "not before the interval is over"
    stage.clock.pass_ms(MINUTE_MS)
    assert stage.beat() == 2 and stage.newest.size == 3
    assert not stage.complaints


def test_an_authority_that_is_down_declares_a_gap_once_and_is_asked_again_until_it_answers(
    stage: Stage, beta: LocalAuthority
) -> None:
    beta.is_down = True
    assert stage.beat() == 1
    stage.clock.pass_ms(4_000)
    stage.beat()
    assert beta.asked == 1, "it is left alone for a while"
    stage.clock.pass_ms(2_000)
    stage.beat()
    assert beta.asked == 2
    assert [dict(body) for body in stage.bodies(EventType.TIME_GAP_DECLARED)] == [
        {"authority": "beta", "since": "", "reason": "status"}
    ]
    assert {name for name, _ in stage.complaints} == {"beta"}
    beta.is_down = False
    stage.clock.pass_ms(20_000)
    assert stage.beat() == 1
    assert stage.bodies(EventType.CHECKPOINT_STAMPED)[-1]["authority"] == "beta"


def test_an_authority_that_listens_nowhere_stops_nothing(stage: Stage, authorities: list[LocalAuthority]) -> None:
    nowhere = LocalAuthority(authorities[1].folder, "nowhere", address="http://127.0.0.1:9/")
    stage.start([nowhere, LocalAuthority(authorities[0].folder, "also-nowhere", address="http://127.0.0.1:9/")])
    assert stage.beat() == 0
    assert [body["reason"] for body in stage.bodies(EventType.TIME_GAP_DECLARED)] == ["away", "away"]
    stage.world.fill([b"the ledger goes on"])


def _other_nonce(request: bytes) -> bytes:
    """The last eight bytes but the boolean are the nonce's."""
    changed = bytearray(request)
    changed[-4] ^= 1
    return bytes(changed)


def _other_imprint(request: bytes) -> bytes:
    at = request.index(b"\x04\x20") + 2
    return request[:at] + bytes(32) + request[at + 32 :]


@pytest.mark.parametrize(("change", "reason"), [(_other_nonce, "nonce"), (_other_imprint, "untrusted")], ids=["nonce", "imprint"])
def test_an_answer_to_another_question_is_no_stamp(stage: Stage, alpha: LocalAuthority, change: object, reason: str) -> None:
    assert callable(change)
    alpha.change_request = change
    assert stage.beat() == 1
    assert "alpha" not in stage.newest.stamps
    assert [body["reason"] for body in stage.bodies(EventType.TIME_GAP_DECLARED)] == [reason]


def test_an_answer_of_which_a_bit_was_flipped_is_no_stamp(stage: Stage, alpha: LocalAuthority) -> None:
    alpha.change_answer = lambda answer: answer[:-20] + bytes([answer[-20] ^ 1]) + answer[-19:]
    assert stage.beat() == 1 and "alpha" not in stage.newest.stamps
    assert isinstance(stage.complaints[0][1], IntegrityError)


@pytest.mark.parametrize("answer", [b"", b"0", b"<html>", b"\x30\x80\x00\x00"])
def test_an_answer_that_is_no_token_is_no_stamp(alpha: LocalAuthority, answer: bytes) -> None:
    alpha.change_answer = lambda _: answer
    with pytest.raises(JianluError):
        driver(alpha).stamp(b"content")


def test_an_answer_without_end_is_cut_off(alpha: LocalAuthority) -> None:
    alpha.change_answer = lambda _: bytes(1 << 20)
    with pytest.raises(UnavailableError, match="too much"):
        driver(alpha).stamp(b"content")


def test_a_chain_that_leads_to_no_trusted_root_is_refused_by_both_checks(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    alpha.folder, beta.folder = beta.folder, alpha.folder
    assert stage.beat() == 0
    assert [body["reason"] for body in stage.bodies(EventType.TIME_GAP_DECLARED)] == ["untrusted", "untrusted"]
    token = _token(alpha, b"content")
    with pytest.raises(IntegrityError, match="root"):
        check_stamp(token, b"content", parse_certificates((beta.folder / "chain.pem").read_text()))


def test_a_certificate_that_had_ended_when_it_stamped_is_refused_by_both_checks(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ended = make_authority(tmp_path, "ended", keys="p256", ends_at=now - timedelta(days=1))
    with serving(ended), pytest.raises(IntegrityError):
        driver(ended).stamp(b"content")
    with pytest.raises(IntegrityError, match="valid"):
        check_stamp(_token(ended, b"content"), b"content", parse_certificates(ended.chain.read_text()))


def test_a_certificate_that_is_not_for_time_stamps_is_refused(tmp_path: Path, alpha: LocalAuthority) -> None:
    other = make_authority(tmp_path, "other", keys="p256", is_for_time=False)
    certificate = parse_certificates((other.folder / "tsa.pem").read_text())[0]
    assert not certificate.stamps_time
    assert parse_certificates((alpha.folder / "tsa.pem").read_text())[0].stamps_time


def test_a_token_of_another_checkpoint_is_refused(stage: Stage, alpha: LocalAuthority) -> None:
    stage.beat()
    earlier = stage.newest
    stage.clock.pass_ms(MINUTE_MS)
    stage.beat()
    assert stage.newest.size > earlier.size
    with pytest.raises(IntegrityError, match="other bytes"):
        check_stamp(earlier.stamps["alpha"], stage.newest.note, parse_certificates(alpha.chain.read_text()))


def test_a_time_far_from_our_clock_is_kept_and_declared_once(stage: Stage) -> None:
    stage.clock.step_ms(-3_600_000)
    assert stage.beat() == 2
    steps = stage.bodies(EventType.TIME_STEPPED)
    assert {body["against"] for body in steps} == {"alpha", "beta"}
    assert all(-3_602_000 < body["step_ms"] < -3_598_000 for body in steps)
    stage.clock.pass_ms(MINUTE_MS)
    stage.beat()
    assert stage.bodies(EventType.TIME_STEPPED) == steps


def test_a_clock_that_is_moved_is_declared_and_has_both_authorities_asked_at_once(stage: Stage, alpha: LocalAuthority) -> None:
    stage.beat()
    stage.clock.pass_ms(1_000)
    stage.clock.step_ms(3_600_000)
    assert stage.beat() == 2
    against = {body["against"]: body["step_ms"] for body in stage.bodies(EventType.TIME_STEPPED)}
    assert against["monotonic"] == 3_600_000 and set(against) == {"monotonic", "alpha", "beta"}
    assert alpha.asked == 2


def test_a_stamper_that_begins_again_goes_on_from_the_newest_token(
    stage: Stage, alpha: LocalAuthority, beta: LocalAuthority
) -> None:
    stage.beat()
    stage.start([alpha, beta])
    stage.clock.pass_ms(30_000)
    assert stage.beat() == 0
    stage.clock.pass_ms(31_000)
    assert stage.beat() == 2


def test_what_is_declared_while_the_ledger_is_away_is_declared_later(stage: Stage) -> None:
    stage.is_away = True
    assert stage.beat() == 2 and not stage.declared
    stage.is_away = False
    stage.beat()
    assert len(stage.bodies(EventType.CHECKPOINT_STAMPED)) == 2


def test_a_checkpoint_that_was_exchanged_for_another_of_its_size_is_never_stamped(stage: Stage) -> None:
    stage.beat()
    (stage.world.directory / "anchors" / "1" / "checkpoint").rename(stage.world.directory / "anchors" / "kept")
    fork = stage.world.copy("fork")
    (fork.directory / "anchors" / "3").mkdir()
    (fork.directory / "anchors" / "kept").rename(fork.directory / "anchors" / "3" / "checkpoint")
    stage.world = fork
    stage.stamper.directory = fork.directory
    stage.clock.pass_ms(MINUTE_MS)
    assert stage.beat() == 0
    assert "forked" in str(stage.complaints[0][1])


def test_fsck_and_export_take_anchors_along_and_notice_what_is_wrong_with_them(stage: Stage, tmp_path: Path) -> None:
    stage.beat()
    assert stage.world.check().is_sound and not stage.world.check().remarks
    export_ledger(stage.world.directory, tmp_path / "export")
    copied = World(tmp_path / "export", stage.world.signer)
    assert copied.check().is_sound and set(next(newest_first(copied.directory)).stamps) == {"alpha", "beta"}
    folder = copied.directory / "anchors" / "1"
    (folder / "alpha.tst").write_bytes((folder / "beta.tst").read_bytes()[:-1])
    assert [problem.path for problem in copied.check().problems] == ["anchors/1/alpha.tst"]
    folder.rename(folder.with_name("99"))
    assert [problem.path for problem in copied.check().problems] == ["anchors/99/checkpoint"]


def test_certificates_that_cannot_be_read_are_said_at_once() -> None:
    with pytest.raises(InvalidError, match="PEM"):
        HttpTimeAuthority("x", "http://127.0.0.1:9/", "none")


def _token(authority: LocalAuthority, content: bytes) -> bytes:
    """A token that nobody checked, straight from openssl."""
    request = TimestampRequestBuilder(data=content, hash_algorithm=HashAlgorithm.SHA256).build()
    return decode_timestamp_response(authority.reply(request.as_bytes())).time_stamp_token()
