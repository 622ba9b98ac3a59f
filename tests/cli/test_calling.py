"""Every command of `docs/cli.md`: help, unknown options, missing arguments, and which home is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu import __version__
from jianlu.core.errors import (
    ConflictError,
    DeniedError,
    IntegrityError,
    InvalidError,
    JianluError,
    NotFoundError,
    UnavailableError,
)
from jianlu.entry.reactions import reaction_to
from tests.conftest import ROOT
from tests.fakes.quiet_home import jianlu

COMMANDS = [
    ["init"],
    ["sample"],
    ["plan"],
    ["diff"],
    ["seal"],
    ["verify"],
    ["ledger", "fsck"],
    ["ledger", "prove"],
    ["ledger", "export"],
    ["vault", "reindex"],
    ["destruction", "list"],
    ["destruction", "ask"],
    ["destruction", "certificate"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_the_option_json(command: list[str]) -> None:
    answer = jianlu(*command, "--help")
    assert answer.code == 0
    assert "--json" in answer.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_documentation(command: list[str]) -> None:
    assert f"`jianlu {' '.join(command)}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_a_wrong_call_and_is_named(command: list[str], tmp_path: Path) -> None:
    answer = jianlu(*command, "--no-such-option", tmp_path / "x")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err != ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command not in (["vault", "reindex"], ["destruction", "list"])], ids=" ".join
)
def test_a_missing_argument_is_a_wrong_call(command: list[str]) -> None:
    assert jianlu(*command).code == 2


def test_an_unknown_command_is_a_wrong_call() -> None:
    assert jianlu("certify", "x").code == 2


def test_the_program_alone_shows_its_commands() -> None:
    answer = jianlu()
    assert answer.code == 0
    assert all(command[0] in answer.out for command in COMMANDS)


def test_the_version_is_printed() -> None:
    answer = jianlu("--version")
    assert (answer.code, answer.out.strip()) == (0, __version__)


def test_without_a_home_the_call_is_wrong_and_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIANLU_HOME", raising=False)
    answer = jianlu("vault", "reindex")
    assert answer.code == 2
    assert "--home" in answer.err and "JIANLU_HOME" in answer.err


def test_a_folder_that_is_no_home_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANLU_HOME", str(tmp_path))
    answer = jianlu("vault", "reindex")
    assert answer.code == 4
    assert "jianlu init" in answer.err


def test_a_language_that_we_do_not_speak_is_a_wrong_call(tmp_path: Path) -> None:
    assert jianlu("plan", tmp_path / "case.toml", "--language", "fr").code == 2
    assert jianlu("verify", tmp_path / "x.jlp", "--language", "fr").code == 2


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (InvalidError, 2),
        (DeniedError, 3),
        (NotFoundError, 4),
        (ConflictError, 5),
        (UnavailableError, 75),
        (IntegrityError, 90),
    ],
)
def test_each_family_of_errors_has_its_exit_code(family: type[JianluError], code: int) -> None:
    assert reaction_to(family("x")).exit_code == code
