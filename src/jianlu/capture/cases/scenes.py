"""Scenes from their folder: strict reading of `scene.toml` and `script.toml`, cross-checks. Format: `specs/script.md`.

A scene with an unknown key, an unknown fact, a consent without a notice or a placeholder that no form fills does not load. A new
template is a new folder; nothing here knows which scenes there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Set
from importlib.resources import files
from pathlib import Path
from typing import Any

from jianlu.capture.cases.model import ON_UNHEALTHY, HealthRule, Profile, Scene, SeatRule
from jianlu.capture.sessions.checks import ON_NOT_MET
from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.script import FORMAT as SCRIPT_FORMAT
from jianlu.core.formats.script import Script, parse_script
from jianlu.govern.access.model import LEVEL_MAX, LEVEL_MIN, LEVEL_OF_CASES
from jianlu.govern.consent import MOMENTS, ON_REFUSAL, PURPOSES, Notice
from jianlu.govern.policy.case_file import SEATS
from jianlu.govern.policy.conditions import parse_condition
from jianlu.govern.policy.facts import FACTS, check_fact
from jianlu.govern.policy.model import FactValue

FORMAT = "jianlu/scene/v1"
COMMON_SCRIPTS = "_scripts"
"""The folder beside the scenes with scripts that several of them have in common."""

END_TO_END = "end_to_end"
LEVEL = "level"
_OPTIONAL_KEYS = {END_TO_END, LEVEL}
"""The one key that a scene may leave out: whether every room of it is end-to-end encrypted. It is not."""

FILE_BYTES_MAX = 1024 * 1024
"""A scene's file: it is written by hand."""

_FOLDER = re.compile(r"^[a-z][a-z0-9-]{0,39}$")
_VERSION = re.compile(r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")
_CODE = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
_SCENE_KEYS = {
    "format", "id", "version", "title", "summary", "facts", "asks", "seats", "health", "may_pause", "two_recorders", "profiles",
    "notices", "guardian_below_age", "queue", "script", "checks",
}  # fmt: skip
_STEP_DEFAULTS: Mapping[str, Any] = {
    "speaker": "agent",
    "say": [],
    "prompt": {"zh": "", "en": ""},
    "min_read_ms": 0,
    "documents": [],
    "answers": [],
    "consents": [],
    "attests": [],
    "covers": [],
    "when": None,
}
ASKABLE = frozenset({"product.term_life", *FACTS})
"""What a form may ask: every fact, and the one way of stating a term for life."""


def scenes_directory() -> Path:
    """Where the scenes that come with the software are; NotFoundError when the installation lacks them."""
    found = Path(str(files("jianlu"))) / "_scenes"
    if not found.is_dir():
        raise NotFoundError("the scenes are missing from this installation: install jianlu again from a complete wheel")
    return found


def load_scenes(folder: Path) -> dict[str, Scene]:
    """Every scene of a folder by id, in order of ids; InvalidError names the file and the key that is wrong."""
    if not folder.is_dir():
        raise NotFoundError("there is no folder of scenes at that path: check it")
    inside = sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] not in "_.")
    return {each.name: load_scene(each) for each in inside}


def load_scene(folder: Path) -> Scene:
    """The scene in `folder`, whose name is its id."""
    where = f"{folder.name}/scene.toml"
    fields = _table(folder / "scene.toml", where)
    if set(fields) - _OPTIONAL_KEYS != _SCENE_KEYS or fields["format"] != FORMAT:
        lacking, unknown = sorted(_SCENE_KEYS - set(fields)), sorted(set(fields) - _SCENE_KEYS - _OPTIONAL_KEYS)
        raise InvalidError(f"{where} is not a {FORMAT}: missing {lacking or 'nothing'}, unknown {unknown or 'nothing'}")
    if fields["id"] != folder.name or not _FOLDER.fullmatch(folder.name) or not _VERSION.fullmatch(str(fields["version"])):
        raise InvalidError(f"{where}: `id` must be the folder's name, `version` three numbers")
    queue = _exactly(fields["queue"], {"licence", "skills"}, f"{where}, queue")
    scene = Scene(
        id=folder.name,
        version=fields["version"],
        title=_bilingual(fields["title"], where),
        summary=_bilingual(fields["summary"], where),
        facts=_facts(fields["facts"], where),
        asks=_codes_of(fields["asks"], ASKABLE, f"{where}, asks"),
        seats=tuple(_seat(entry, where) for entry in _rows(fields["seats"], where)),
        health=_health(fields["health"], where),
        on_not_met=_on_not_met(fields["checks"], where),
        may_pause=_flag(fields["may_pause"], where),
        two_recorders=_flag(fields["two_recorders"], where),
        profiles=tuple(_profile(entry, where) for entry in _rows(fields["profiles"], where)),
        notices=tuple(_notice(entry, where) for entry in _rows(fields["notices"], where)),
        guardian_below_age=_whole(fields["guardian_below_age"], 0, 130, where),
        licence=str(queue["licence"]),
        skills=tuple(str(skill) for skill in _rows(queue["skills"], where)),
        script=_script_of_scene(folder, str(fields["script"])),
        end_to_end=_flag(fields.get(END_TO_END, False), where),
        level=_whole(fields.get(LEVEL, LEVEL_OF_CASES), LEVEL_MIN, LEVEL_MAX, where),
    )
    _check_scene(scene, where)
    return scene


