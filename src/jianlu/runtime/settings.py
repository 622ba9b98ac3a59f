"""The settings of a home: one TOML file, read once into frozen models; an unknown key refuses to start.

Every field is explained in `deploy/jianlu.toml`, which a test holds against these models. Secrets are paths to files, never values.
"""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from os.path import normpath
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.suites import SUITE_NAMES, Suite
from jianlu.runtime.key_settings import KeySettings
from jianlu.runtime.zones import CHINA, zone_of

SETTINGS_FILE = "jianlu.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TenantSettings(_Section):
    """Whose evidence this home keeps."""

    id: str = "demo-bank"
    language: Literal["zh", "en"] = "zh"
    time_zone: str = CHINA
    place: str = Field(default="CN", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,6})?)?$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, claimed: str) -> str:
        zone_of(claimed)
        return claimed


class LedgerSettings(_Section):
    """The transparency log."""

    origin: str = "jianlu.example/demo"
    path: Path = Path("ledger")
    signing_key: Path = Path("secrets/ledger.key")
    sm2_key: str = ""
    publish_interval_ms: int = Field(default=1000, ge=10, le=60_000)


class StoreSettings(_Section):
    """One place for sealed objects: a folder (`folder:/mnt/b`) or a bucket (`s3+https://host/bucket/prefix`)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    address: str = Field(pattern=r"^(folder:.+|s3\+https?://.+)$")
    lock: Literal["compliance", "none"] = "none"
    credentials: str = ""
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    authorities: str = ""
    is_virtual_hosted: bool = False
    where: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")
    place: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,6})?)?$")

    @property
    def folder(self) -> Path | None:
        """The folder, None for a bucket."""
        scheme, _, path = self.address.partition(":")
        return Path(path) if scheme == "folder" else None

    @property
    def spot(self) -> str:
        """The address as it is compared with others, however it is spelt; a relative folder is inside the home."""
        return self.address.rstrip("/") if self.folder is None else normpath("/home-of-it" / self.folder)

    @model_validator(mode="after")
    def _is_whole(self) -> StoreSettings:
        if self.folder is not None and self.lock == "compliance":
            raise InvalidError(f'the folder of the store {self.name} cannot lock: write lock = "none"')
        if self.folder is None and not self.credentials:
            raise InvalidError(f"the bucket of the store {self.name} needs a file of credentials")
        return self


class VaultSettings(_Section):
    """Sealed objects and wrapped keys."""

    blobs: Literal["posix", "stores"] = "posix"
    path: Path = Path("vault")
    keys_path: Path = Path("vault-keys")
    suite: Literal["international", "sm"] = "international"
    stores: tuple[StoreSettings, ...] = ()
    scrub_days: int = Field(default=30, ge=1, le=365)
    scrub_mb_s: int = Field(default=20, ge=1, le=10_000)

    @property
    def sealing_suite(self) -> Suite:
        """What is sealed from now on."""
        return SUITE_NAMES[self.suite]

    @model_validator(mode="after")
    def _keys_are_apart(self) -> VaultSettings:
        """Wrapped keys must stay deletable: where objects are kept, and locked, no key may lie."""
        folders = [self.path] if self.blobs == "posix" else [each.folder for each in self.stores if each.folder is not None]
        keys = Path(normpath("/home-of-it" / self.keys_path))
        for folder in (Path(normpath("/home-of-it" / each)) for each in folders):
            if keys == folder or keys.is_relative_to(folder) or folder.is_relative_to(keys):
                raise InvalidError(
                    "wrapped keys lie apart from sealed objects, or nothing can be destroyed: name another keys_path"
                )
        if str(self.keys_path).startswith(("s3+", "s3:")):
            raise InvalidError(
                "wrapped keys are never kept in a bucket, where a lock would keep them: name a folder as keys_path"
            )
        return self

    @model_validator(mode="after")
    def _stores_are_told_apart(self) -> VaultSettings:
        if (self.blobs == "stores") != bool(self.stores):
            raise InvalidError('blobs = "stores" goes with at least one [[vault.stores]], and [[vault.stores]] with it')
        names, spots = ({getattr(each, field) for each in self.stores} for field in ("name", "spot"))
        if len(names) != len(self.stores) or len(spots) != len(self.stores):
            raise InvalidError("two stores have one name or one address: a copy in the same place is no copy")
        return self


class IndexSettings(_Section):
    """The rebuildable database; a relative SQLite path is inside the home."""

    url: str = "sqlite:///index.sqlite"


class InspectSettings(_Section):
    """Engines by role; "none" leaves the role empty, and the clauses that need it are not evidenced."""

    speech: Literal["faster-whisper", "none"] = "faster-whisper"
    speech_threads: int = Field(default=2, ge=1, le=64)
    voice: Literal["silero", "none"] = "silero"
    faces: Literal["yunet", "none"] = "yunet"
    during_call: bool = True


class PackageSettings(_Section):
    """Who signs packages."""

    signer: str = "jianlu.example/demo/package"
    signing_key: Path = Path("secrets/package.key")
    sm2_key: str = ""
    credentials_key: str = ""
    credentials_chain: str = ""

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> PackageSettings:
        if bool(self.credentials_key) != bool(self.credentials_chain):
            raise InvalidError("[package]: content credentials need both credentials_key and credentials_chain")
        return self


class PolicySettings(_Section):
    """Where rule packs are read from; empty for the packs that come with the program."""

    packs_path: str = ""


class ServeSettings(_Section):
    """The service: where it listens, by which name it is reached, and how many processes share the work."""

    listen: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65_535)
    public_url: str = Field(default="", pattern=r"^(https://[^/\s?#]+)?$")
    administration: str = Field(default="", pattern=r"^((\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+):\d{1,5})?$")
    certificate: Path = Path("tls/server.crt")
    private_key: Path = Path("secrets/server.key")
    shards: int = Field(default=1, ge=1, le=64)
    recorders: Literal[1, 2] = 2
    is_edge: bool = False
    trusted_proxies: tuple[str, ...] = ()
    institution: str = Field(default="", max_length=80)
    sample_devices: bool = False

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """A network that is none would be trusted by nobody, silently."""
        return tuple(str(ip_network(each)) for each in value)

    @property
    def administration_at(self) -> tuple[str, int] | None:
        """The address and port of administration alone, None where it has none of its own."""
        address, _, port = self.administration.rpartition(":")
        return (address.strip("[]"), int(port)) if address else None


class MediaSettings(_Section):
    """Where browsers send their media."""

    addresses: tuple[str, ...] = ()
    udp_ports: str = Field(default="", pattern=r"^(\d{4,5}-\d{4,5})?$")
    video_codecs: tuple[Literal["h264", "vp8"], ...] = Field(default=("h264", "vp8"), min_length=1)
    is_relayed: bool = False
    janus: str = Field(default="", pattern=r"^(https?://\S+)?$")
    janus_secret: str = ""


class TurnSettings(_Section):
    """A TURN server for browsers behind strict firewalls; no URL, no TURN."""

    urls: tuple[str, ...] = ()
    secret: str = ""
    credentials_s: int = Field(default=7200, ge=60, le=86_400)


class SignInSettings(_Section):
    """What everybody's sign-in needs."""

    second_factor: Literal["offered", "required"] = "offered"


