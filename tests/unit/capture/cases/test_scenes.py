"""The scenes that ship run from end to end, a new one needs no code, and a broken one does not load."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from jianlu.capture.cases.model import Person
from jianlu.capture.cases.scenes import load_scene, load_scenes, scene_document, scenes_directory
from jianlu.capture.sessions.conducting import end_session
from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.script import parse_script, script_bytes
from jianlu.core.terms.events import EventType
from jianlu.entry.sample.script import ASSETS
from jianlu.govern.script_texts import filled, sentences_that_apply, steps_that_apply
from tests.fakes.sessions.world import AGENT, SALE_FACTS, World, session_world, shipped_scenes

BANK = {"case.place": "CN-31", "case.institution": "建安银行", "customer.age": 45, "session.biometrics": ["face"]}
STATED: dict[str, dict[str, Any]] = {
    "insurance-remote": dict(SALE_FACTS),
    "insurance-counter": dict(SALE_FACTS),
    "insurance-agency": {**SALE_FACTS, "case.channel": "broker"},
    "account-opening": BANK,
    "loan-signing": {
        **BANK,
        "product.amount_yuan": 200_000,
        "product.term_months": 36,
        "product.rate": "百分之四点三五",
        "product.purpose": "住房装修",
    },
    "wealth-product": {
        **BANK,
        "product.name": "稳健一号",
        "product.risk_level": "R2",
        "product.amount_yuan": 50_000,
        "product.term_months": 6,
    },
    "transfer-confirmation": {**BANK, "product.amount_yuan": 500_000, "product.purpose": "购房款"},
    "remote-consultation": {"case.place": "CN-11", "case.institution": "建安医院", "customer.age": 45, "session.biometrics": []},
}
STEPS = {
    "insurance-remote": 14,
    "insurance-counter": 14,
    "insurance-agency": 14,
    "account-opening": 12,
    "loan-signing": 14,
    "wealth-product": 12,
    "transfer-confirmation": 12,
    "remote-consultation": 9,
}


def test_every_kind_of_session_that_is_asked_for_has_a_scene() -> None:
    assert set(shipped_scenes()) == set(STATED)


@pytest.mark.parametrize("scene", sorted(STATED))
@pytest.mark.parametrize("profile", ["standard", "elderly"])
def test_a_shipped_scene_runs_from_end_to_end(world: World, scene: str, profile: str) -> None:
    case = world.live(scene=scene, profile=profile, facts=STATED[scene])
    world.do_all(case)
    end_session(case, using=world.using, by=AGENT)
    view = world.view(case)
    assert (view["state"], view["reason"], len(view["steps"])) == ("ended", "completed", STEPS[scene])
    assert EventType.STEP_REFUSED not in world.kinds(case)
    assert view["is_large"] is (profile == "elderly")


@pytest.mark.parametrize("scene", ["insurance-remote", "insurance-counter"])
def test_the_sale_says_the_sentences_of_the_sample_in_their_order(scene: str) -> None:
    lines = tomllib.loads((ASSETS / "script.toml").read_text(encoding="utf-8"))["line"]
    spoken = [line["text"] for line in lines if line["role"] == "agent" and line["id"].startswith("a")]
    facts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in SALE_FACTS.items()}
    facts |= {"product.term_months": 120, **shipped_scenes()[scene].facts}
    steps = steps_that_apply(shipped_scenes()[scene].script, facts)
    assert [filled(sentence.text, facts)["zh"] for step in steps for sentence in sentences_that_apply(step, facts)] == spoken


def test_the_steps_of_the_sale_cover_every_step_of_its_plan(world: World) -> None:
    case = world.create(scene="insurance-counter")
    view = world.view(case)
    live = world.using.switchboard.sessions[0]
    wanted = {each.params["step"] for each in live.plan.obligations if "step" in each.params}
    covered = {name for step in live.course.steps for name in step.covers}
    assert wanted <= covered
    assert all(step["clauses"] for step in view["steps"] if step["id"] != "closing")
    attested = {each["clause"] for step in view["steps"] for each in step["attestations"]}
    assert attested == live.course.attests


@pytest.mark.parametrize("scene", sorted(STATED))
def test_what_a_plan_wants_attested_has_a_step_in_the_shipped_scene(world: World, scene: str) -> None:
    world.view(world.create(scene=scene, facts=STATED[scene]))
    live = world.using.switchboard.sessions[0]
    assert live.course.attests <= {clause for step in live.course.steps for clause in step.attests}
    assert {each.params["step"] for each in live.plan.obligations if "step" in each.params} <= {
        name for step in live.course.steps for name in step.covers
    }


@pytest.mark.parametrize("scene", sorted(STATED))
def test_a_shipped_script_survives_its_canonical_form(scene: str) -> None:
    script = shipped_scenes()[scene].script
    assert parse_script(script_bytes(script)) == script


def test_the_form_of_a_scene_asks_only_for_known_facts() -> None:
    form = scene_document(shipped_scenes()["loan-signing"])
    assert [each["fact"] for each in form["asks"]][:3] == ["case.place", "case.channel", "case.institution"]
    assert form["defaults"]["product.kind"] == "loan"


def copy_of(scene: str, folder: Path, **replaced: str) -> Path:
    """A shipped scene under another name, with texts replaced."""
    made = folder / "my-scene"
    shutil.copytree(scenes_directory() / scene, made)
    for name in ("scene.toml", "script.toml"):
        text = (made / name).read_text(encoding="utf-8").replace(f'"{scene}"', '"my-scene"')
        for known, wanted in replaced.items():
            text = text.replace(known, wanted)
        (made / name).write_text(text, encoding="utf-8")
    return made


def test_a_new_template_needs_no_code(tmp_path: Path) -> None:
    copy_of("transfer-confirmation", tmp_path)
    script = tmp_path / "my-scene" / "script.toml"
    extra = '[[steps]]\nid = "weather"\nkind = "say"\ntitle = { zh = "寒暄", en = "Small talk" }\n'
    extra += 'say = [{ zh = "今天天气不错。", en = "Nice weather today." }]\nmin_read_ms = 500\n'
    script.write_text(script.read_text(encoding="utf-8") + extra, encoding="utf-8")
    with session_world(scenes=load_scenes(tmp_path)) as world:
        people = {"customer": Person("Anna Schmidt")}
        case = world.live(scene="my-scene", facts=STATED["transfer-confirmation"], people=people)
        world.do_all(case)
        end_session(case, using=world.using, by=AGENT)
        view = world.view(case)
        assert (view["state"], view["steps"][-1]["id"]) == ("ended", "weather")
        assert view["seats"][1]["display"] == "A*** S***"


@pytest.mark.parametrize(
    ("known", "wanted", "complaint"),
    [
        ('on_unhealthy = "stop"', 'on_unhealthy = "hope"', "on_unhealthy is one of"),
        ("grace_ms = 20000", "grace_ms = 1", "whole number from"),
        ("may_pause = false", 'may_pause = "no"', "true or false"),
        ('purpose = "recording"', 'purpose = "fun"', "`purpose` of a notice"),
        ('consents = ["face"]', 'consents = ["voice"]', "each consent that the script asks for"),
        ("{product.purpose}", "{product.colour}", "facts that do not exist"),
        ("{product.purpose}", "{product.insurer}", "neither given nor asked"),
        ('kind = "ask"', 'kind = "beg"', "one of the kinds"),
        ('by = "customer"', 'by = "nobody"', "seats that do not exist"),
        ('effect = "go_on"', 'effect = "end"', "lets the talk go on"),
        ("min_read_ms = 2000", "min_read_ms = -1", "whole milliseconds"),
        ('documents = ["transfer_form"]', 'documents = ["love_letter"]', "does not have"),
        ('has = "face" }', 'has = "smell" }', "does not fit"),
        ('seat = "customer"', 'seat = "king"', "seats are"),
        ('"customer.age", "session.biometrics",', '"customer.mood",', "known facts"),
        ("[queue]", "[tail]", "unknown"),
    ],
)
def test_a_broken_scene_does_not_load(tmp_path: Path, known: str, wanted: str, complaint: str) -> None:
    scene = load_scene(copy_of("transfer-confirmation", tmp_path / "good"))
    assert scene.id == "my-scene"
    with pytest.raises(InvalidError, match=complaint):
        load_scene(copy_of("transfer-confirmation", tmp_path / "bad", **{known: wanted}))


def test_a_scene_without_its_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_scenes(tmp_path / "nowhere")
    (tmp_path / "empty-scene").mkdir()
    with pytest.raises(InvalidError, match=r"empty-scene/scene\.toml cannot be read"):
        load_scenes(tmp_path)