def _script_of_scene(folder: Path, name: str) -> Script:
    """The scene's own script, or one that several scenes have in common; its name is stated in the scene."""
    if not _FOLDER.fullmatch(name):
        raise InvalidError(f"{folder.name}/scene.toml: `script` is the name of a script")
    own, common = folder / "script.toml", folder.parent / COMMON_SCRIPTS / f"{name}.toml"
    path = own if own.is_file() else common
    script = load_script(path, f"{path.parent.name}/{path.name}")
    if script.script != name:
        raise InvalidError(f"{path.parent.name}/{path.name} is the script {script.script}, and {folder.name} wants {name}")
    return script


def load_script(path: Path, where: str) -> Script:
    """The script that a TOML file states; keys that a step leaves out are empty."""
    return script_of({"format": SCRIPT_FORMAT, **_table(path, where)}, where)


def script_of(fields: Mapping[str, Any], where: str) -> Script:
    """The script that `fields` state, in the shape of the TOML file or of the document; InvalidError as `parse_script`, and for an
    unknown fact or condition.
    """
    document = dict(fields)
    try:
        document["documents"] = [{"min_show_ms": 2000, **each} for each in document.get("documents", [])]
        document["steps"] = [_step_fields(entry, where) for entry in document.get("steps", [])]
        script = parse_script(canonical_bytes(document))
        check_script(script)
    except (InvalidError, AttributeError, KeyError, TypeError) as error:
        raise InvalidError(f"{where}: {error}") from error
    return script


def check_script(script: Script) -> None:
    """InvalidError when a script speaks of facts, conditions, seats or purposes that do not exist here."""
    lost: Set[str] = script.facts - set(FACTS)
    if lost:
        raise InvalidError(f"the script speaks of facts that do not exist: {', '.join(sorted(lost))}")
    for step in script.steps:
        for condition in (step.when, *(sentence.when for sentence in step.say)):
            if condition is not None:
                parse_condition(dict(condition))
        if lost := {step.speaker, *(question.by for question in step.answers)} - set(SEATS):
            raise InvalidError(f"the step {step.id} names seats that do not exist: {', '.join(sorted(lost))}")
        if lost := set(step.consents) - set(PURPOSES):
            raise InvalidError(f"the step {step.id} asks for consents that do not exist: {', '.join(sorted(lost))}")


def scene_document(scene: Scene) -> dict[str, Any]:
    """The scene for whoever makes a case of it: titles, seats, profiles, what the form asks and how each answer is written."""
    return {
        "id": scene.id,
        "version": scene.version,
        "title": dict(scene.title),
        "summary": dict(scene.summary),
        "defaults": {name: list(value) if isinstance(value, tuple) else value for name, value in scene.facts.items()},
        "asks": [_form_field(name) for name in scene.asks],
        "seats": [{"seat": rule.seat, "is_required": rule.is_required, "may_share": rule.may_share} for rule in scene.seats],
        "profiles": [{"id": each.id, "is_large": each.is_large, "needs_human": each.needs_human} for each in scene.profiles],
        "may_pause": scene.may_pause,
        "on_not_met": scene.on_not_met,
        "on_unhealthy": scene.health.on_unhealthy,
        "two_recorders": scene.two_recorders,
        "end_to_end": scene.end_to_end,
        "queue": {"licence": scene.licence, "skills": list(scene.skills)},
        "script": {"id": scene.script.script, "version": scene.script.version, "steps": len(scene.script.steps)},
    }


def _form_field(name: str) -> dict[str, Any]:
    form = FACTS.get(name)
    if form is None:
        return {"fact": name, "form": "flag", "codes": [], "least": 0, "most": 0}
    return {"fact": name, "form": form.form, "codes": list(form.codes), "least": form.least, "most": form.most}


