"""The development authority and the server's certificate: what they cover, what is refused, that TLS 1.2 is not spoken."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.runtime.tls import (
    SERVER_DAYS,
    TlsFiles,
    certificate_covers,
    create_authority,
    issue_certificate,
    local_addresses,
    server_context,
)

NOW = datetime.now(UTC)


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    made = TlsFiles(tmp_path / "ca.crt", tmp_path / "ca.key", tmp_path / "server.crt", tmp_path / "server.key")
    create_authority(made, NOW)
    return made


def test_a_certificate_covers_this_machine_and_the_names_asked_for(files: TlsFiles) -> None:
    covered = issue_certificate(files, ["desk.local", "192.168.7.20", "[fd00::7]"], NOW)
    assert {"localhost", "127.0.0.1", "::1", "desk.local", "192.168.7.20", "fd00::7"} <= set(covered)
    for name in covered:
        assert certificate_covers(files.certificate, name)
    for name in ("bank.example", "192.168.7.21", "desk2.local", "::2"):
        assert not certificate_covers(files.certificate, name)


def test_keys_are_private_and_certificates_public(files: TlsFiles) -> None:
    issue_certificate(files, [], NOW)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (files.authority, files.authority_key, files.certificate, files.private_key)
    }
    assert modes == {"ca.crt": 0o644, "ca.key": 0o600, "server.crt": 0o644, "server.key": 0o600}


def test_browsers_limits_on_server_certificates_are_kept(files: TlsFiles) -> None:
    issue_certificate(files, [], NOW)
    read = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert read.not_valid_after_utc - read.not_valid_before_utc <= timedelta(days=398)
    assert read.not_valid_after_utc - NOW > timedelta(days=SERVER_DAYS - 1)
    assert list(read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_authority_can_vouch_for_local_names_alone(files: TlsFiles) -> None:
    read = x509.load_pem_x509_certificate(files.authority.read_bytes())
    constraints = read.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = constraints.value.permitted_subtrees or []
    networks = [each.value for each in permitted if isinstance(each, x509.IPAddress)]
    assert all(
        (isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network) and network.is_private)
        or network == ipaddress.ip_network("100.64.0.0/10")
        for network in networks
    )
    for name in ("bank.com", "8.8.8.8", "2001:4860:4860::8888", "localhost.evil.com"):
        with pytest.raises(InvalidError, match="institution's certificate"):
            issue_certificate(files, [name], NOW)
    assert not files.certificate.exists()


@pytest.mark.parametrize("name", ["", "two words", "x" * 300, "-x.local", "a..local", "https://desk.local", "*.local"])
def test_what_is_no_name_is_refused(files: TlsFiles, name: str) -> None:
    with pytest.raises(InvalidError):
        issue_certificate(files, [name], NOW)


def test_an_authority_is_never_replaced_but_certificates_are(files: TlsFiles) -> None:
    before = files.authority.read_bytes(), files.authority_key.read_bytes()
    with pytest.raises(ConflictError):
        create_authority(files, NOW)
    issue_certificate(files, [], NOW)
    first = files.certificate.read_bytes()
    issue_certificate(files, [], NOW)
    assert files.certificate.read_bytes() != first
    assert (files.authority.read_bytes(), files.authority_key.read_bytes()) == before


def test_a_home_without_an_authority_or_with_a_damaged_one_says_so(files: TlsFiles) -> None:
    files.authority_key.write_text("nonsense")
    with pytest.raises(InvalidError):
        issue_certificate(files, [], NOW)
    files.authority_key.unlink()
    with pytest.raises(NotFoundError):
        issue_certificate(files, [], NOW)


def test_a_key_that_others_can_read_is_not_served_with(files: TlsFiles) -> None:
    issue_certificate(files, [], NOW)
    files.private_key.chmod(0o644)
    with pytest.raises(DeniedError, match="chmod"):
        server_context(files.certificate, files.private_key)


def test_a_missing_or_foreign_key_is_said(files: TlsFiles, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="jianlu certificate"):
        server_context(files.certificate, files.private_key)
    with pytest.raises(NotFoundError):
        certificate_covers(files.certificate, "localhost")
    issue_certificate(files, [], NOW)
    with pytest.raises(InvalidError):
        server_context(files.certificate, files.authority_key)


def test_the_own_addresses_are_addresses() -> None:
    found = local_addresses()
    assert "127.0.0.1" in found
    assert all(ipaddress.ip_address(address) for address in found)


def handshake(files: TlsFiles, client: ssl.SSLContext, name: str) -> str:
    """The version that a server with our context and `client` agree on."""
    context = server_context(files.certificate, files.private_key)
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with context.wrap_socket(there, server_side=True) as secured:
                secured.recv(1)
        except (ssl.SSLError, ConnectionError):
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname=name) as secured:
            version = secured.version() or ""
            secured.send(b"x")
    finally:
        here.close()
        thread.join()
    return version


def test_tls_1_3_is_spoken_with_who_trusts_the_authority(files: TlsFiles) -> None:
    issue_certificate(files, [], NOW)
    assert handshake(files, ssl.create_default_context(cafile=str(files.authority)), "localhost") == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, ssl.create_default_context(), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, ssl.create_default_context(cafile=str(files.authority)), "desk.local")


def test_tls_1_2_is_refused(files: TlsFiles) -> None:
    issue_certificate(files, [], NOW)
    old = ssl.create_default_context(cafile=str(files.authority))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        handshake(files, old, "localhost")
