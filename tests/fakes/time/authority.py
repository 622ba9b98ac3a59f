"""A time-stamp authority on loopback: certificates of its own, an HTTP server, and `openssl ts -reply` behind it. Not a test.

It can be told to be down, and to answer what a broken or hostile authority would.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Change = Callable[[bytes], bytes]

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class LocalAuthority:
    """One authority in `folder`; `asked` counts requests. What `reply` returns is the answer's body; raising OSError is an answer 503."""

    folder: Path
    name: str
    address: str = ""
    asked: int = 0
    is_down: bool = False
    change_request: Change = bytes
    change_answer: Change = bytes

    @property
    def chain(self) -> Path:
        """Root and intermediate, as relying parties are given them."""
        return self.folder / "chain.pem"

    def reply(self, request: bytes) -> bytes:
        """The response to the DER `request`, as openssl makes it."""
        query, answer = self.folder / f"{threading.get_ident()}.tsq", self.folder / f"{threading.get_ident()}.tsr"
        query.write_bytes(self.change_request(request))
        command: list[str | Path] = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            self.folder / "ts.cnf",
            "-queryfile",
            query,
            "-out",
            answer,
        ]
        command += ["-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        return self.change_answer(answer.read_bytes())


def make_authority(
    folder: Path,
    name: str,
    *,
    keys: str = "rsa",
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
    is_for_time: bool = True,
) -> LocalAuthority:
    """Root, intermediate and signer in `folder`; `keys` is rsa, p256 or p384; the term is the signer's."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    root, middle, signer = (_key(keys) for _ in range(3))
    first, last = now - timedelta(days=3000), now + timedelta(days=3000)
    _write(folder / "root.pem", _certificate(f"{name} Root", root, None, root, (first, last), 1))
    issuer = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    _write(folder / "middle.pem", _certificate(f"{name} CA", middle, issuer, root, (first, last), 0))
    issuer = x509.load_pem_x509_certificate((folder / "middle.pem").read_bytes())
    (folder / "chain.pem").write_bytes((folder / "root.pem").read_bytes() + (folder / "middle.pem").read_bytes())
    term = (begins_at or now - timedelta(days=400), ends_at or now + timedelta(days=400))
    _write(folder / "tsa.pem", _certificate(f"{name} TSA", signer, issuer, middle, term, -1, is_for_time=is_for_time))
    (folder / "tsa.key").write_bytes(
        signer.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
    return LocalAuthority(folder, name)


@contextmanager
def serving(authority: LocalAuthority) -> Iterator[LocalAuthority]:
    """The authority behind a real HTTP server, at `address`, until the block ends."""

    class _Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.asked += 1
            request = self.rfile.read(int(self.headers["Content-Length"]))
            if authority.is_down or self.headers["Content-Type"] != "application/timestamp-query":
                self.send_error(503)
                return
            body = authority.reply(request)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    authority.address = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _key(kind: str) -> PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())


def _certificate(
    name: str,
    key: PrivateKey,
    issuer: x509.Certificate | None,
    signing: PrivateKey,
    term: tuple[datetime, datetime],
    path_length: int,
    *,
    is_for_time: bool = True,
) -> x509.Certificate:
    """An authority's certificate when `path_length` is 0 or more, else one that stamps time."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(term[0])
        .not_valid_after(term[1])
    )
    is_authority = path_length >= 0
    builder = builder.add_extension(x509.BasicConstraints(is_authority, path_length if is_authority else None), critical=True)
    if not is_authority:
        usage = ExtendedKeyUsageOID.TIME_STAMPING if is_for_time else ExtendedKeyUsageOID.CODE_SIGNING
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return builder.sign(signing, hashes.SHA256())


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
