"""The saboteur's tools: take a package apart, change it, and put it together again, with or without the institution's own key.

Without the key the attacker is a stranger with the file; with it, the operator who signs packages. Whoever holds the key can
re-sign the manifest, so everything caught after a re-signing is caught by the ledger and the rules, not by the signature.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from jianlu.core.formats.archive import read_directory
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.package import MANIFEST, MANIFEST_NOTE, manifest_bytes, note_text, parse_manifest
from jianlu.core.terms.digests import digest_of
from jianlu.deliver.packages._container import Container
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import sign_note

Entries = dict[str, bytes]


def read_entries(package: Path) -> Entries:
    """All entries in order."""
    with ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rebuild(package: Path, entries: Entries, *, signer: Signer | None = None) -> Path:
    """A package of `entries`; the manifest is made anew and signed by `signer`, or left as it was."""
    with Container(package) as container:
        content = dict(entries)
        manifest, note = content.pop(MANIFEST), content.pop(MANIFEST_NOTE)
        for name, value in content.items():
            container.add(name, value)
        if signer is not None:
            stated = replace(
                parse_manifest(manifest), entries=tuple(container.entries), verifier=digest_of(content["verifier.pyz"])
            )
            manifest = manifest_bytes(stated)
            note = sign_note(note_text(stated.tenant, stated.case, digest_of(manifest)), signer)
        container.add(MANIFEST, manifest)
        container.add(MANIFEST_NOTE, note)
    return package


def forge(package: Path, copy: Path, change: Callable[[Entries], None], *, signer: Signer | None = None) -> Path:
    """A copy of `package` after `change`."""
    entries = read_entries(package)
    change(entries)
    return rebuild(copy, entries, signer=signer)


def flip(package: Path, copy: Path, entry: str, *, at: float = 0.5) -> Path:
    """A copy with one bit inverted in `entry`, nothing else touched; `at` says where, as a share of its length."""
    shutil.copyfile(package, copy)
    with copy.open("r+b") as file:
        size = file.seek(0, 2)

        def read_at(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        found = next(each for each in read_directory(read_at, size) if each.name == entry)
        position = found.offset + min(int(found.size * at), found.size - 1)
        byte = read_at(position, 1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 0x10]))
    return copy


def edit_json(entries: Entries, name: str, change: Callable[[Any], None]) -> None:
    """Change a canonical JSON document in place."""
    document = parse_canonical(entries[name])
    change(document)
    entries[name] = canonical_bytes(document)
