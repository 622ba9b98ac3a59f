"""The digest of a rule pack: `specs/packs.md`. A pack is named by the content of all its files."""

from __future__ import annotations

from collections.abc import Mapping

from jianlu.core.terms.digests import digest_of


def pack_digest(files: Mapping[str, str]) -> str:
    """SHA-256 over one line a file, `<SHA-256 of the file>  <path>`, in the order of the paths: as `sha256sum` prints them.

    `files` maps paths relative to the pack (`/` between parts) to SHA-256 digests in hexadecimal.
    """
    return digest_of("".join(f"{files[path]}  {path}\n" for path in sorted(files)).encode())
