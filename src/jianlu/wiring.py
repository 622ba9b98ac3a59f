"""The composition root: the only module that names implementations. It makes a home and opens one.

A home is a folder with settings, secrets, vault, ledger and index (ARCHITECTURE.md). Opening it takes the ledger's lock: one
process writes a ledger. Engines and media servers are imported where they are made: they take a second, and a process of a call that was
killed must be back sooner.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url

from jianlu.backends.blobs import posix
from jianlu.backends.credentials.opening import open_credentials
from jianlu.backends.desk.client import DeskLog
from jianlu.backends.events import ledger_folder, ledger_socket
from jianlu.backends.keys.keeper import check_keeper, create_keeper, make_keeper, open_keeper
from jianlu.backends.keys.kept_files import recorder_records
from jianlu.backends.keys.member import load_member_key
from jianlu.backends.recorders.client import RecorderClient
from jianlu.backends.scanners.clamd import ClamdScanner
from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.backends.spools.files import FileSpool, FileStates
from jianlu.backends.taps.clock import SystemMachineClock
from jianlu.backends.taps.unix import UnixTap
from jianlu.capture.recording.live.case_recorder import RecorderPorts
from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.capture.sessions.rooms import shard_of
from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.packages.ports import PackagePorts
from jianlu.deliver.webhooks.addresses import resolve
from jianlu.deliver.webhooks.model import Outside, WebhookPorts
from jianlu.govern.identity.localities import localities_of
from jianlu.govern.identity.passwords import Passwords
from jianlu.govern.identity.ports import IdentityPorts, SecretKeeper
from jianlu.ledger.anchors.awaiting import Awaited, await_anchors
from jianlu.ledger.anchors.vouching import Anchoring
from jianlu.ledger.append import Ledger
from jianlu.ledger.create import create_ledger
from jianlu.ledger.last_seen import last_seen, remember
from jianlu.ledger.open import open_ledger
from jianlu.ledger.ports import TimeAuthority, Witness
from jianlu.ledger.read import read_checkpoint
from jianlu.ledger.signers import create_signers, ledger_signer, package_signer
from jianlu.process.models.registry import find_model, read_registry
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import migrate_database, open_database, require_current
from jianlu.runtime.rpc import RpcServer
from jianlu.runtime.settings import SETTINGS_FILE, Settings, StoreSettings, read_settings
from jianlu.runtime.tls import TlsFiles, create_authority, issue_certificate
from jianlu.vault.chain_guard import ChainGuard
from jianlu.vault.ports import Blobs, Store, VaultPorts
from jianlu.vault.root import Root
from jianlu.vault.stores.copies import Copies, Probed, require_fit
from jianlu.vault.time_log import vouch_once
from jianlu.verify.trust import TRUST_BYTES_MAX, parse_trust, read_bounded

if TYPE_CHECKING:
    from jianlu.backends.sfu.embedded.serve import MediaServer
    from jianlu.backends.sfu.janus.serve import JanusServer
    from jianlu.process.inspectors.ports import InspectPorts

RECORDER_NAMES = ("a", "b")
"""The first records, the second mirrors it where a plan demands two."""

TRUST_FILE = "trust.json"
TLS_AUTHORITY = Path("tls/ca.crt")
TLS_AUTHORITY_KEY = Path("secrets/ca.key")
LEDGER_SOCKET = Path("run") / "ledger.sock"
"""Where the process that has the ledger serves it to workers, in the home."""

HURRY_FILE = Path("run") / "anchor-wanted"
"""Made by whoever needs an anchor soon, taken away by the process that makes them."""

_PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the stages after a recording need, in the process that has the ledger or in a worker beside it."""

    settings: Settings
    vault: VaultPorts
    package: PackagePorts
    publish: Callable[[], object]
    vouch: Callable[[int], object]
    """Has the entry at a position vouched for by authorities and witnesses, as far as they are to be had within the settings' time."""


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
            ["blobs", "posix" if self.vault.stores[0].locks is None else "s3", posix.VERSION],
            ["keys", keys.name, keys.version],
            ["events", ledger_folder.NAME, ledger_folder.VERSION],
            ["index", self.vault.index.dialect.name, "1"],
            *([["suite", self.settings.vault.suite, "1"]] if self.settings.vault.suite != "international" else []),
        ]

    def check_keys(self) -> None:
        """Raise unless the keeper of the root key still holds the key that this home was opened with, and guards it."""
        check_keeper(self.path, self.settings.keys, self.vault.keys)

    @property
    def workbench(self) -> Workbench:
        """What the stages after a recording need."""
        return Workbench(
            self.settings,
            self.vault,
            self.package,
            self.ledger.publish,
            lambda _: vouch_once(lambda: open_anchoring(self.path), self.settings, self.vault, self.ledger.publish),
        )


