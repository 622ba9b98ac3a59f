"""Lists: what the policies still ask of a resource when everything else is known, compiled to SQL.

Cedar answers a question without its resource by residual policies (partial evaluation); each is compiled to an expression over the
columns that hold the resource's attributes. What cannot be compiled raises: a list is never longer than what its single looks would allow.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cedarpy import Decision as CedarDecision
from cedarpy import is_authorized_partial
from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, true

from jianlu.core.errors import IntegrityError
from jianlu.govern.access.decide import Access
from jianlu.govern.access.model import check_action, check_purpose
from jianlu.govern.access.policies import Policies
from jianlu.govern.identity.model import Principal

Columns = Mapping[str, ColumnElement[Any]]


def filter_for(
    access: Access, who: Principal, action: str, entity_type: str, columns: Columns, *, purpose: str = ""
) -> ColumnElement[bool]:
    """The condition under which `who` may do `action` to a row of `entity_type`, whose attributes are `columns` (none of them null).

    Emergencies and approvals concern single resources and enter no list. IntegrityError when a policy asks what no column can answer.
    """
    return filter_by(access.policies, access.principal_entity(who), action, entity_type, columns, purpose=purpose)


def filter_by(
    policies: Policies, asker: Mapping[str, Any], action: str, entity_type: str, columns: Columns, *, purpose: str = ""
) -> ColumnElement[bool]:
    """As `filter_for`, by these policies and for whoever `asker` is as policies see them."""
    known = policies.of_action.get(check_action(action))
    if known is None:
        return false()
    request = {
        "principal": f"{asker['uid']['type']}::{json.dumps(asker['uid']['id'])}",
        "action": f'Action::"{action}"',
        "context": {"purpose": check_purpose(purpose), "is_emergency": False, "is_approved": False},
    }
    entities = [asker, {"uid": {"type": "Action", "id": action}, "attrs": {}, "parents": []}]
    answer = is_authorized_partial(request, known, json.dumps(entities))
    if answer.diagnostics.errors:
        raise IntegrityError("a policy cannot be asked for a list: look at the policies, lists are closed until then")
    if answer.decision is not CedarDecision.NoDecision:
        return true() if answer.decision is CedarDecision.Allow else false()
    compiler = _Compiler(entity_type, columns)
    allowing, denying = [
        [compiler.policy(each) for name, each in sorted(answer.residuals.items()) if each["effect"] == effect]
        for effect in ("permit", "forbid")
    ]
    found = _both(_any(allowing), _not(_any(denying)))
    return found if isinstance(found, ColumnElement) else true() if found else false()


Term = ColumnElement[Any] | bool | str | int
"""What is known already is a value of Python's, so that no database compares constants once a row."""


class _Compiler:
    """From the residual's syntax tree (Cedar's JSON format) to SQL, for one type of resource."""

    def __init__(self, entity_type: str, columns: Columns) -> None:
        self._type = entity_type
        self._columns = columns
        self._known: Mapping[str, Callable[[Any], Term]] = {
            "Value": self._value,
            "&&": lambda each: _both(self._of(each["left"]), self._of(each["right"])),
            "||": lambda each: _any([self._of(each["left"]), self._of(each["right"])]),
            "!": lambda each: _not(self._of(each["arg"])),
            "==": self._comparison(_same),
            "!=": self._comparison(lambda left, right: _not(_same(left, right))),
            "<": self._comparison(operator.lt),
            "<=": self._comparison(operator.le),
            ">": self._comparison(operator.gt),
            ">=": self._comparison(operator.ge),
            ".": self._attribute,
            "has": self._has,
            "is": self._is,
            "like": self._like,
            "contains": self._contains,
        }

    def policy(self, residual: Mapping[str, Any]) -> Term:
        """All conditions of one residual together."""
        if any(residual[part]["op"] != "All" for part in ("principal", "action", "resource")):
            raise _unknown("a scope")
        met: Term = True
        for each in residual["conditions"]:
            compiled = self._of(each["body"])
            met = _both(met, compiled if each["kind"] == "when" else _not(compiled))
        return met

    def _of(self, node: Mapping[str, Any]) -> Term:
        ((name, content),) = node.items()
        if name not in self._known:
            raise _unknown(name)
        return self._known[name](content)

    def _comparison(self, by: Callable[[Any, Any], Term]) -> Callable[[Any], Term]:
        return lambda each: by(self._of(each["left"]), self._of(each["right"]))

    def _value(self, value: object) -> Term:
        if isinstance(value, bool | str | int):
            return value
        raise _unknown("a value that is no text, number or truth")

    def _attribute(self, each: Mapping[str, Any]) -> Term:
        self._require_resource(each["left"])
        if each["attr"] not in self._columns:
            raise _unknown(f"the attribute {each['attr']}")
        return self._columns[each["attr"]]

    def _has(self, each: Mapping[str, Any]) -> Term:
        self._require_resource(each["left"])
        return each["attr"] in self._columns

    def _is(self, each: Mapping[str, Any]) -> Term:
        self._require_resource(each["left"])
        return each["entity_type"] == self._type and "in" not in each

    def _like(self, each: Mapping[str, Any]) -> Term:
        """A beginning alone: databases differ in whether LIKE sees capitals."""
        *letters, last = each["pattern"]
        if last != "Wildcard" or any(letter == "Wildcard" for letter in letters):
            raise _unknown("a pattern that is no beginning")
        begins, text = "".join(letter["Literal"] for letter in letters), self._of(each["left"])
        return text.startswith(begins) if isinstance(text, str) else func.substr(text, 1, len(begins)) == begins

    def _contains(self, each: Mapping[str, Any]) -> Term:
        if "Set" not in each["left"]:
            raise _unknown("a set that is not written out")
        looked_for = self._of(each["right"])
        return _any(_same(looked_for, self._of(member)) for member in each["left"]["Set"])

    def _require_resource(self, node: Mapping[str, Any]) -> None:
        if node.get("unknown") != [{"Value": "resource"}]:
            raise _unknown("something other than the resource")


def _same(left: Term, right: Term) -> Term:
    """As Cedar has it: a text is never a number, nor a truth."""
    if isinstance(left, ColumnElement) or isinstance(right, ColumnElement):
        equal: ColumnElement[bool] = _element(left) == _element(right)
        return equal
    return type(left) is type(right) and left == right


def _both(left: Term, right: Term) -> Term:
    if isinstance(left, ColumnElement) and isinstance(right, ColumnElement):
        return and_(left, right)
    if isinstance(left, ColumnElement):
        left, right = right, left
    return right if _truth(left) else False


def _any(terms: Iterable[Term]) -> Term:
    """One of them."""
    found = list(terms)
    columns = [term for term in found if isinstance(term, ColumnElement)]
    if any(_truth(term) for term in found if not isinstance(term, ColumnElement)):
        return True
    return or_(*columns) if columns else False


def _not(term: Term) -> Term:
    return not_(term) if isinstance(term, ColumnElement) else not _truth(term)


def _truth(term: Term) -> bool:
    if not isinstance(term, bool):
        raise _unknown("whether a text or a number is true")
    return term


def _element(term: Term) -> ColumnElement[Any]:
    return term if isinstance(term, ColumnElement) else literal(term)


def _unknown(what: str) -> IntegrityError:
    return IntegrityError(
        f"a policy of a list asks for {what}, which no column answers: state it by what specs/policies.md allows"
    )
