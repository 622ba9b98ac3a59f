"""`deploy/jianlu.toml` is the reference of the settings: every key, each with its default, none that does not exist.

An unknown key refuses to start; that is proved with the settings themselves, not here.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from jianlu.runtime.settings import Settings
from tests.architecture.tree import ROOT, show

REFERENCE = ROOT / "deploy" / "jianlu.toml"
REQUIRED = object()
OPTIONAL_KEY = re.compile(r"^#([a-z][a-z0-9_]*) =", re.M)  # `#key = value`: shown, but without a default to write down


def _plain(value: object) -> object:
    """A default as TOML would write it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(element) for element in value]
    return value


def settings_keys(model: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Dotted key -> default, through nested models; REQUIRED where there is none."""
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= settings_keys(kind, f"{prefix}{name}.")
        else:
            found[prefix + name] = REQUIRED if field.is_required() else _plain(field.get_default(call_default_factory=True))
    return found


def reference_keys(table: dict[str, Any], prefix: str = "") -> dict[str, object]:
    """Dotted key -> value of a parsed TOML table."""
    found: dict[str, object] = {}
    for name, value in table.items():
        found |= reference_keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def reference_complaints(model: type[BaseModel], text: str) -> list[str]:
    wanted, written = settings_keys(model), reference_keys(tomllib.loads(OPTIONAL_KEY.sub(r"\1 =", text)))
    found = [f"{key} is no setting" for key in written.keys() - wanted.keys()]
    found += [f"{key} is not in the reference" for key in wanted.keys() - written.keys()]
    for key in wanted.keys() & written.keys():
        if wanted[key] not in (REQUIRED, None) and wanted[key] != written[key]:
            found.append(f"{key}: the reference says {written[key]!r}, the default is {wanted[key]!r}")
    return sorted(found)


def test_the_reference_configuration_equals_the_settings() -> None:
    complaints = reference_complaints(Settings, REFERENCE.read_text(encoding="utf-8"))
    assert not complaints, show(complaints)


def test_every_key_of_the_reference_is_explained() -> None:
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    bare = [lines[at] for at in range(len(lines)) if re.match(r"#?[a-z_]+ =", lines[at]) and not lines[at - 1].startswith("# ")]
    assert not bare, show(bare)


class _Inner(BaseModel):
    folder: Path = Path("/var/lib/example")


class _Example(BaseModel):
    size_bytes: int = 3
    inner: _Inner = _Inner()


def test_a_reference_that_differs_is_complained_about() -> None:
    good = 'size_bytes = 3\n[inner]\nfolder = "/var/lib/example"\n'
    assert not reference_complaints(_Example, good)
    assert reference_complaints(_Example, good.replace("3", "4"))
    assert reference_complaints(_Example, good.replace("folder", "place"))
    assert reference_complaints(_Example, "size_bytes = 3\n")
