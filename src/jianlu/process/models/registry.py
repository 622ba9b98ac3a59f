"""The registry of models: reads `models.toml` (ours, then an operator's) and hands out weights that match their digest.

A model's content is hashed each time it is loaded, and what was hashed is what is handed over: a swapped file is refused,
whoever swapped it. Nothing is downloaded; packages bring the files. Which engine reads them is not known here.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.digests import is_digest

ROLES = ("voice", "speech", "faces")
FILE_BYTES_MAX = 8 << 30
"""One model file: above the largest recogniser that runs on a processor, below what exhausts a machine by mistake."""

_FIELDS = {"role", "title", "source", "licence", "threshold", "digest", "languages", "packages", "files"}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: the parts it is joined from, and the SHA-256 of the joined content."""

    parts: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model as registered. `digest` names its weights; `threshold` is in thousandths; `packages` are pinned versions."""

    id: str
    role: str
    title: str
    source: str
    licence: str
    threshold: int
    digest: str
    languages: tuple[str, ...]
    packages: Mapping[str, str]
    files: Mapping[str, ModelFile]

    @property
    def version(self) -> str:
        """The packages that bring it, as `name version`."""
        return " + ".join(f"{name} {version}" for name, version in self.packages.items())


def read_registry(own: Path | None = None) -> dict[str, Model]:
    """Every registered model by id: the project's, then those of the operator's file `own`, which win.

    Raises InvalidError for a file that does not keep the form of `models.toml`.
    """
    models = _parse(resources.files(__package__).joinpath("models.toml").read_text(encoding="utf-8"))
    if own is not None:
        try:
            models |= _parse(own.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidError("the file of own models cannot be read: check its path and that it is UTF-8") from error
    return models


def find_model(id: str, models: Mapping[str, Model] | None = None) -> Model:
    """The model called `id`; raises NotFoundError naming those that exist."""
    known = read_registry() if models is None else models
    if id not in known:
        raise NotFoundError(f"no model is called {id}: choose one of {', '.join(sorted(known))}")
    return known[id]


def read_model_file(model: Model, name: str) -> bytes:
    """The content of a model's file, joined from its parts and equal to its SHA-256.

    Raises UnavailableError when a package is absent or of another version, IntegrityError when the content is not the
    registered one.
    """
    file = _file_of(model, name)
    _check_packages(model)
    joined = bytearray()
    for part in file.parts:
        joined += _bytes_of(_locate(model, part))
    _check(model, name, joined)
    return bytes(joined)


def path_of_model_file(model: Model, name: str) -> Path:
    """The path of a one-part file whose content is the registered one now, for engines that read files themselves.

    Raises as `read_model_file` does, and InvalidError for a file of several parts.
    """
    file = _file_of(model, name)
    if len(file.parts) != 1:
        raise InvalidError(f"{name} of the model {model.id} is in several parts: read it into memory")
    _check_packages(model)
    path = _locate(model, file.parts[0])
    _check(model, name, _bytes_of(path))
    return path


def _check(model: Model, name: str, content: bytes | bytearray) -> None:
    if hashlib.sha256(content).hexdigest() != model.files[name].sha256:
        raise IntegrityError(
            f"{name} of the model {model.id} is not what is registered: reinstall its package, find out who changed it"
        )


def _file_of(model: Model, name: str) -> ModelFile:
    if name not in model.files:
        raise NotFoundError(f"the model {model.id} has no file {name}")
    return model.files[name]


def _check_packages(model: Model) -> None:
    for name, version in model.packages.items():
        try:
            present = metadata.version(name)
        except metadata.PackageNotFoundError as error:
            raise UnavailableError(f"the model {model.id} needs the package {name} {version}: install it") from error
        if present != version:
            raise UnavailableError(f"the model {model.id} needs {name} {version}, not {present}: install that version")


def _locate(model: Model, part: str) -> Path:
    """Where a part is, without importing the package that brings it (importing would run its code)."""
    distribution, colon, inside = part.partition(":")
    if not colon:
        return Path(part)
    try:
        return Path(str(metadata.distribution(distribution).locate_file(inside)))
    except metadata.PackageNotFoundError as error:
        raise UnavailableError(f"the model {model.id} needs the package {distribution}: install it") from error


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise InvalidError("a model file is larger than any that is known: check the registry's paths")
        return path.read_bytes()
    except OSError as error:
        raise UnavailableError("a model file is missing or cannot be read: reinstall its package") from error


def _parse(text: str) -> dict[str, Model]:
    try:
        tables = tomllib.loads(text)
        return {id_: _model(id_, fields) for id_, fields in tables.items()}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise InvalidError("the model registry lacks a field or has a wrong one: compare it with models.toml") from error


def _model(id_: str, fields: dict[str, Any]) -> Model:
    if set(fields) != _FIELDS:
        raise InvalidError(f"the model {id_} has missing or unknown fields: compare it with models.toml")
    files = {name: ModelFile(tuple(map(str, file["parts"])), str(file["sha256"])) for name, file in fields["files"].items()}
    threshold = fields["threshold"]
    if fields["role"] not in ROLES or type(threshold) is not int or not 0 <= threshold <= 1000:
        raise InvalidError(f"the model {id_} needs a role of {', '.join(ROLES)} and a threshold of 0 to 1000")
    digests = [fields["digest"], *(file.sha256 for file in files.values())]
    if not all(is_digest(digest) for digest in digests) or fields["digest"] not in digests[1:]:
        raise InvalidError(f"the model {id_} needs SHA-256 digests, and its own must be that of one of its files")
    texts = {name: str(fields[name]) for name in ("role", "title", "source", "licence", "digest")}
    return Model(
        id=id_,
        threshold=threshold,
        languages=tuple(str(lang) for lang in fields["languages"]),
        packages={str(name): str(version) for name, version in fields["packages"].items()},
        files=files,
        **texts,
    )
