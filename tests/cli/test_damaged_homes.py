"""A home with a part missing or damaged: every command says which, with the family's exit code, and never writes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.quiet_home import Sealed, jianlu

Copy = Callable[[], Sealed]


def _gone(name: str) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        target = home / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return damage


def _overwritten(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        (home / name).write_bytes(content)

    return damage


def _opened_to_all(home: Path) -> None:
    (home / "secrets" / "ledger.key").chmod(0o644)


DAMAGES: list[tuple[str, Callable[[Path], None], int, str]] = [
    ("settings with an unknown key", _overwritten("jianlu.toml", b"[extra]\nkey = 1\n"), 2, "extra"),
    ("settings that are no text", _overwritten("jianlu.toml", b"\xff\xfe"), 2, "jianlu.toml"),
    ("settings that are gone", _gone("jianlu.toml"), 4, "jianlu init"),
    ("a root key that is damaged", _overwritten("secrets/root.key", b"x"), 2, "root key"),
    ("a root key that is gone", _gone("secrets/root.key"), 4, "root key"),
    ("a ledger key that is damaged", _overwritten("secrets/ledger.key", b"x"), 2, "ledger.key"),
    ("a ledger key that others can read", _opened_to_all, 3, "chmod 600"),
    ("a package key that is gone", _gone("secrets/package.key"), 4, "package.key"),
    ("a ledger that is gone", _gone("ledger"), 4, "ledger"),
    ("a checkpoint that is damaged", _overwritten("ledger/checkpoint", b"xx\n"), 90, "checkpoint"),
]


@pytest.mark.parametrize(("damage", "code", "told"), [case[1:] for case in DAMAGES], ids=[case[0] for case in DAMAGES])
def test_a_damaged_home_is_refused_and_the_part_is_named(
    damage: Callable[[Path], None], code: int, told: str, copied: Copy
) -> None:
    world = copied()
    damage(world.home)
    for command in (
        ["seal", world.media, "--case", world.case, "-o", world.package, "--home", world.home],
        ["vault", "reindex", "--home", world.home],
    ):
        answer = jianlu(*command)
        assert answer.code == code, answer.err
        assert told in answer.err and answer.err.count("\n") == 1 and answer.out == ""


def test_an_index_that_is_garbage_may_be_deleted_and_rebuilt(copied: Copy) -> None:
    world = copied()
    for path in world.home.glob("index.sqlite*"):
        path.unlink()
    (world.home / "index.sqlite").write_bytes(b"garbage" * 1000)
    answer = jianlu("vault", "reindex", "--home", world.home)
    assert answer.code == 75
    assert "deleted first" in answer.err
    (world.home / "index.sqlite").unlink()
    assert jianlu("vault", "reindex", "--home", world.home, "--json").document["cases"] == 1


def test_objects_that_are_gone_are_counted_by_reindex_and_no_package_is_made(copied: Copy) -> None:
    world = copied()
    world.package.unlink()
    shutil.rmtree(world.home / "vault")
    answer = jianlu("seal", world.media, "--case", world.case, "-o", world.package, "--home", world.home)
    assert answer.code in (4, 90)
    assert not world.package.exists()
    assert jianlu("vault", "reindex", "--home", world.home, "--json").document["objects_gone"] > 5
