"""The composition root: the only module that names implementations. It makes a home and opens one.

A home is a folder with settings, secrets, vault, ledger and index (ARCHITECTURE.md). Opening it takes the ledger's lock: one
process writes a ledger. Engines and media servers are imported where they are made: they take a second, and a process of a call that was
killed must be back sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url

from jianlu.backends.blobs import posix
from jianlu.backends.desk.client import DeskLog
from jianlu.backends.events import ledger_folder, ledger_socket
from jianlu.backends.keys import file as file_keys
from jianlu.backends.keys.member import load_member_key
from jianlu.backends.recorders.client import RecorderClient
from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.spools.files import FileSpool, FileStates
from jianlu.backends.taps.clock import SystemMachineClock
from jianlu.backends.taps.unix import UnixTap
from jianlu.capture.recording.live.case_recorder import RecorderPorts
from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.capture.sessions.rooms import shard_of
from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.deliver.packages.ports import PackagePorts
from jianlu.govern.identity.passwords import Passwords
from jianlu.govern.identity.ports import IdentityPorts, SecretKeeper
from jianlu.ledger.append import Ledger
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.read import read_checkpoint
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.process.models.registry import find_model, read_registry
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import migrate_database, open_database, require_current
from jianlu.runtime.rpc import RpcServer
from jianlu.runtime.settings import SETTINGS_FILE, Settings, read_settings
from jianlu.runtime.tls import TlsFiles, create_authority, issue_certificate
from jianlu.vault.chain_guard import ChainGuard
from jianlu.vault.ports import VaultPorts

if TYPE_CHECKING:
    from jianlu.backends.sfu.embedded.serve import MediaServer
    from jianlu.backends.sfu.janus.serve import JanusServer
    from jianlu.process.inspectors.ports import InspectPorts

RECORDER_NAMES = ("a", "b")
"""The first records, the second mirrors it where a plan demands two."""

LAST_SEEN_FILE = "last-checkpoint"
TLS_AUTHORITY = Path("tls/ca.crt")
TLS_AUTHORITY_KEY = Path("secrets/ca.key")
LEDGER_SOCKET = Path("run") / "ledger.sock"
"""Where the process that has the ledger serves it to workers, in the home."""

_PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the stages after a recording need, in the process that has the ledger or in a worker beside it."""

    settings: Settings
    vault: VaultPorts
    package: PackagePorts
    publish: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Home:
    """An open home: its settings and everything that use cases are given."""

    path: Path
    settings: Settings
    ledger: Ledger
    ledger_directory: Path
    vault: VaultPorts
    package: PackagePorts

    @property
    def backends(self) -> list[list[str]]:
        """Role, name and version of what runs here, for the event at the start of a case."""
        keys = self.vault.keys.describe()
        return [
            ["blobs", posix.NAME, posix.VERSION],
            ["keys", keys.name, keys.version],
            ["events", ledger_folder.NAME, ledger_folder.VERSION],
            ["index", self.vault.index.dialect.name, "1"],
        ]

    def check_keys(self) -> None:
        """Raise unless the keeper of the root key still holds the key that this home was opened with: its file may be gone."""
        kept = file_keys.load_root_key(self.path / self.settings.keys.root_key)
        if kept.describe() != self.vault.keys.describe():
            raise IntegrityError("the root key is another one than before: put back the one that this home was made with")

    @property
    def workbench(self) -> Workbench:
        """What the stages after a recording need."""
        return Workbench(self.settings, self.vault, self.package, self.ledger.publish)


def create_home(path: Path, settings: Settings, settings_text: str) -> tuple[str, str]:
    """Make a home at `path` (absent or empty): keys, ledger, vault, index, settings; returns the public keys of ledger and packages.

    Raises ConflictError when something is there already: trust roots are never replaced.
    """
    try:
        if path.exists() and any(path.iterdir()):
            raise ConflictError(f"{path} is not empty: a home is made in a new folder")
        for folder in (settings.vault.path, settings.vault.keys_path, settings.keys.root_key.parent, settings.ledger.path.parent):
            (path / folder).mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER_MODE)
        path.chmod(_PRIVATE_FOLDER_MODE)
        file_keys.create_root_key(path / settings.keys.root_key)
        ledger_key = create_signer_key(path / settings.ledger.signing_key, settings.ledger.origin)
        package_key = create_signer_key(path / settings.package.signing_key, settings.package.signer)
        create_ledger(
            path / settings.ledger.path, origin=settings.ledger.origin, signer=load_signer(path / settings.ledger.signing_key)
        )
        index = _index(path, settings)
        migrate_database(index)
        index.dispose()
        (path / TLS_AUTHORITY).parent.mkdir(mode=_PRIVATE_FOLDER_MODE)
        create_authority(tls_files(path, settings), SystemClock().now())
        issue_certificate(tls_files(path, settings), (), SystemClock().now())
        (path / SETTINGS_FILE).write_text(settings_text, encoding="utf-8")
    except OSError as error:
        raise UnavailableError(f"the home cannot be made at {path} ({error.strerror}): check the disk and your rights") from error
    return ledger_key.text, package_key.text