def create_home(path: Path, settings: Settings, settings_text: str) -> tuple[str, str]:
    """Make a home at `path` (absent or empty): keys, ledger, vault, index, settings; returns the public keys of ledger and packages.

    Raises ConflictError when something is there already: trust roots are never replaced.
    """
    try:
        if path.exists() and any(path.iterdir()):
            raise ConflictError(f"{path} is not empty: a home is made in a new folder")
        if settings.keys.backend != "file":  # before anything is there that a second try would have to remove
            create_keeper(path, settings.keys)
        for folder in (settings.vault.path, settings.vault.keys_path, settings.keys.root_key.parent, settings.ledger.path.parent):
            (path / folder).mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER_MODE)
        path.chmod(_PRIVATE_FOLDER_MODE)
        if settings.keys.backend == "file":
            create_keeper(path, settings.keys)
        ledger_key, package_key = create_signers(path, settings)
        create_ledger(path / settings.ledger.path, origin=settings.ledger.origin, signer=ledger_signer(path, settings))
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
        signer = ledger_signer(path, settings)
        directory = path / settings.ledger.path
        ledger = open_ledger(
            directory, signer=signer, publish_every_ms=settings.ledger.publish_interval_ms, saved_checkpoint=last_seen(path)
        )
        try:
            stores = stores_of(path, settings)
            _check_stores(path, settings, stores)
            vault = VaultPorts(
                blobs=_together(stores),
                key_blobs=posix.PosixBlobs(path / settings.vault.keys_path, erases=True),
                keys=open_keeper(path, settings.keys),
                ledger=ledger_folder.LedgerFolder(ledger, directory),
                clock=SystemClock(),
                index=index,
                stores=stores,
                suite=settings.vault.sealing_suite,
            )
            credentials = open_credentials(path, settings.package)
            package = PackagePorts(vault, directory, signer.key, package_signer(path, settings), credentials)
            yield Home(path, settings, ledger, directory, vault, package)
        finally:
            ledger.close()
            remember(path, read_checkpoint(directory))
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
        stores = stores_of(path, settings)
        vault = VaultPorts(
            blobs=_together(stores),
            key_blobs=posix.PosixBlobs(path / settings.vault.keys_path, erases=True),
            keys=open_keeper(path, settings.keys),
            ledger=ledger,
            clock=SystemClock(),
            index=index,
            stores=stores,
            suite=settings.vault.sealing_suite,
        )
        ledger_key = ledger_signer(path, settings).key
        credentials = open_credentials(path, settings.package)
        package = PackagePorts(vault, path / settings.ledger.path, ledger_key, package_signer(path, settings), credentials)
        yield Workbench(settings, vault, package, ledger.publish, partial(_await_anchors, path, settings))
    finally:
        ledger.close()
        index.dispose()


def stores_of(path: Path, settings: Settings) -> tuple[Store, ...]:
    """The places for sealed objects of the home at `path`, the first where they are sealed; none is spoken to yet.

    InvalidError for an address that is none, UnavailableError or DeniedError for a file of credentials that cannot be used.
    """
    alone = StoreSettings(name="vault", address=f"folder:{settings.vault.path}", place=settings.tenant.place)
    wanted = settings.vault.stores or (alone,)
    owner = ledger_signer(path, settings).key.text if any(each.folder is None for each in wanted) else ""
    return tuple(store_at(path, each, owner=owner) for each in wanted)


