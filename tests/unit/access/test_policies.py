"""Policies are read strictly: what is wrong with them stops the start, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.govern.access.policies import DEFAULT_RULE, load_policies, policies_directory, read_policies
from tests.fakes.access.worlds import shipped_policies

SCHEMA = """
entity Staff = { tenant: String };
entity Case = { tenant: String };
action "case.read", "case.play" appliesTo { principal: [Staff], resource: [Case], context: { purpose: String } };
"""
NOTES = '@clause("law:1")\n@next_step_zh("问")\n@next_step_en("ask")\n'
DEFAULT = f'@id("{DEFAULT_RULE}")\n{NOTES}forbid(principal, action, resource) when {{ false }};\n'


def policy(name: str = "one", body: str = 'permit(principal, action == Action::"case.read", resource);') -> str:
    return f'@id("{name}")\n{NOTES}{body}\n'


def test_the_shipped_policies_hold_to_their_schema_and_say_clause_and_next_step_in_both_languages() -> None:
    policies = shipped_policies()
    assert len(policies.rules) > 30 and len(policies.actions) > 40
    for rule in policies.rules.values():
        assert rule.clauses and rule.next_step["zh"] and rule.next_step["en"]
        assert any("\u4e00" <= character <= "\u9fff" for character in rule.next_step["zh"]), rule.id
        assert rule.next_step["en"].isascii(), rule.id


def test_every_action_can_be_done_by_somebody_or_is_no_action() -> None:
    policies = shipped_policies()
    assert not [action for action in policies.actions if not policies.permits[action]]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (policy(body="permit(principal, action resource);"), "line 6", "unexpected token"),
        ("// a comment\n\n" + policy(body="permit(principal, action, resource) when { principal.x + };"), "line 8", "unexpected"),
        (policy(body='permit(principal, action == Action::"case.raed", resource);'), "line 6", "case.raed"),
        (
            policy(body='permit(principal is Staff, action == Action::"case.read", resource) when { principal.salary > 1 };'),
            "6",
            "salary",
        ),
        ('@id("bare")\npermit(principal, action, resource);', "line 6", "@clause"),
        (policy(DEFAULT_RULE), "line 6", "already"),
        (policy() + policy(body="permit(principal, action, resource)"), "line 11", "unexpected end"),
    ],
)
def test_a_malformed_policy_is_refused_by_file_and_line(text: str, where: str, what: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_policies({"mine.cedar": DEFAULT + text}, SCHEMA)
    message = str(refused.value)
    assert message.startswith("mine.cedar, line ") and where in message and what in message, message


def test_semicolons_in_texts_and_comments_end_no_policy() -> None:
    text = '// one; two\n@id("a")\n@clause("law:1")\n@next_step_zh("问；再问")\n@next_step_en("ask; \\"then\\" go")\n'
    read = read_policies({"a.cedar": DEFAULT + text + "permit(principal, action, resource); // done;"}, SCHEMA)
    assert set(read.rules) == {DEFAULT_RULE, "a"} and read.rules["a"].next_step["en"] == 'ask; "then" go'


def test_without_the_default_rule_nothing_starts() -> None:
    with pytest.raises(InvalidError, match=DEFAULT_RULE):
        read_policies({"a.cedar": policy()}, SCHEMA)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidError, match="schema"):
        read_policies({"a.cedar": DEFAULT}, "entity Staff = {")


def test_a_folder_without_policies_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="schema"):
        load_policies(tmp_path)
    assert policies_directory().is_dir()


def test_an_action_keeps_only_the_statements_that_may_concern_it() -> None:
    text = DEFAULT + policy("reads") + policy("plays", 'permit(principal, action == Action::"case.play", resource);')
    read = read_policies({"a.cedar": text + policy("all", "forbid(principal, action, resource) when { false };")}, SCHEMA)
    assert len(read.of_action["case.read"]) == 3 and [rule.id for _, rule in read.permits["case.read"]] == ["reads"]
