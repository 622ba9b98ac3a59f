"""Versions of a pack: the one in use, and the earlier ones that an installation kept, `packs/_earlier/<version>/<pack>/`.

Earlier versions decide nothing; they are there so that people can read what changed. Each is read as strictly as the one in use, and
again when its files have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.govern.policy.load_packs import load_pack
from jianlu.govern.policy.model import Pack

EARLIER = "_earlier"


def pack_versions(directory: Path, pack: str, packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """The versions of `pack`, the one of `packs` (those in use, from `directory`) first, then the newest first.

    NotFoundError when there is none; InvalidError when a kept version does not load, or calls itself another version than its folder.
    """
    in_use = {each.id: each for each in packs}
    if pack not in in_use:
        raise NotFoundError("there is no rule pack of that id: see the list of packs")
    kept = [_kept(folder, pack, _stamp(folder / pack)) for folder in _folders(directory) if (folder / pack).is_dir()]
    earlier = sorted((each for each in kept if each.version != in_use[pack].version), key=_order, reverse=True)
    return (in_use[pack], *earlier)


def _folders(directory: Path) -> list[Path]:
    place = directory / EARLIER
    return sorted(folder for folder in place.iterdir() if folder.is_dir()) if place.is_dir() else []


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a file of the version was changed, added or taken away since it was read."""
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")))
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)


@lru_cache(maxsize=64)
def _kept(folder: Path, pack: str, _: tuple[tuple[str, int, int], ...]) -> Pack:
    found = load_pack(folder / pack)
    if found.version != folder.name:
        raise InvalidError(f"{EARLIER}/{folder.name}/{pack} says version {found.version}: put it into the folder of its version")
    return found


def _order(pack: Pack) -> tuple[int, ...]:
    return tuple(int(part) for part in pack.version.split("."))
