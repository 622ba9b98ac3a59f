"""Policies from their folder: Cedar text, checked against its schema, parsed once. Format: `specs/policies.md`.

Each statement carries `@id`, `@clause` and the next step after a denial (`@next_step_zh`, `@next_step_en`). For each action only the
statements that may concern it are kept together: the others could not be satisfied, and asking them costs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cedarpy import PolicySet, Schema, policies_to_json_str, validate_policies

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.govern.access._statements import Statement, statements_of
from jianlu.govern.access.model import Rule

SCHEMA_FILE = "schema.cedarschema"
DEFAULT_RULE = "deny-by-default"
"""The id of the statement that never fires and says what a denial for want of any rule rests on."""

_RESOURCES = re.compile(r"resource:\s*\[([^\]]*)\]")
_ANNOTATIONS = {"id", "clause", "next_step_zh", "next_step_en"}


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything that decisions rest on.

    `of_action` holds, by action, the statements that may concern it; `permits` the rules of those that allow, in order, each with the
    type of principal that it is for; `kinds` the types of resources that it may be asked of; `concerning` the ids of the statements.
    `texts` are the files, `statements` what they say, by id. `digest` is SHA-256 over all texts.
    """

    rules: Mapping[str, Rule]
    of_action: Mapping[str, PolicySet]
    permits: Mapping[str, tuple[tuple[str, Rule], ...]]
    kinds: Mapping[str, tuple[str, ...]]
    concerning: Mapping[str, frozenset[str]]
    texts: Mapping[str, str]
    statements: Mapping[str, str]
    schema_text: str
    digest: str

    @property
    def actions(self) -> frozenset[str]:
        """Every action that there is."""
        return frozenset(self.kinds)

    @property
    def default(self) -> Rule:
        """What a denial says when no rule allows."""
        return self.rules[DEFAULT_RULE]


@dataclass(frozen=True, slots=True)
class _Read:
    rule: Rule
    text: str
    effect: str
    actions: frozenset[str] | None
    principal: str


def policies_directory() -> Path:
    """Where the policies that come with the software are; NotFoundError when the installation lacks them."""
    found = Path(str(files("jianlu"))) / "_policies"
    if not found.is_dir():
        raise NotFoundError("the policies are missing from this installation: install jianlu again from a complete wheel")
    return found


def load_policies(directory: Path) -> Policies:
    """The policies of a folder; InvalidError names file and line of what is wrong, NotFoundError a folder that is none."""
    if not (directory / SCHEMA_FILE).is_file():
        raise NotFoundError(f"there is no {SCHEMA_FILE} in the folder of policies: check the path")
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.cedar"))}
    return read_policies(texts, (directory / SCHEMA_FILE).read_text(encoding="utf-8"))


def read_policies(texts: Mapping[str, str], schema_text: str) -> Policies:
    """The policies of `texts` (file name to Cedar text); errors as `load_policies`."""
    schema = _schema(schema_text)
    kinds = _kinds(schema_text)
    read: dict[str, _Read] = {}
    for name, text in texts.items():
        for statement in statements_of(text):
            each = _read(name, statement, schema)
            if each.rule.id in read:
                raise InvalidError(
                    f"{name}, line {statement.line}: there is a policy {each.rule.id} already: give this one another @id"
                )
            read[each.rule.id] = each
    if DEFAULT_RULE not in read:
        raise InvalidError(f"the policies lack {DEFAULT_RULE}: it says what a denial rests on when no rule allows")
    return _together(list(read.values()), kinds, texts, schema_text)


def _together(read: list[_Read], kinds: Mapping[str, tuple[str, ...]], texts: Mapping[str, str], schema_text: str) -> Policies:
    concerning = {action: [each for each in read if each.actions is None or action in each.actions] for action in kinds}
    return Policies(
        rules={each.rule.id: each.rule for each in read},
        of_action={action: PolicySet.from_str("\n".join(each.text for each in some)) for action, some in concerning.items()},
        permits={
            action: tuple((each.principal, each.rule) for each in some if each.effect == "permit")
            for action, some in concerning.items()
        },
        kinds=kinds,
        concerning={action: frozenset(each.rule.id for each in some) for action, some in concerning.items()},
        texts=dict(texts),
        statements={each.rule.id: each.text for each in read},
        schema_text=schema_text,
        digest=digest_of(json.dumps([dict(texts), schema_text], sort_keys=True).encode()),
    )


def _schema(text: str) -> Schema:
    try:
        return Schema.from_str(text)
    except ValueError as error:
        raise InvalidError(f"{SCHEMA_FILE}: {_brief(error)}: correct it") from error


def _kinds(text: str) -> Mapping[str, tuple[str, ...]]:
    """The actions that the schema declares, each with the types of resources that it applies to."""
    found: dict[str, tuple[str, ...]] = {}
    for statement in statements_of(text):
        if statement.text.startswith("action"):
            names, _, applies = statement.text.removeprefix("action").partition("appliesTo")
            listed = _RESOURCES.search(applies)
            kinds = tuple(part.strip() for part in listed.group(1).split(",")) if listed else ()
            found |= {part.strip().strip('"'): kinds for part in names.split(",")}
    return found


def _read(name: str, statement: Statement, schema: Schema) -> _Read:
    where = f"{name}, line {statement.line}"
    try:
        (policy,) = json.loads(policies_to_json_str(statement.text))["staticPolicies"].values()
    except ValueError as error:
        raise InvalidError(f"{where}: {_brief(error)}: correct the policy") from error
    annotations = policy.get("annotations") or {}
    if lost := sorted(_ANNOTATIONS - {key for key, text in annotations.items() if text}):
        raise InvalidError(f"{where}: the policy lacks @{lost[0]}: a denial must say rule, clause and next step")
    checked = validate_policies(statement.text, schema)
    if not checked.validation_passed:
        raise InvalidError(f"{where}: {_brief(checked.errors[0].error)}: correct the policy, or declare it in {SCHEMA_FILE}")
    steps: Mapping[Any, str] = {"zh": annotations["next_step_zh"], "en": annotations["next_step_en"]}
    rule = Rule(annotations["id"], tuple(annotations["clause"].split()), steps)
    return _Read(rule, statement.text, policy["effect"], _scope(policy["action"]), _principal(policy["principal"]))


def _scope(action: Mapping[str, Any]) -> frozenset[str] | None:
    """The actions that a statement is limited to, None for any."""
    if action["op"] == "==":
        return frozenset({str(action["entity"]["id"])})
    if action["op"] == "in":
        return frozenset(str(each["id"]) for each in action.get("entities") or [action["entity"]])
    return None


def _principal(principal: Mapping[str, Any]) -> str:
    return str(principal.get("entity_type") or "")


def _brief(error: object) -> str:
    return str(error).strip().splitlines()[0][:300]