@contextmanager
def open_home(path: Path, *, requires_index: bool = True) -> Iterator[Home]:
    """The home at `path`, open until the block ends; what was recorded is published by then.

    Raises NotFoundError when it is none, ConflictError when another process has its ledger or the index is of another version.
    """
    settings = read_settings(path)
    index = _index(path, settings)
    try:
        if requires_index:
            require_current(index)
        signer = load_signer(path / settings.ledger.signing_key)
        directory = path / settings.ledger.path
        ledger = open_ledger(
            directory, signer=signer, publish_every_ms=settings.ledger.publish_interval_ms, saved_checkpoint=_last_seen(path)
        )
        try:
            for folder in (settings.vault.path, settings.vault.keys_path):
                posix.PosixBlobs(path / folder).sweep()
            vault = VaultPorts(
                blobs=posix.PosixBlobs(path / settings.vault.path),
                key_blobs=posix.PosixBlobs(path / settings.vault.keys_path, erases=True),
                keys=file_keys.load_root_key(path / settings.keys.root_key),
                ledger=ledger_folder.LedgerFolder(ledger, directory),
                clock=SystemClock(),
                index=index,
            )
            package = PackagePorts(vault, directory, signer.key, load_signer(path / settings.package.signing_key))
            yield Home(path, settings, ledger, directory, vault, package)
        finally:
            ledger.close()
            _remember(path, read_checkpoint(directory))
    finally:
        index.dispose()


@contextmanager
def open_workbench(path: Path) -> Iterator[Workbench]:
    """The home at `path` for a worker: everything but the ledger, which it appends to through the socket of the process that has it.

    Raises NotFoundError when it is no home, ConflictError when the index is of another version.
    """
    settings = read_settings(path)
    index = _index(path, settings)
    ledger = ledger_socket.LedgerSocket(path / LEDGER_SOCKET)
    try:
        require_current(index)
        vault = VaultPorts(
            blobs=posix.PosixBlobs(path / settings.vault.path),
            key_blobs=posix.PosixBlobs(path / settings.vault.keys_path, erases=True),
            keys=file_keys.load_root_key(path / settings.keys.root_key),
            ledger=ledger,
            clock=SystemClock(),
            index=index,
        )
        ledger_key = load_signer(path / settings.ledger.signing_key).key
        package = PackagePorts(vault, path / settings.ledger.path, ledger_key, load_signer(path / settings.package.signing_key))
        yield Workbench(settings, vault, package, ledger.publish)
    finally:
        ledger.close()
        index.dispose()


def _last_seen(path: Path) -> bytes | None:
    """The checkpoint at the last closing: a ledger folder restored from an older backup does not extend it and is refused."""
    seen = path / LAST_SEEN_FILE
    return seen.read_bytes() if seen.exists() else None


def _remember(path: Path, checkpoint: bytes) -> None:
    fresh = path / f".{LAST_SEEN_FILE}.new"
    fresh.write_bytes(checkpoint)
    fresh.replace(path / LAST_SEEN_FILE)


@contextmanager
def open_identity(path: Path) -> Iterator[tuple[Settings, IdentityPorts]]:
    """The home's settings and accounts, without its ledger: may be open beside the service.

    Raises as `open_home`, apart from the ledger.
    """
    settings = read_settings(path)
    index = _index(path, settings)
    try:
        require_current(index)
        yield settings, identity_ports(index, file_keys.load_root_key(path / settings.keys.root_key))
    finally:
        index.dispose()


def identity_ports(database: Engine, secrets: SecretKeeper) -> IdentityPorts:
    """Identity over the home's database and key keeper."""
    return IdentityPorts(database=database, clock=SystemClock(), secrets=secrets, passwords=Passwords())


