"""OpenBao away, sealed, refusing, rotated: each says what to do next, and nothing is opened that should not be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.keys.openbao import OpenBaoKeys
from jianlu.backends.keys.openbao_session import AppRole, BaoSession, TokenFile
from jianlu.backends.spools.files import FileSpool
from jianlu.core.errors import DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from tests.fakes.eventually import eventually
from tests.fakes.vault.openbao import BaoServer, write_secret

POLICY = """
path "transit/encrypt/{key}" {{ capabilities = ["update"] }}
path "transit/decrypt/{key}" {{ capabilities = ["update"] }}
path "transit/keys/{key}" {{ capabilities = ["read"] }}
"""


@pytest.fixture
def restored(openbao: BaoServer) -> Iterator[BaoServer]:
    """The server, brought back afterwards whatever the test did to it."""
    yield openbao
    openbao.unseal()


def _limited(openbao: BaoServer, tmp_path: Path, key: str) -> OpenBaoKeys:
    """A keeper with the rights that the manual gives it, and no more."""
    openbao.keys(tmp_path, key)
    openbao.ask("PUT", f"sys/policies/acl/{key}", {"policy": POLICY.format(key=key)})
    token = openbao.token_file(tmp_path, key)
    return OpenBaoKeys(BaoSession(openbao.url, TokenFile(token)), key)


def test_a_sealed_server_is_unavailable_and_works_again_once_unsealed(restored: BaoServer, tmp_path: Path) -> None:
    keys = restored.keys(tmp_path)
    wrapped = keys.wrap(bytes(32), b"c")
    restored.seal()
    with pytest.raises(UnavailableError, match="unseal"):
        keys.unwrap(wrapped, b"c")
    with pytest.raises(UnavailableError, match="unseal"):
        keys.wrap(bytes(32), b"c")
    restored.unseal()
    assert keys.unwrap(wrapped, b"c") == bytes(32)


def test_a_server_that_lost_power_is_unavailable_and_works_again_once_it_is_back(restored: BaoServer, tmp_path: Path) -> None:
    keys = restored.keys(tmp_path)
    wrapped = keys.wrap(bytes(32), b"c")
    restored.stop()
    try:
        with pytest.raises(UnavailableError, match="does not answer"):
            keys.unwrap(wrapped, b"c")
    finally:
        restored.start()
    assert keys.unwrap(wrapped, b"c") == bytes(32)


def test_a_spool_goes_on_while_the_server_is_away_and_one_that_was_begun_then_takes_nothing(
    restored: BaoServer, tmp_path: Path
) -> None:
    keys = restored.keys(tmp_path)
    begun = FileSpool(tmp_path / "begun", "case-1", keys)
    begun.append(b"first")
    restored.seal()
    begun.append(b"second")
    fresh = FileSpool(tmp_path / "fresh", "case-2", keys)
    with pytest.raises(UnavailableError, match="unseal"):
        fresh.append(b"never taken")
    with pytest.raises(UnavailableError, match="unseal"):
        FileSpool(tmp_path / "begun", "case-1", keys).first()  # a recorder that was killed meanwhile waits
    restored.unseal()
    keys.rotate()
    again = FileSpool(tmp_path / "begun", "case-1", keys)
    assert (again.first(), again.count) == (b"first", 2)
    again.drop_first()
    assert again.first() == b"second"
    assert FileSpool(tmp_path / "fresh", "case-2", keys).count == 0


def test_a_server_that_is_silent_is_given_up_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        session = BaoSession(url, TokenFile(write_secret(tmp_path / "token", "s.none")), within_s=0.2)
        with pytest.raises(UnavailableError, match="does not answer"):
            OpenBaoKeys(session, "k").wrap(bytes(32), b"c")


def test_the_rights_of_the_manual_suffice_and_allow_no_rotation(openbao: BaoServer, tmp_path: Path) -> None:
    keys = _limited(openbao, tmp_path, "jianlu-limited")
    keys.check()
    assert keys.unwrap(keys.wrap(b"k", b"c"), b"c") == b"k"
    with pytest.raises(DeniedError, match="policy"):
        keys.rotate()
    with pytest.raises(DeniedError, match="policy"):
        keys.disable_before(1)


def test_a_revoked_token_is_denied_until_its_file_has_another(openbao: BaoServer, tmp_path: Path) -> None:
    openbao.keys(tmp_path, "jianlu-revoked")
    path = openbao.token_file(tmp_path)
    keys = OpenBaoKeys(BaoSession(openbao.url, TokenFile(path)), "jianlu-revoked")
    wrapped = keys.wrap(b"k", b"c")
    openbao.ask("POST", "auth/token/revoke", {"token": path.read_text().strip()})
    with pytest.raises(DeniedError, match="token"):
        keys.unwrap(wrapped, b"c")
    path.write_text(openbao.token_file(tmp_path).read_text())
    assert keys.unwrap(wrapped, b"c") == b"k"


def test_a_role_signs_in_anew_when_its_token_is_revoked(openbao: BaoServer, tmp_path: Path) -> None:
    openbao.keys(tmp_path, "jianlu-role")
    openbao.ask("PUT", "sys/policies/acl/role", {"policy": POLICY.format(key="jianlu-role")})
    openbao.ask("POST", "auth/approle/role/jianlu", {"token_policies": ["role"], "token_ttl": "1h"})
    role_id = openbao.ask("GET", "auth/approle/role/jianlu/role-id")["data"]["role_id"]
    secret_id = openbao.ask("POST", "auth/approle/role/jianlu/secret-id", {})["data"]["secret_id"]
    role = AppRole(write_secret(tmp_path / "role", role_id), write_secret(tmp_path / "secret", secret_id))
    keys = OpenBaoKeys(BaoSession(openbao.url, role), "jianlu-role")
    wrapped = keys.wrap(b"k", b"c")
    for accessor in openbao.ask("LIST", "auth/token/accessors")["data"]["keys"]:
        if "role" in openbao.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor})["data"]["policies"]:
            openbao.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    assert keys.unwrap(wrapped, b"c") == b"k"
    write_secret(tmp_path / "secret", "wrong")
    with pytest.raises(DeniedError, match="role"):
        OpenBaoKeys(BaoSession(openbao.url, role), "jianlu-role").unwrap(wrapped, b"c")


def test_a_token_is_renewed_before_it_ends(openbao: BaoServer, tmp_path: Path) -> None:
    openbao.keys(tmp_path, "jianlu-renewed")
    path = openbao.token_file(
        tmp_path, period="12s", ttl="12s"
    )  # so long that a machine that stands still for seconds loses none
    keys = OpenBaoKeys(BaoSession(openbao.url, TokenFile(path)), "jianlu-renewed")
    wrapped = keys.wrap(b"k", b"c")
    token = path.read_text().strip()

    def is_renewed() -> bool:
        assert keys.unwrap(wrapped, b"c") == b"k"
        return "last_renewal" in openbao.ask("POST", "auth/token/lookup", {"token": token})["data"]

    eventually(is_renewed, "a renewed token")


def test_a_key_that_is_not_there_is_never_made_in_passing(openbao: BaoServer, tmp_path: Path) -> None:
    keys = OpenBaoKeys(BaoSession(openbao.url, TokenFile(openbao.token_file(tmp_path))), "jianlu-absent")
    with pytest.raises(UnavailableError, match="does not use its key"):
        keys.wrap(bytes(32), b"c")
    with pytest.raises(NotFoundError, match="bao write"):
        keys.check()


def test_a_key_that_can_be_exported_is_refused(openbao: BaoServer, tmp_path: Path) -> None:
    openbao.ask("POST", "transit/keys/jianlu-open", {"type": "aes256-gcm96", "exportable": True})
    with pytest.raises(DeniedError, match="exported"):
        openbao.keys(tmp_path, "jianlu-open")


def test_a_disabled_version_opens_nothing_and_the_name_of_the_key_stays(openbao: BaoServer, tmp_path: Path) -> None:
    keys = openbao.keys(tmp_path)
    described, old = keys.describe(), keys.wrap(b"k", b"c")
    assert keys.rotate() == 2
    new = keys.wrap(b"k", b"c")
    assert (keys.version_of(old), keys.version_of(new)) == (1, 2)
    assert keys.unwrap(old, b"c") == b"k"
    keys.disable_before(2)
    with pytest.raises(IntegrityError, match="disabled"):
        keys.unwrap(old, b"c")
    assert keys.unwrap(new, b"c") == b"k"
    assert keys.describe() == described


def test_a_certificate_of_another_authority_is_not_spoken_to(openbao: BaoServer, tmp_path: Path) -> None:
    token = TokenFile(openbao.token_file(tmp_path))
    openbao.keys(tmp_path, "jianlu-tls")
    keys = OpenBaoKeys(BaoSession(openbao.tls_url, token, authorities=openbao.authorities), "jianlu-tls")
    assert keys.unwrap(keys.wrap(b"k", b"c"), b"c") == b"k"
    with pytest.raises(UnavailableError, match="does not answer"):
        OpenBaoKeys(BaoSession(openbao.tls_url, token), "jianlu-tls").wrap(b"k", b"c")
    with pytest.raises(UnavailableError, match="authorities"):
        BaoSession(openbao.tls_url, token, authorities=tmp_path / "none.pem")


def test_the_server_is_spoken_to_with_tls_alone_and_secrets_are_their_owners(tmp_path: Path) -> None:
    path = write_secret(tmp_path / "token", "s.none")
    with pytest.raises(InvalidError, match="TLS"):
        BaoSession("http://keys.example.org:8200", TokenFile(path))
    path.chmod(0o644)
    with pytest.raises(DeniedError, match="chmod 600"):
        OpenBaoKeys(BaoSession("http://127.0.0.1:9", TokenFile(path)), "k").wrap(b"k", b"c")
