"""The case file: what it states arrives, what is wrong is refused with the key that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Track
from jianlu.govern.policy import (
    CaseFile,
    check_attestations,
    facts_of,
    freeze_plan,
    load_languages,
    load_packs,
    packs_directory,
    parse_case_file,
    read_case_file,
    tracks_for,
)
from jianlu.govern.policy.facts import LIFE_MONTHS

SALE = (Path(__file__).parents[2] / "packs" / "policy" / "golden" / "counter-62.toml").read_text(encoding="utf-8")
ATTESTED = """
[[attestations]]
clause = "cn-bank-sales-zone:CN-BK-3"
by = "agent"
from = "00:02"
to = "00:06.5"
statement = "本次销售在二号专区柜台进行"
"""


def parse(text: str) -> CaseFile:
    return parse_case_file(text.encode())


def test_a_case_file_states_facts_tracks_and_dates() -> None:
    case = parse(SALE + "\n[dates]\ncontract_end = 2036-11-20\n")
    assert (case.id, case.tenant) == ("sale-0001", "jianan-bank")
    assert case.facts.on == date(2026, 11, 20)
    assert case.facts.facts["product.premium_yuan"] == 10000
    assert case.facts.facts["product.term_months"] == 120
    assert case.facts.facts["product.benefits"] == ("满期保险金", "身故保险金")
    assert case.facts.tracks == (Track("picture", "video", 0), Track("agent", "audio", 0), Track("customer", "audio", 1))
    assert case.facts.dates == {"contract_end": date(2036, 11, 20)}


def test_number_and_title_of_a_case_are_no_facts() -> None:
    case = parse(SALE)
    assert not {"case.id", "case.tenant", "case.title"} & set(case.facts.facts)


def test_a_recording_of_sound_alone_has_no_picture() -> None:
    assert [track.id for track in parse(SALE.replace('"video"', '"audio"')).facts.tracks] == ["agent", "customer"]


TWO_CAMERAS = """
[[pictures]]
video = 0
role = "agent"

