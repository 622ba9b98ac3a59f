"""The grammar of blob names, which every blob store enforces: no traversal, no hidden files, nothing absolute.

Where a name comes from is `vault/model.py` and the specs; this only says what a name may look like.
"""

from __future__ import annotations

import re

from jianlu.core.errors import InvalidError

_PART = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_PARTS_MAX = 8


def check_blob_name(name: str) -> str:
    """`name` when it is a blob name; raises InvalidError otherwise."""
    parts = name.split("/")
    if len(parts) > _PARTS_MAX or not all(_PART.fullmatch(part) and ".." not in part for part in parts):
        raise InvalidError("a blob name is up to 8 parts of a-z 0-9 . _ - joined by slashes")
    return name


def is_blob_name(claimed: str) -> bool:
    """Whether a store's own listing shows a blob name, or something that others put there."""
    try:
        return bool(check_blob_name(claimed))
    except InvalidError:
        return False


def folder_of_prefix(prefix: str) -> str:
    """The folder that holds every name with `prefix`, empty for the root; raises InvalidError when it is none."""
    if "/" not in prefix:
        return ""
    return check_blob_name(prefix.rpartition("/")[0])