def embedded_rooms(path: Path, settings: Settings) -> EmbeddedRooms:
    """The rooms of the home's media processes, as the web process calls them."""
    return EmbeddedRooms([path / "run" / f"media-{shard}.sock" for shard in range(settings.serve.shards)])


def recorder_clients(path: Path, settings: Settings) -> dict[str, RecorderClient]:
    """The home's recorder processes by name."""
    return {name: RecorderClient(path / "run" / f"recorder-{name}.sock") for name in RECORDER_NAMES[: settings.serve.recorders]}


def recorder_ports(
    path: Path, settings: Settings, name: str, *, complain: Callable[[str, BaseException], None], is_edge: bool = False
) -> RecorderPorts:
    """What the recorder `name` of the home at `path` works with. It opens neither ledger nor vault."""
    run, shards = path / "run", settings.serve.shards
    keys = file_keys.load_root_key(path / settings.keys.root_key)
    return RecorderPorts(
        name=name,
        tap=UnixTap(lambda room: run / f"tap-{shard_of(room, shards)}.sock", name),
        states=FileStates(run, name),
        clock=SystemMachineClock(),
        log=lambda case: DeskLog(run / "desk.sock", case),
        spool=lambda case: FileSpool(run / f"spool-{name}" / case, case, keys),
        complain=complain,
        keys=keys,
        member=MemberKey(load_member_key(run / f"recorder-{name}.key", keys, name), name),
        is_edge=is_edge,
    )


def ledger_socket_server(home: Home, path: Path) -> RpcServer:
    """A server of the home's ledger for workers; an entry that is not its case's next event is refused."""
    return ledger_socket.ledger_server(path, ChainGuard(home.vault), home.ledger.publish)


def tls_files(path: Path, settings: Settings) -> TlsFiles:
    """Where the home keeps its development authority, and the certificate that it serves with."""
    return TlsFiles(
        authority=path / TLS_AUTHORITY,
        authority_key=path / TLS_AUTHORITY_KEY,
        certificate=path / settings.serve.certificate,
        private_key=path / settings.serve.private_key,
    )


def inspect_ports(settings: Settings) -> InspectPorts:
    """The engines that the settings name, loaded and checked against their pinned digests; "none" leaves a role empty.

    Raises UnavailableError when a named engine's package is not installed, IntegrityError when its weights are not the registered ones.
    """
    from jianlu.process.inspectors.ports import InspectPorts

    models = read_registry()
    wanted = settings.inspect
    ports = InspectPorts()
    if wanted.voice == "silero":
        from jianlu.backends.voice.silero import SileroDetector

        ports = replace(ports, voice=SileroDetector(find_model("silero-vad", models)))
    if wanted.speech == "faster-whisper":
        from jianlu.backends.speech.whisper import WhisperRecognizer

        ports = replace(ports, recognizer=WhisperRecognizer(find_model("whisper-base", models), threads=wanted.speech_threads))
    if wanted.faces == "yunet":
        from jianlu.backends.faces.yunet import YuNetDetector

        ports = replace(ports, faces=YuNetDetector(find_model("yunet", models)))
    return ports


def media_server(path: Path, settings: Settings, shard: int) -> MediaServer | JanusServer:
    """The media process of the home at `path` that holds the rooms of `shard`; start it in a running loop.

    Raises UnavailableError when a secret that the settings name cannot be read.
    """
    from jianlu.backends.sfu.embedded.serve import MediaServer, media_options, turn_server
    from jianlu.backends.sfu.janus.serve import JanusServer

    media, turn = settings.media, settings.turn
    relay = None
    if media.is_relayed and turn.urls:
        relay = turn_server(turn.urls[0], _secret(path, turn.secret), SystemClock().now())
    options = media_options(media.addresses, media.udp_ports, shard, relay, is_edge=settings.serve.is_edge)
    if media.janus:
        secret = _secret(path, media.janus_secret).decode() if media.janus_secret else ""
        return JanusServer(path / "run", shard, options, media.janus, secret=secret)
    return MediaServer(path / "run", shard, options)


def _secret(path: Path, file: str) -> bytes:
    try:
        return (path / file).read_bytes().strip()
    except OSError as error:
        raise UnavailableError(f"the secret {file!r} cannot be read: see [turn] and [media] in the home's settings") from error


def _index(path: Path, settings: Settings) -> Engine:
    url = make_url(settings.index.url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_absolute():
        url = url.set(database=str(path / url.database))
    return open_database(url.render_as_string(hide_password=False))
