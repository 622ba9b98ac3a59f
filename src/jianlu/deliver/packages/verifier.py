"""Builds the verifier as a single Python file: `jianlu.core` and `jianlu.verify`, stored in a ZIP, the same bytes on every machine.

Its digest is what an institution publishes; `specs/verifier.sha256` holds that of this version, and
`python -m jianlu.deliver.packages.verifier` prints it (`sha256sum --check` reads the line; with a path it writes the file there).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.archive import CREATE_SYSTEM_UNIX, FIXED_DATE_TIME, FIXED_EXTERNAL_ATTR
from jianlu.core.terms.digests import digest_of

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = '"""Starts the verifier."""\n\nimport sys\n\nfrom jianlu.verify.__main__ import main\n\nsys.exit(main())\n'
_PACKAGES = ("core", "verify")
_LEFT_OUT = "core/formats/segment.py"
"""Opens sealed objects: needs keys and a cipher library, and the verifier has neither."""


def verifier_bytes() -> bytes:
    """The program `verifier.pyz`; needs Python 3.11 and nothing else to run. Deterministic: no time stamps, no compression."""
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_STORED) as archive:
        for name, text in sorted(_sources()):
            entry = ZipInfo(name, FIXED_DATE_TIME)
            entry.create_system = CREATE_SYSTEM_UNIX
            entry.external_attr = FIXED_EXTERNAL_ATTR
            archive.writestr(entry, text)
    return _SHEBANG + content.getvalue()


def _sources() -> Iterator[tuple[str, bytes]]:
    root = files("jianlu")
    yield "__main__.py", _MAIN.encode()
    yield "jianlu/__init__.py", root.joinpath("__init__.py").read_bytes()
    for package in _PACKAGES:
        yield from _modules(root.joinpath(package), package)


def _modules(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        inner = f"{path}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(entry, inner)
        elif entry.name.endswith(".py") and inner != _LEFT_OUT:
            yield f"jianlu/{inner}", entry.read_bytes()


def published_line(program: bytes) -> str:
    """The line of `specs/verifier.sha256` for `program`: digest, two spaces, file name, as `sha256sum` writes it."""
    return f"{digest_of(program)}  verifier.pyz\n"


def main(arguments: Sequence[str]) -> None:
    """Print the line to publish; with a path, write the program there first."""
    program = verifier_bytes()
    for path in arguments[:1]:
        try:
            Path(path).write_bytes(program)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be written ({error.strerror}): name another place") from error
    sys.stdout.write(published_line(program))


if __name__ == "__main__":
    main(sys.argv[1:])
