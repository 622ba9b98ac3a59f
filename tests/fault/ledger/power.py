"""A power cut at any system call: what a disk may hold that keeps exactly what was synced, and of the rest what it likes.

`Disk` watches the calls that this process makes on one folder. File contents are certain as of their last sync, names as of
the last sync of their directory; anything newer may be there, be missing, be cut, or read as zeros. `image` builds such a
folder. Harsher than journalling file systems: each name and each file decides for itself. Not a test.
"""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECTOR_BYTES = 512
WATCHED = ("open", "write", "fsync", "fdatasync", "rename", "unlink", "mkdir", "rmdir")

_Node = tuple[int, int]
"""A file or directory: inode number and how often that number was given out."""


class Disk:
    """The certain and the possible state of `root`; `at_call` is called before each watched call on it."""

    def __init__(self, root: Path, at_call: Callable[[], None]) -> None:
        self.root = root
        self._at_call = at_call
        self._generation: dict[int, int] = {}
        self._synced_content: dict[_Node, bytes] = {}
        self._synced_names: dict[_Node, dict[str, _Node]] = {}
        self._is_looking = False
        for directory, _, names in os.walk(root):
            self._sync(Path(directory))
            for name in names:
                self._sync(Path(directory) / name)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between this process and the calls."""
        for name in WATCHED:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def image(self, destination: Path, chance: random.Random | None) -> None:
        """Build a folder that a power cut now may leave: without `chance` only what is certain, with it any mixture."""
        self._is_looking = True
        self._build(self._node(self.root), self.root, destination, chance)
        self._is_looking = False

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watching(first: Any, *rest: Any, **options: Any) -> Any:
            if self._is_looking or not self._concerns(first, options):
                return call(first, *rest, **options)
            self._is_looking = True
            try:
                self._at_call()
            finally:
                self._is_looking = False
            is_new = name in ("open", "mkdir") and not os.path.lexists(first)
            answer = call(first, *rest, **options)
            if is_new and os.path.lexists(first):
                number = os.stat(first).st_ino
                self._generation[number] = self._generation.get(number, 0) + 1
            if name in ("fsync", "fdatasync"):
                self._sync(Path(os.readlink(f"/proc/self/fd/{first}")))
            return answer

        return watching

    def _concerns(self, first: Any, options: dict[str, Any]) -> bool:
        if options.get("dir_fd") is not None:
            first = options["dir_fd"]
        place = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else os.fspath(first)
        return Path(place).is_relative_to(self.root)

    def _node(self, path: Path) -> _Node:
        number = path.stat().st_ino
        return number, self._generation.get(number, 0)

    def _sync(self, path: Path) -> None:
        if path.is_dir():
            self._synced_names[self._node(path)] = {child.name: self._node(child) for child in path.iterdir()}
        else:
            self._synced_content[self._node(path)] = path.read_bytes()

    def _build(self, node: _Node, path: Path | None, destination: Path, chance: random.Random | None) -> None:
        """Build directory `node`, which is at `path` now unless it was moved or deleted."""
        destination.mkdir()
        certain = self._synced_names.get(node, {})
        now = {child.name: child for child in path.iterdir()} if path is not None else {}
        for name in sorted(certain.keys() | now.keys()):
            is_newer = chance is not None and chance.random() < 0.5
            child = now.get(name)
            present = self._node(child) if child is not None else None
            chosen = present if is_newer else certain.get(name)
            if chosen is None:
                continue
            live = child if chosen == present else self._find(chosen)
            if chosen in self._synced_names or (live is not None and live.is_dir()):
                self._build(chosen, live, destination / name, chance)
            else:
                (destination / name).write_bytes(self._some_content(chosen, live, chance))

    def _find(self, node: _Node) -> Path | None:
        return next((path for path in self.root.rglob("*") if self._node(path) == node), None)

    def _some_content(self, node: _Node, live: Path | None, chance: random.Random | None) -> bytes:
        certain = self._synced_content.get(node, b"")
        if chance is None or live is None or not stat.S_ISREG(live.stat().st_mode):
            return certain
        now = live.read_bytes()
        assert now.startswith(certain), "a synced file is only appended to"
        added = bytearray(now[len(certain) :])
        kind = chance.choice(["nothing", "all", "cut", "zeros"])
        if kind == "nothing":
            added.clear()
        elif kind == "cut":
            del added[chance.randrange(len(added) + 1) :]
        elif kind == "zeros" and added:
            sector = (len(certain) + chance.randrange(len(added))) // SECTOR_BYTES * SECTOR_BYTES
            start, end = max(sector - len(certain), 0), min(sector + SECTOR_BYTES - len(certain), len(added))
            added[start:end] = bytes(end - start)
        return certain + bytes(added)