class OrganisationSettings(_Section):
    """The organisation's own sign-in (OpenID Connect) and directory (SCIM 2.0); empty without."""

    issuer: str = Field(default="", pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?[^\s?#]*)?$")
    name: str = Field(default="", max_length=40)
    client: str = ""
    secret: str = ""
    groups_claim: str = Field(default="groups", min_length=1, max_length=80)
    roles: tuple[Annotated[str, Field(pattern=r"^.+=[a-z_]+$")], ...] = ()
    scim_token: str = ""

    @property
    def role_of_group(self) -> dict[str, str]:
        """Which of its groups gives which of our roles."""
        return {group: role for group, _, role in (each.rpartition("=") for each in self.roles)}


class PlaceSettings(_Section):
    """Where network addresses are, and what a sign-in from a new place, or from one too far from the last, does."""

    networks: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]+=[a-z0-9-]{1,40}$")], ...] = ()
    coordinates: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}=-?[0-9.]+,-?[0-9.]+$")], ...] = ()
    new: Literal["tell", "second-factor", "refuse"] = "tell"
    too_far: Literal["tell", "second-factor", "refuse"] = "second-factor"
    speed_km_h_max: int = Field(default=900, ge=1, le=10_000)

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, said: tuple[str, ...]) -> tuple[str, ...]:
        for each in said:
            ip_network(each.partition("=")[0])
        return said


