"""TLS for a home: a development authority and a server certificate, made on request only, and the server's context (TLS 1.3 alone).

The authority is for tests and demonstrations within a house: name constraints (RFC 5280, 4.2.1.10) keep it to local names and private
addresses, so that a browser that trusts it trusts it for nothing else. In production the settings name the institution's own certificate.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import re
import socket
import ssl
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.runtime.durable import sync_directory, write_whole

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Browsers refuse server certificates that are valid for longer than 398 days."""

_DEVELOPMENT = "Jianlu development CA"
_CLOCK_SKEW = timedelta(hours=1)
_LOCAL_DOMAINS = ("localhost", "local", "internal", "home.arpa", "test", "example")
_PRIVATE_NETWORKS = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
_HOST_NAME = re.compile(r"^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$")
_SIOCGIFADDR = 0x8915  # linux/sockios.h


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the four files are; certificates may be read by anybody, keys by their owner alone."""

    authority: Path
    authority_key: Path
    certificate: Path
    private_key: Path


def create_authority(files: TlsFiles, now: datetime) -> None:
    """Make the development authority; ConflictError when a key is there already: a trust root is never replaced."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{_DEVELOPMENT}, {socket.gethostname()[:30]}")])
    permitted: list[x509.GeneralName] = [x509.DNSName(domain) for domain in (*_LOCAL_DOMAINS, *_own_names())]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in _PRIVATE_NETWORKS]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_new(files.authority_key, _key_bytes(key))
    _write(files.authority, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def issue_certificate(files: TlsFiles, names: Iterable[str], now: datetime) -> tuple[str, ...]:
    """A server certificate of the development authority for this machine and `names`, with a fresh key, in place of any earlier one.

    Returns the names and addresses that it covers. NotFoundError when there is no development authority, InvalidError for a malformed name
    or one that the authority may not vouch for.
    """
    authority, authority_key = _load_authority(files)
    asked = [_checked_name(name) for name in names]
    if not all(_is_permitted(authority, name) for name in asked):
        raise InvalidError(
            "the development authority vouches for local names and private addresses only: for others use your institution's "
            "certificate, named in [serve]"
        )
    own = [name for name in _machine_names() if _is_permitted(authority, name)]
    covered = tuple(dict.fromkeys([*own, *asked]))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - _CLOCK_SKEW, authority.not_valid_before_utc))
        .not_valid_after(min(now + timedelta(days=SERVER_DAYS), authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in covered]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write(files.private_key, _key_bytes(key), mode=0o600)
    _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return covered


def server_context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """The context to serve with: TLS 1.3 alone.

    NotFoundError when a file is absent, DeniedError when others may read the key, InvalidError when the two do not belong together.
    """
    try:
        if stat.S_IMODE(private_key.stat().st_mode) & 0o077:
            raise DeniedError("the server's private key can be read by other users: run `chmod 600` on it, and issue another")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, private_key)
    except FileNotFoundError as error:
        raise NotFoundError(
            "the server's certificate or key is absent: `jianlu certificate` issues them, or set [serve]"
        ) from error
    except ssl.SSLError as error:
        raise InvalidError("the server's certificate and private key do not fit: issue them again, or correct [serve]") from error
    except OSError as error:
        raise UnavailableError(
            f"the server's certificate or key cannot be read ({error.strerror}): check their permissions"
        ) from error
    return context


def certificate_covers(certificate: Path, name: str) -> bool:
    """Whether the certificate is for `name` (a host name or an address); NotFoundError when there is none."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except FileNotFoundError as error:
        raise NotFoundError("the server's certificate is absent: `jianlu certificate` issues one, or set [serve]") from error
    except (ValueError, x509.ExtensionNotFound):
        return False
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name) in names.get_values_for_type(x509.IPAddress)
    wildcard = "*." + name.partition(".")[2]
    return bool({name.lower(), wildcard.lower()} & {known.lower() for known in names.get_values_for_type(x509.DNSName)})


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Until when a certificate holds, who issued it, and whether that is a development authority such as `create_authority` makes."""

    until: datetime
    issuer: str
    is_development: bool


def certificate_facts(certificate: Path) -> CertificateFacts:
    """Of the first certificate in the file; NotFoundError when there is none, InvalidError when it cannot be read."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError("the server's certificate is absent: `jianlu certificate` issues one, or set [serve]") from error
    except (OSError, ValueError) as error:
        raise InvalidError("the server's certificate cannot be read: it is a PEM file, see [serve]") from error
    issuer = read.issuer.rfc4514_string()
    return CertificateFacts(read.not_valid_after_utc, issuer, _DEVELOPMENT in issuer)


def local_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses by which others in the house may reach it; empty where the system does not tell."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
    return tuple(dict.fromkeys(found))


def _machine_names() -> list[str]:
    return ["localhost", *_own_names(), "127.0.0.1", "::1", *local_addresses()]


def _own_names() -> list[str]:
    own = socket.gethostname().lower()
    if not _HOST_NAME.fullmatch(own) or own == "localhost":
        return []
    return [own] if "." in own else [own, f"{own}.local"]


def _checked_name(name: str) -> str:
    lowered = name.strip().lower().strip("[]")
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(lowered))
    if not _HOST_NAME.fullmatch(lowered):
        raise InvalidError("a certificate's names are host names or addresses, such as desk.local or 192.168.1.20")
    return lowered


def _general_name(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


def _is_permitted(authority: x509.Certificate, name: str) -> bool:
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    return any(_is_within(name, subtree) for subtree in permitted)


def _is_within(name: str, subtree: x509.GeneralName) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return isinstance(subtree, x509.DNSName) and (name == subtree.value or name.endswith("." + subtree.value))
    network = subtree.value if isinstance(subtree, x509.IPAddress) else None
    return isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network) and address in network


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _load_authority(files: TlsFiles) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
        key = serialization.load_pem_private_key(files.authority_key.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise NotFoundError("this home has no development authority: name your institution's certificate in [serve]") from error
    except ValueError as error:
        raise InvalidError("the development authority's files are damaged: restore them, or name another certificate") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidError("the development authority's key is of another kind than `jianlu init` makes: restore it")
    return certificate, key


def _write_new(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConflictError("there is a development authority already: it is never replaced, make another home") from error
    try:
        write_whole(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_directory(path.parent)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        write_whole(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
    sync_directory(path.parent)
