"""Rule packs as bytes: the digest that names a pack, and the document that seals the packs of a plan. `specs/packs.md`.

Reading a pack's files and their meaning is `govern/policy/`; the verifier needs no more than this.
"""

from __future__ import annotations

from collections.abc import Mapping

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.terms.digests import digest_of

FORMAT = "jianlu/packs/v1"


def pack_digest(files: Mapping[str, str]) -> str:
    """SHA-256 over one line a file, `<SHA-256 of the file>  <path>`, in the order of the paths: as `sha256sum` prints them.

    `files` maps paths relative to the pack (`/` between parts) to SHA-256 digests in hexadecimal.
    """
    return digest_of("".join(f"{files[path]}  {path}\n" for path in sorted(files)).encode())


def packs_bytes(packs: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """The canonical document of the files (UTF-8) of each pack by id and path; sealed with the plan, so that both outlive an upgrade."""
    try:
        texts = {pack: {path: content.decode() for path, content in files.items()} for pack, files in packs.items()}
    except UnicodeDecodeError as error:
        raise InvalidError("a rule pack's files must be UTF-8 text") from error
    return canonical_bytes({"format": FORMAT, "packs": texts})


def parse_packs(content: bytes) -> dict[str, dict[str, bytes]]:
    """The packs that `packs_bytes` wrote; raises InvalidError for anything else."""
    fields = parse_canonical(content)
    is_ours = isinstance(fields, dict) and set(fields) == {"format", "packs"} and fields["format"] == FORMAT
    if not is_ours or not isinstance(fields["packs"], dict):
        raise InvalidError("not a version 1 packs document")
    packs = fields["packs"]
    if not all(isinstance(files, dict) and all(isinstance(text, str) for text in files.values()) for files in packs.values()):
        raise InvalidError("a packs document holds something that is not text")
    return {pack: {path: text.encode() for path, text in files.items()} for pack, files in packs.items()}