class WebhookSettings(_Section):
    """Whether other programs are told what happens, and where messages may go."""

    is_on: bool = False
    allowed_networks: tuple[str, ...] = ()
    authorities: str = ""

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """A network that is none would allow nothing, silently."""
        return tuple(str(ip_network(each)) for each in value)


class DepositSettings(_Section):
    """What is done with documents that people put into a case."""

    scanner: str = Field(default="", pattern=r"^(unix:/\S+|tcp:\S+:[0-9]{1,5})?$")


class TimeAuthoritySettings(_Section):
    """One time-stamp authority."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    url: str = Field(pattern=r"^https?://\S+$")
    certificates: Path
    interval_s: int = Field(default=3600, ge=10, le=604_800)


class TimeSettings(_Section):
    """Time-stamp authorities, and what is done with what they say."""

    authorities: tuple[TimeAuthoritySettings, ...] = ()
    skew_ms_max: int = Field(default=60_000, ge=1_500, le=86_400_000)
    renew_days: int = Field(default=60, ge=1, le=1_000)
    package_wait_s: int = Field(default=20, ge=0, le=600)

    @field_validator("authorities")
    @classmethod
    def _have_names_of_their_own(cls, said: tuple[TimeAuthoritySettings, ...]) -> tuple[TimeAuthoritySettings, ...]:
        if len({each.name for each in said}) != len(said):
            raise InvalidError(f"{SETTINGS_FILE}: time.authorities: two have one name, give each its own")
        return said


class WitnessKeySettings(_Section):
    """One witness: its key (vkey) and its submission prefix."""

    key: str
    url: str = Field(pattern=r"^https?://\S+$")


class WitnessesSettings(_Section):
    """Witnesses of the ledger, and how many of them make a quorum."""

    witnesses: tuple[WitnessKeySettings, ...] = ()
    required: int = Field(default=0, ge=0, le=64)
    interval_s: int = Field(default=10, ge=1, le=86_400)


class Settings(_Section):
    """All settings; the paths are inside the home unless absolute."""

    tenant: TenantSettings = TenantSettings()
    ledger: LedgerSettings = LedgerSettings()
    vault: VaultSettings = VaultSettings()
    keys: KeySettings = KeySettings()
    index: IndexSettings = IndexSettings()
    inspect: InspectSettings = InspectSettings()
    package: PackageSettings = PackageSettings()
    policy: PolicySettings = PolicySettings()
    serve: ServeSettings = ServeSettings()
    media: MediaSettings = MediaSettings()
    turn: TurnSettings = TurnSettings()
    sign_in: SignInSettings = SignInSettings()
    organisation: OrganisationSettings = OrganisationSettings()
    places: PlaceSettings = PlaceSettings()
    webhooks: WebhookSettings = WebhookSettings()
    deposits: DepositSettings = DepositSettings()
    time: TimeSettings = TimeSettings()
    witnesses: WitnessesSettings = WitnessesSettings()

    @model_validator(mode="after")
    def _witnesses_suffice(self) -> Settings:
        if self.witnesses.required > len(self.witnesses.witnesses):
            raise InvalidError(
                f"{SETTINGS_FILE}: witnesses.required: there are fewer witnesses, name more of them or require fewer"
            )
        return self


def parse_settings(text: str) -> Settings:
    """The settings that `text` (TOML) states; raises InvalidError naming the key for anything unknown or malformed."""
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no TOMLDecodeError
        raise InvalidError(f"{SETTINGS_FILE} is not TOML: {error}") from error
    try:
        return Settings.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{SETTINGS_FILE}: {key}: {first['msg']} (see deploy/jianlu.toml for every setting)") from error


def read_settings(home: Path) -> Settings:
    """The settings of `home`; raises NotFoundError when it is no home, InvalidError when the file is wrong."""
    path = home / SETTINGS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(f"{home} is not a Jianlu home: make one with `jianlu init {home}`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} cannot be read: check its permissions and encoding") from error
    return parse_settings(text)
