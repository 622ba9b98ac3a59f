"""Looks for words in files, in every form in which a program of ours or of a database might have written them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def forms_of(word: str) -> dict[str, bytes]:
    """The word's bytes by the name of their form; what a form cannot say is left out."""
    found = {"utf-8": word.encode(), "utf-16-le": word.encode("utf-16-le"), "utf-16-be": word.encode("utf-16-be")}
    found["json"] = "".join(f"\\u{ord(each):04x}" if ord(each) > 127 else each for each in word).encode()
    with suppress(UnicodeEncodeError):
        found["gbk"] = word.encode("gbk")
    return found


def words_in(content: bytes, words: Iterable[str]) -> set[tuple[str, str]]:
    """Each word that is in `content`, with its form."""
    return {(word, form) for word in words for form, sought in forms_of(word).items() if sought in content}


def words_under(folders: Iterable[Path], words: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """What `words_in` finds by file, in every file below the folders; a file's name is looked at too."""
    found: dict[str, set[tuple[str, str]]] = {}
    wanted = list(words)
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and (said := words_in(path.read_bytes() + b"\n" + path.name.encode(), wanted)):
                found[str(path.relative_to(folder))] = said
    return found