def _step_fields(entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise InvalidError(f"{where}: steps are tables")
    step = {**_STEP_DEFAULTS, **entry}
    step["say"] = [each if "text" in each else _sentence_fields(each) for each in step["say"]]
    return step


def _sentence_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": {key: text for key, text in entry.items() if key != "when"}, "when": entry.get("when")}


def _check_scene(scene: Scene, where: str) -> None:
    seats = {rule.seat for rule in scene.seats}
    if len(seats) != len(scene.seats) or not {"agent", "customer"} <= {r.seat for r in scene.seats if r.is_required}:
        raise InvalidError(f"{where}: each seat once, and an agent and a customer are required")
    if len({profile.id for profile in scene.profiles}) != len(scene.profiles) or scene.profile_of("standard") is None:
        raise InvalidError(f"{where}: each profile once, and one of them is standard")
    purposes = [notice.purpose for notice in scene.notices]
    asked = {purpose for step in scene.script.steps for purpose in step.consents}
    if len(set(purposes)) != len(purposes) or asked - set(purposes):
        raise InvalidError(f"{where}: each purpose has one notice, and so has each consent that the script asks for")
    if "recording" not in purposes:
        raise InvalidError(f"{where}: a session is recorded, so there is a notice about the recording")
    known = set(scene.facts) | set(scene.asks) | {"session.language"}
    if lost := scene.script.facts - known:
        raise InvalidError(f"{where}: the script needs facts that are neither given nor asked: {', '.join(sorted(lost))}")


def _facts(entry: Any, where: str) -> dict[str, FactValue]:
    found: dict[str, FactValue] = {}
    for section, keys in _dict(entry, where).items():
        for key, value in _dict(keys, where).items():
            found[f"{section}.{key}"] = check_fact(f"{section}.{key}", value)
    return found


def _seat(entry: Any, where: str) -> SeatRule:
    fields = _exactly(entry, {"seat", "is_required", "may_share"}, f"{where}, seats")
    if fields["seat"] not in SEATS:
        raise InvalidError(f"{where}: seats are: {', '.join(SEATS)}")
    return SeatRule(fields["seat"], _flag(fields["is_required"], where), _flag(fields["may_share"], where))


def _health(entry: Any, where: str) -> HealthRule:
    fields = _exactly(entry, {"on_unhealthy", "grace_ms"}, f"{where}, health")
    if fields["on_unhealthy"] not in ON_UNHEALTHY:
        raise InvalidError(f"{where}: on_unhealthy is one of: {', '.join(ON_UNHEALTHY)}")
    return HealthRule(fields["on_unhealthy"], _whole(fields["grace_ms"], 1000, 600_000, where))


def _on_not_met(entry: Any, where: str) -> str:
    fields = _exactly(entry, {"on_not_met"}, f"{where}, checks")
    if fields["on_not_met"] not in ON_NOT_MET:
        raise InvalidError(f"{where}: on_not_met is one of: {', '.join(ON_NOT_MET)}")
    return str(fields["on_not_met"])


def _profile(entry: Any, where: str) -> Profile:
    fields = _exactly(entry, {"id", "read_permille", "is_large", "needs_human"}, f"{where}, profiles")
    if not _CODE.fullmatch(str(fields["id"])):
        raise InvalidError(f"{where}: a profile's id is a short code")
    pace = _whole(fields["read_permille"], 1000, 5000, where)
    return Profile(fields["id"], pace, _flag(fields["is_large"], where), _flag(fields["needs_human"], where))


def _notice(entry: Any, where: str) -> Notice:
    fields = _exactly(entry, {"id", "purpose", "version", "title", "text", "moment", "on_refusal"}, f"{where}, notices")
    for key, codes in (("purpose", PURPOSES), ("moment", MOMENTS), ("on_refusal", ON_REFUSAL)):
        if fields[key] not in codes:
            raise InvalidError(f"{where}: `{key}` of a notice is one of: {', '.join(codes)}")
    if not _CODE.fullmatch(str(fields["id"])) or not _VERSION.fullmatch(str(fields["version"])):
        raise InvalidError(f"{where}: a notice has a code as id and three numbers as version")
    return Notice(
        id=fields["id"],
        purpose=fields["purpose"],
        version=fields["version"],
        title=_bilingual(fields["title"], where),
        text=_bilingual(fields["text"], where),
        moment=fields["moment"],
        on_refusal=fields["on_refusal"],
    )


def _table(path: Path, where: str) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        if len(content) > FILE_BYTES_MAX:
            raise InvalidError(f"{where} has more than {FILE_BYTES_MAX} bytes")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise InvalidError(f"{where} cannot be read: check that the file is there") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise InvalidError(f"{where} is not a TOML file: {error}") from error


def _rows(entry: Any, where: str) -> list[Any]:
    if not isinstance(entry, list):
        raise InvalidError(f"{where}: seats, profiles, notices and skills are lists")
    return entry


def _exactly(entry: Any, keys: set[str], where: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or set(entry) != keys:
        raise InvalidError(f"{where}: exactly these keys are needed: {', '.join(sorted(keys))}")
    return entry


def _dict(entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise InvalidError(f"{where}: facts are tables by section")
    return entry


def _codes_of(entry: Any, codes: frozenset[str], where: str) -> tuple[str, ...]:
    if not isinstance(entry, list) or len(set(map(str, entry))) != len(entry) or not set(map(str, entry)) <= codes:
        raise InvalidError(f"{where}: a list of known facts, each once")
    return tuple(entry)


def _bilingual(entry: Any, where: str) -> dict[str, str]:
    if (
        not isinstance(entry, dict)
        or set(entry) != {"zh", "en"}
        or not all(isinstance(t, str) and t.strip() for t in entry.values())
    ):
        raise InvalidError(f"{where}: texts are there in zh and in en")
    return entry


def _flag(entry: Any, where: str) -> bool:
    if not isinstance(entry, bool):
        raise InvalidError(f"{where}: true or false is expected")
    return entry


def _whole(entry: Any, least: int, most: int, where: str) -> int:
    if not isinstance(entry, int) or isinstance(entry, bool) or not least <= entry <= most:
        raise InvalidError(f"{where}: a whole number from {least} to {most} is expected")
    return entry