[[pictures]]
video = 1
role = "customer"
"""


def test_a_case_may_have_a_camera_for_each_person() -> None:
    assert parse(SALE + TWO_CAMERAS).facts.tracks == tracks_for(["agent", "customer"])


def test_a_live_session_has_a_camera_and_a_microphone_for_each_seat() -> None:
    assert tracks_for(["agent", "customer"]) == (
        Track("agent-picture", "video", 0),
        Track("customer-picture", "video", 1),
        Track("agent", "audio", 0),
        Track("customer", "audio", 1),
    )
    assert tracks_for(["customer"], has_pictures=False) == (Track("customer", "audio", 0),)


@pytest.mark.parametrize("seats", [[], ["agent", "agent"], ["dog"]])
def test_seats_are_known_and_taken_once(seats: list[str]) -> None:
    with pytest.raises(InvalidError, match="agent, customer"):
        tracks_for(seats)


def test_a_recording_of_sound_alone_states_no_cameras() -> None:
    with pytest.raises(InvalidError, match=r"\[\[pictures\]\]"):
        parse(SALE.replace('"video"', '"audio"') + TWO_CAMERAS)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [("video = 1", "video = 0", "twice"), ('"customer"', '"agent"', "twice"), ("video = 1", "video = 99", "video")],
)
def test_a_wrong_camera_is_refused_by_name(old: str, new: str, named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        parse(SALE + TWO_CAMERAS.replace(old, new))


def test_a_case_stated_as_values_has_the_facts_of_the_same_file() -> None:
    written = parse(SALE).facts
    stated = {name: list(value) if isinstance(value, tuple) else value for name, value in written.facts.items()}
    del stated["product.term_months"]
    assert facts_of(written.on, stated, written.tracks) == written


@pytest.mark.parametrize(
    ("stated", "named"), [({"product.color": "red"}, "product.color"), ({"customer.age": 620}, "customer.age")]
)
def test_a_wrong_value_is_refused_by_name(stated: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        facts_of(date(2026, 11, 20), stated, tracks_for(["agent", "customer"]))


def test_whole_of_life_is_longer_than_any_term() -> None:
    assert parse(SALE.replace("term_years = 10", "term_life = true")).facts.facts["product.term_months"] == LIFE_MONTHS


def test_attestations_have_their_times_in_ms() -> None:
    (attestation,) = parse(SALE + ATTESTED).attestations
    assert (attestation.by, attestation.from_ms, attestation.to_ms) == ("agent", 2000, 6500)
    (long,) = parse(SALE + ATTESTED.replace('"00:06.5"', '"1:02:03"')).attestations
    assert long.to_ms == 3723000


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("on = 2026-11-20", "", "`on`"),
        ("on = 2026-11-20", 'on = "2026-11-20"', "`on`"),
        ("on = 2026-11-20", "on = 2026-11-20T10:00:00", "without a time"),
        ('tenant = "jianan-bank"', 'tenant = "Jianan Bank"', "tenant"),
        ('id = "sale-0001"', 'id = "a b"', "`id`"),
        ('channel = "bank_counter"', 'channel = "moon"', "case.channel"),
        ('place = "CN-31"', 'place = "Shanghai"', "case.place"),
        ("age = 62", "age = 620", "customer.age"),
        ("age = 62", "age = true", "customer.age"),
        ("age = 62", 'age = 62\nname = "张三"', "customer.name"),
        ("death_benefit = true", 'death_benefit = "yes"', "product.death_benefit"),
        ('biometrics = ["face"]', 'biometrics = "face"', "session.biometrics"),
        ('benefits = ["满期保险金", "身故保险金"]', "benefits = [1]", "product.benefits"),
        ('name = "和安福满两全保险（分红型）"', 'name = "保单 310101196003070012"', "long number"),
        ("term_years = 10", "term_years = 10\nterm_months = 120", "state the term once"),
        ("term_years = 10", "term_life = 1", "state the term once"),
        ("audio = 1", "audio = 0", "twice"),
        ("audio = 1", "audio = 99", "audio"),
        ('role = "customer"', 'role = "agent"', "twice"),
        ('role = "customer"', 'role = "dog"', "role"),
        ("[customer]", "[customers]", "customers"),
    ],
)
def test_a_wrong_key_is_refused_by_name(old: str, new: str, named: str) -> None:
    assert old in SALE
    with pytest.raises(InvalidError, match=named):
        parse(SALE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('from = "00:02"', 'from = "2 s"', "from"),
        ('from = "00:02"', 'from = "00:62"', "from"),
        ('from = "00:02"', 'from = "00:10"', "before"),
        ('by = "agent"', 'by = "boss"', "by"),
        ("cn-bank-sales-zone:CN-BK-3", "somewhere", "clause"),
        ('statement = "本次销售在二号专区柜台进行"', 'statement = ""', "statement"),
        ('statement = "本次销售在二号专区柜台进行"', 'statement = "x"\nsigned = true', "signed"),
    ],
)
def test_a_wrong_attestation_is_refused_by_key(old: str, new: str, named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        parse(SALE + ATTESTED.replace(old, new))


def test_an_error_never_repeats_a_text_of_the_case() -> None:
    with pytest.raises(InvalidError) as raised:
        parse(SALE.replace('channel = "bank_counter"', 'channel = "张三的手机 13800138000"'))
    assert "张三" not in str(raised.value)
    assert "138" not in str(raised.value)


def test_a_dates_key_that_no_rule_knows_is_refused() -> None:
    with pytest.raises(InvalidError, match="birthday"):
        parse(SALE + "\n[dates]\nbirthday = 1964-01-01\n")


def test_bytes_that_are_no_toml_are_refused() -> None:
    with pytest.raises(InvalidError, match="TOML"):
        parse_case_file(b"\xff\xfe")
    with pytest.raises(InvalidError, match="TOML"):
        parse_case_file(b"[case")


def test_a_case_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"case\.toml"):
        read_case_file(tmp_path / "case.toml")


def test_an_attestation_must_be_one_that_the_plan_demands() -> None:
    case = parse(SALE + ATTESTED)
    plan = freeze_plan(case.facts, load_packs(packs_directory()), load_languages(packs_directory()))
    check_attestations(plan, case.attestations)
    for text, named in (
        (ATTESTED.replace("CN-BK-3", "CN-BK-5"), "demands no attestation"),
        (ATTESTED.replace('"agent"', '"customer"'), "agent"),
    ):
        with pytest.raises(InvalidError, match=named):
            check_attestations(plan, parse(SALE + text).attestations)
