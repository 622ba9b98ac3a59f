"""The whole main job, upload to verified package, with the root key in each keeper; and what it says when the keeper is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.runtime.key_settings import KeySettings, with_key_settings
from jianlu.runtime.settings import parse_settings, read_settings
from tests.fakes.quiet_home import Sealed, jianlu, make_sealed, write_case
from tests.fakes.vault.keepers import KEEPERS, key_table
from tests.fakes.vault.openbao import BaoServer
from tests.fakes.vault.softhsm import SoftHsm

INTACT_NOT_COMPLETE = 10
"""What `jianlu verify` says of a package that was not altered and was made without engines."""


def _sealed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Sealed:
    return make_sealed(tmp_path, keys=key_table(kind, tmp_path, request))


def _seal_another(sealed: Sealed, tmp_path: Path) -> int:
    case = write_case(tmp_path / "other.toml", "quiet-0002")
    return jianlu("seal", sealed.media, "--case", case, "-o", tmp_path / "other.jlp", "--home", sealed.home).code


@pytest.mark.parametrize("kind", KEEPERS)
def test_a_session_is_sealed_and_its_package_verified_with_every_keeper(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sealed = _sealed(kind, tmp_path, request)
    assert jianlu("verify", sealed.package, "--trust", sealed.home / "trust.json").code == INTACT_NOT_COMPLETE
    record = (sealed.home / "vault-keys" / "demo-bank" / "tenant.key").read_text()
    assert f'"suite":"{kind}/1"' in record
    assert (sealed.home / "secrets" / "root.key").exists() is False
    settings = read_settings(sealed.home).keys
    assert settings.backend == kind
    assert kind == "file" or settings.key.startswith("jianlu-")


def test_nothing_is_sealed_while_the_token_is_away_and_everything_once_it_is_back(
    softhsm: SoftHsm, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sealed = _sealed("pkcs11", tmp_path, request)
    with softhsm.unplugged():
        assert _seal_another(sealed, tmp_path) == 75
        assert not (tmp_path / "other.jlp").exists()
    assert _seal_another(sealed, tmp_path) == 0


def test_nothing_is_sealed_while_openbao_is_sealed_and_everything_once_it_is_not(
    openbao: BaoServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sealed = _sealed("openbao", tmp_path, request)
    openbao.seal()
    try:
        assert _seal_another(sealed, tmp_path) == 75
    finally:
        openbao.unseal()
    assert _seal_another(sealed, tmp_path) == 0


def test_no_home_is_begun_while_its_keeper_is_away(softhsm: SoftHsm, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    table = key_table("pkcs11", tmp_path, request)
    with softhsm.unplugged():
        assert jianlu("init", tmp_path / "home", "--keys", table).code == 75
    assert jianlu("init", tmp_path / "home", "--keys", table).code == 0


@pytest.mark.parametrize(
    "table",
    [
        "",
        '[keys]\nbackend = "paper"\n',
        '[keys]\nbackend = "openbao"\nurl = "https://keys.example.org"\n',
        '[keys]\nbackend = "pkcs11"\nmodule = "m"\n',
        'keys = "file"\n',
    ],
)
def test_a_table_that_is_none_or_not_whole_is_refused_before_anything_is_made(table: str, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(table)
    answer = jianlu("init", tmp_path / "home", "--keys", tmp_path / "keys.toml")
    assert answer.code == 2 and "deploy/jianlu.toml" in answer.err
    assert not (tmp_path / "home").exists()


def test_the_table_changes_in_the_settings_file_and_nothing_else_does() -> None:
    wanted = KeySettings(backend="openbao", key="k", url="https://keys.example.org", token_file="/etc/token")
    before = '[tenant]\nid = "a"\n\n[keys]\n# why\nbackend = "file"\n\n[index]\n# words\nurl = "sqlite:///i"\n'
    after = with_key_settings(before, wanted)
    assert parse_settings(after).keys == wanted
    assert parse_settings(after).index == parse_settings(before).index
    assert after.endswith('[index]\n# words\nurl = "sqlite:///i"\n') and after.startswith('[tenant]\nid = "a"\n\n[keys]\n')
    assert parse_settings(with_key_settings("", wanted)).keys == wanted