def store_at(path: Path, wanted: StoreSettings, *, owner: str = "") -> Store:
    """The store that the settings describe, a bucket claimed for `owner` when it is probed; raises as `stores_of`."""
    if (folder := wanted.folder) is not None:
        return Store(wanted.name, wanted.address, posix.PosixBlobs(path / folder), where=wanted.where, place=wanted.place)
    from jianlu.backends.blobs.s3.blobs import S3Blobs
    from jianlu.backends.blobs.s3.connect import connect, parse_address, read_credentials

    bucket = connect(
        parse_address(wanted.address),
        read_credentials(path / wanted.credentials),
        region=wanted.region,
        authorities=path / wanted.authorities if wanted.authorities else None,
        is_virtual_hosted=wanted.is_virtual_hosted,
        owner=owner,
    )
    blobs = S3Blobs(bucket)
    return Store(wanted.name, wanted.address, blobs, blobs, wanted.lock == "compliance", wanted.where, wanted.place)


def probe_store(store: Store) -> Probed | None:
    """What the store turns out to do; None for a folder, which claims nothing. UnavailableError when it does not answer.

    ConflictError for a bucket where another home keeps its objects; one that is fit is its home's from then on.
    """
    if store.locks is None:
        return None
    from jianlu.backends.blobs.s3.blobs import S3Blobs
    from jianlu.backends.blobs.s3.owner import probe_and_claim

    return probe_and_claim(store, store.blobs, SystemClock().now()) if isinstance(store.blobs, S3Blobs) else None


def _together(stores: tuple[Store, ...]) -> Blobs:
    return stores[0].blobs if len(stores) == 1 else Copies(stores)


def _check_stores(path: Path, settings: Settings, stores: tuple[Store, ...]) -> None:
    """Leftovers of crashed writers go; a bucket is tried before anything is sealed into it: ConflictError when it only pretends to lock."""
    for blobs in (*(each.blobs for each in stores), posix.PosixBlobs(path / settings.vault.keys_path)):
        if isinstance(blobs, posix.PosixBlobs):
            blobs.sweep()
    if (probed := probe_store(stores[0])) is not None:
        require_fit(stores[0], probed)


@contextmanager
def open_identity(path: Path) -> Iterator[tuple[Settings, IdentityPorts]]:
    """The home's settings and accounts, without its ledger: may be open beside the service.

    Raises as `open_home`, apart from the ledger.
    """
    settings = read_settings(path)
    index = _index(path, settings)
    try:
        require_current(index)
        yield settings, identity_ports(index, open_keeper(path, settings.keys), settings)
    finally:
        index.dispose()


@contextmanager
def open_root(path: Path) -> Iterator[Root]:
    """What lies under the root key of the home at `path`, beside a running service. Raises as `open_identity`."""
    with open_identity(path) as (settings, identity):
        key_blobs = posix.PosixBlobs(path / settings.vault.keys_path, erases=True)
        others = partial(recorder_records, path / "run", RECORDER_NAMES)
        keys = open_keeper(path, settings.keys)
        check, make = partial(check_keeper, path, settings.keys, keys), partial(make_keeper, path)
        yield Root(path, settings, keys, key_blobs, identity.database, others, check, make)


@contextmanager
def open_notifier(path: Path) -> Iterator[tuple[WebhookPorts, Outside]]:
    """The home at `path` for whoever tells others: its database and key keeper, and how the outside is reached. No ledger, no vault.

    Raises as `open_identity`, UnavailableError when the authorities that the settings name cannot be read.
    """
    with open_identity(path) as (settings, identity):
        using = WebhookPorts(identity.database, identity.clock, identity.secrets, tenant_id(settings.tenant.id))
        authorities = settings.webhooks.authorities
        try:
            context = ssl.create_default_context(cafile=str(path / authorities) if authorities else None)
        except OSError as error:
            raise UnavailableError(f"the authorities {authorities!r} cannot be read: see [webhooks] in the settings") from error
        allowed = tuple(ip_network(each) for each in settings.webhooks.allowed_networks)
        yield using, Outside(allowed, context, resolve)


