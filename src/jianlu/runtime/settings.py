"""The settings of a home: one TOML file, read once into frozen models; an unknown key refuses to start.

Every field is explained in `deploy/jianlu.toml`, which a test holds against these models. Secrets are paths to files, never values.
"""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from jianlu.core.errors import InvalidError, NotFoundError

SETTINGS_FILE = "jianlu.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TenantSettings(_Section):
    """Whose evidence this home keeps."""

    id: str = "demo-bank"
    language: Literal["zh", "en"] = "zh"


class LedgerSettings(_Section):
    """The transparency log."""

    origin: str = "jianlu.example/demo"
    path: Path = Path("ledger")
    signing_key: Path = Path("secrets/ledger.key")
    publish_interval_ms: int = Field(default=1000, ge=10, le=60_000)


class VaultSettings(_Section):
    """Sealed objects and wrapped keys."""

    blobs: Literal["posix"] = "posix"
    path: Path = Path("vault")
    keys_path: Path = Path("vault-keys")


class KeySettings(_Section):
    """Who holds the root key."""

    backend: Literal["file"] = "file"
    root_key: Path = Path("secrets/root.key")


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


class PolicySettings(_Section):
    """Where rule packs are read from; empty for the packs that come with the program."""

    packs_path: str = ""


class ServeSettings(_Section):
    """The service: where it listens, by which name it is reached, and how many processes share the work."""

    listen: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65_535)
    public_url: str = Field(default="", pattern=r"^(https://[^/\s?#]+)?$")
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


def parse_settings(text: str) -> Settings:
    """The settings that `text` (TOML) states; raises InvalidError naming the key for anything unknown or malformed."""
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"{SETTINGS_FILE} is not TOML: {error}") from error
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
