"""Who holds the root key, as the settings say it.

The table `[keys]` is also read from a file of its own, and put in place of another in a settings file.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jianlu.core.errors import InvalidError

_TABLE = re.compile(r"^\[keys\][^\n]*\n(?:(?!\[)[^\n]*\n?)*", re.MULTILINE)
KEY_NAME = r"^([A-Za-z0-9][A-Za-z0-9_-]{0,62})?$"


class KeySettings(BaseModel):
    """Who holds the root key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["file", "pkcs11", "openbao"] = "file"
    root_key: Path = Path("secrets/root.key")
    suite: Literal["international", "sm"] = "international"
    key: str = Field(default="", pattern=KEY_NAME)
    module: str = ""
    token: str = Field(default="", max_length=32)
    pin: str = ""
    url: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$")
    mount: str = Field(default="transit", pattern=r"^[A-Za-z0-9_./-]{1,100}$")
    namespace: str = Field(default="", pattern=r"^[A-Za-z0-9_./-]{0,100}$")
    token_file: str = ""
    role_id: str = ""
    secret_id: str = ""
    role_mount: str = Field(default="approle", pattern=r"^[A-Za-z0-9_./-]{1,100}$")
    authorities: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> KeySettings:
        needed = {"file": (), "pkcs11": ("key", "module", "token", "pin"), "openbao": ("key", "url")}[self.backend]
        missing = [name for name in needed if not getattr(self, name)]
        if missing:
            raise InvalidError(f'[keys]: backend = "{self.backend}" needs {", ".join(missing)} (see deploy/jianlu.toml)')
        if self.suite != "international" and self.backend != "file":
            raise InvalidError(
                f'[keys]: backend = "{self.backend}" wraps with AES-256-GCM alone: leave suite out, or keep the root key in a file'
            )
        if self.backend == "openbao" and (
            bool(self.token_file) == bool(self.role_id) or bool(self.role_id) != bool(self.secret_id)
        ):
            raise InvalidError(
                "[keys]: the key service is entered with token_file, or with role_id and secret_id (see deploy/jianlu.toml)"
            )
        return self


def read_key_settings(path: Path, *, key: str) -> KeySettings:
    """The table `[keys]` in the file at `path`; `key` names the root key where the file does not.

    InvalidError when there is none, or a wrong one.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))["keys"]
        return KeySettings.model_validate({"key": "" if found.get("backend", "file") == "file" else key, **found})
    except (OSError, KeyError, ValueError, RecursionError, AttributeError, TypeError) as error:
        if isinstance(error, ValidationError):
            raise InvalidError(f"{path.name}: {error.errors()[0]['msg']} (see deploy/jianlu.toml for every setting)") from error
        raise InvalidError(f"{path.name} has no table [keys] that can be read: see deploy/jianlu.toml") from error
    except ValidationError as error:
        raise InvalidError(f"{path.name}: {error.errors()[0]['msg']} (see deploy/jianlu.toml for every setting)") from error


def with_key_settings(text: str, keys: KeySettings) -> str:
    """The settings file `text` with this table `[keys]` in place of its own, and everything else as it was."""
    plain = KeySettings.model_construct()
    said = {name: value for name, value in keys if name == "backend" or value != getattr(plain, name)}
    lines = [f"{name} = {json.dumps(str(value), ensure_ascii=False)}" for name, value in said.items()]
    table = "\n".join(["[keys]", "# Every field: deploy/jianlu.toml. 全部字段见 deploy/jianlu.toml。", *lines, "", ""])
    found = _TABLE.search(text)
    return text[: found.start()] + table + text[found.end() :] if found else f"{text.rstrip()}\n\n{table}"