def open_anchoring(path: Path) -> Anchoring:
    """The home at `path` for whoever has checkpoints vouched for. The ledger's key is the one that the home publishes in its trust file.

    Raises NotFoundError when it is no home or has no trust file, UnavailableError when certificates that the settings name cannot be read.
    """
    settings = read_settings(path)
    listed = parse_trust(read_bounded(path / TRUST_FILE, TRUST_BYTES_MAX)).ledgers
    key = next((key for key in listed if key.name == settings.ledger.origin), None)
    if key is None:
        raise NotFoundError(
            f"{TRUST_FILE} does not list the ledger {settings.ledger.origin}: take the one that jianlu init wrote"
        )
    intervals = [each.interval_s for each in settings.time.authorities]
    authorities = tuple(zip(time_authorities(path, settings), intervals, strict=True))
    return Anchoring(path / settings.ledger.path, key, SystemClock(), authorities, witnesses_of(settings))


def witnesses_of(settings: Settings, *, within_s: float | None = None) -> tuple[Witness, ...]:
    """The witnesses that the settings name; each answers `within_s` or counts as away. InvalidError for a key that is none."""
    from jianlu.backends.witnesses.http import ANSWER_WITHIN_S, HttpWitness

    seconds = ANSWER_WITHIN_S if within_s is None else within_s
    return tuple(HttpWitness(each.key, each.url, within_s=seconds) for each in settings.witnesses.witnesses)


def _await_anchors(path: Path, settings: Settings, position: int) -> bool:
    """For a worker: the process that makes anchors is told, and waited for a while."""
    directory, names = path / settings.ledger.path, [each.name for each in settings.time.authorities]
    asked = Awaited(names, settings.witnesses.required, path / HURRY_FILE, settings.time.package_wait_s)
    return await_anchors(directory, position, asked, SystemClock())


def time_authorities(path: Path, settings: Settings) -> tuple[TimeAuthority, ...]:
    """The time-stamp authorities of the home at `path`, to be asked, or to check tokens by (`ledger.trusted_time.expiry_now`).

    UnavailableError when certificates that the settings name cannot be read, InvalidError when they are none.
    """
    from jianlu.backends.timestamps.rfc3161 import HttpTimeAuthority

    return tuple(HttpTimeAuthority(each.name, each.url, _chain(path, each.certificates)) for each in settings.time.authorities)


def _chain(path: Path, file: Path) -> str:
    try:
        return (path / file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError(f"the certificates {str(file)!r} cannot be read: see [time] in the home's settings") from error


def identity_ports(database: Engine, secrets: SecretKeeper, settings: Settings) -> IdentityPorts:
    """Identity over the home's database and key keeper, with its table of places. InvalidError for a place that is none."""
    needs = settings.sign_in.second_factor == "required"
    return IdentityPorts(database, SystemClock(), secrets, Passwords(), localities_of(settings.places), needs)


def embedded_rooms(path: Path, settings: Settings) -> EmbeddedRooms:
    """The rooms of the home's media processes, as the web process calls them."""
    return EmbeddedRooms([path / "run" / f"media-{shard}.sock" for shard in range(settings.serve.shards)])


def document_scanner(settings: Settings) -> Callable[[bytes], str] | None:
    """What looks at documents for malware; None where the settings name no scanner."""
    return ClamdScanner(settings.deposits.scanner).found_in if settings.deposits.scanner else None


def recorder_clients(path: Path, settings: Settings) -> dict[str, RecorderClient]:
    """The home's recorder processes by name."""
    return {name: RecorderClient(path / "run" / f"recorder-{name}.sock") for name in RECORDER_NAMES[: settings.serve.recorders]}


def recorder_ports(
    path: Path, settings: Settings, name: str, *, complain: Callable[[str, BaseException], None], is_edge: bool = False
) -> RecorderPorts:
    """What the recorder `name` of the home at `path` works with. It opens neither ledger nor vault."""
    run, shards = path / "run", settings.serve.shards
    keys = open_keeper(path, settings.keys)
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
