"""What a change of policies would change: every situation in which the answer differs, found by asking both versions.

Asked of the engine that decides. Where no statement that was changed, added or taken away is satisfied, the answers cannot differ: so
all situations are asked of those statements alone, and only where one of them speaks both versions are asked in full.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cedarpy import Entities, PolicySet, is_authorized_batch

from jianlu.govern.access.decide import EMERGENCIES, FOUR_EYES
from jianlu.govern.access.policies import Policies
from jianlu.govern.access.situations import CONTEXTS, Situation, context_of, situations_of

ASKED_MAX = 6_000
"""Questions that are put to both versions in full; where more would have to be, the effect says that it is not whole."""

EXAMPLES_MAX = 4


@dataclass(frozen=True, slots=True)
class Change:
    """An action that `who` (a role, or `seat`) could not do and can (`opens`), or could and cannot, to a `kind` of thing.

    `times` says in how many situations; each of `examples` is codes of `situations.py` apart by spaces.
    """

    who: str
    action: str
    kind: str
    opens: bool
    times: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """`tried` situations were looked at; `is_whole` when none had to be left out. `statements` are the ids that differ."""

    tried: int
    is_whole: bool
    changes: tuple[Change, ...]
    statements: tuple[str, ...]

    def opened_to(self, roles: frozenset[str]) -> tuple[Change, ...]:
        """What would be opened to somebody of these roles."""
        return tuple(each for each in self.changes if each.opens and each.who in roles)

    @property
    def document(self) -> dict[str, Any]:
        """As it is kept and shown."""
        changes = [{**asdict(each), "examples": list(each.examples)} for each in self.changes]
        return {"tried": self.tried, "is_whole": self.is_whole, "statements": list(self.statements), "changes": changes}


def effect_of(old: Policies, new: Policies) -> Effect:
    """The situations in which `new` answers otherwise than `old`, which have one schema."""
    names = sorted({*old.statements, *new.statements})
    differing = tuple(name for name in names if old.statements.get(name) != new.statements.get(name))
    texts = [each for name in differing for each in (old.statements.get(name), new.statements.get(name)) if each]
    if not texts:
        return Effect(0, True, (), ())
    spoken, tried, is_whole = PolicySet.from_str("\n".join(texts)), 0, True
    asked = 0
    found: dict[tuple[str, str, str, bool], list[str]] = {}
    for at, entities, requests in _questions(_actions(old, new, differing), _contexts(texts)):
        tried += len(requests)
        touched = [each for each, answer in zip(requests, _ask(requests, spoken, entities), strict=True) if answer.is_touched]
        if asked + len(touched) > ASKED_MAX:
            touched, is_whole = touched[: ASKED_MAX - asked], False
        asked += len(touched)
        for request, before, after in _answers(touched, old, new, entities):
            if before != after:
                words = " ".join((*at.words, *([request["code"]] if request["code"] != "plain" else [])))
                found.setdefault((at.who, request["action"]["id"], at.kind, after), []).append(words)
    changes = [
        Change(who, action, kind, opens, len(words), tuple(dict.fromkeys(words))[:EXAMPLES_MAX])
        for (who, action, kind, opens), words in sorted(found.items())
    ]
    return Effect(tried, is_whole, tuple(changes), differing)


@dataclass(frozen=True, slots=True)
class _Answer:
    is_allowed: bool
    is_touched: bool


def _actions(old: Policies, new: Policies, differing: tuple[str, ...]) -> Mapping[str, list[str]]:
    """The actions that a differing statement may concern, by the type of what they are done to."""
    found: dict[str, list[str]] = {}
    for action, kinds in sorted(new.kinds.items()):
        if (old.concerning[action] | new.concerning[action]) & set(differing):
            for kind in kinds:
                found.setdefault(kind, []).append(action)
    return found


def _contexts(texts: list[str]) -> tuple[str, ...]:
    """Those that matter always, and the purposes that a differing statement names."""
    return tuple(code for code in CONTEXTS if not code.startswith("for_") or any(f'"{code[4:]}"' in text for text in texts))


def _matters(action: str, code: str) -> bool:
    """A second person is asked for some acts alone; for others no decision knows of one."""
    return {"emergency": action in EMERGENCIES, "approved": action in FOUR_EYES}.get(code, True)


def _questions(
    actions: Mapping[str, list[str]], contexts: tuple[str, ...]
) -> Iterator[tuple[Situation, Entities, list[dict[str, Any]]]]:
    """Each situation with all that can be asked in it."""
    for kind, some in sorted(actions.items()):
        for at in situations_of(kind):
            entities = Entities.from_json_str(json.dumps([at.principal, at.resource]))
            yield at, entities, [_request(at, action, code) for action in some for code in contexts if _matters(action, code)]


def _request(at: Situation, action: str, code: str) -> dict[str, Any]:
    context = context_of(code)
    uids = {"principal": at.principal["uid"], "resource": at.resource["uid"]}
    return {**uids, "action": {"type": "Action", "id": action}, "context": context, "code": code}


def _ask(requests: list[dict[str, Any]], policies: PolicySet, entities: Entities) -> list[_Answer]:
    plain = [{name: part for name, part in each.items() if name != "code"} for each in requests]
    answers = is_authorized_batch(plain, policies, entities)
    return [
        _Answer(
            is_allowed=bool(each.allowed) and not each.diagnostics.errors,
            is_touched=bool(each.diagnostics.reasons or each.diagnostics.errors),
        )
        for each in answers
    ]


def _answers(
    requests: list[dict[str, Any]], old: Policies, new: Policies, entities: Entities
) -> Iterator[tuple[dict[str, Any], bool, bool]]:
    by_action: dict[str, list[dict[str, Any]]] = {}
    for each in requests:
        by_action.setdefault(each["action"]["id"], []).append(each)
    for action, some in by_action.items():
        before, after = (_in_full(some, policies.of_action, action, entities) for policies in (old, new))
        yield from zip(some, before, after, strict=True)


def _in_full(requests: list[dict[str, Any]], of_action: Mapping[str, PolicySet], action: str, entities: Entities) -> list[bool]:
    return [each.is_allowed for each in _ask(requests, of_action[action], entities)]
