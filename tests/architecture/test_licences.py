"""What ships with Jianlu may be used by a bank: no GPL, no AGPL, and no licence that nobody has read.

Read from the metadata of the installed packages, over everything that `jianlu` requires, however far away. What a wheel
bundles (the FFmpeg inside `av`) no metadata tells: see docs/decisions/0002-dependencies.md.
"""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import show

# Each licence with the reason why it may be among what ships.
PERMITTED = {
    "0BSD": "no condition",
    "APACHE-2.0": "permissive, with a patent grant; our own",
    "BSD-2-CLAUSE": "permissive",
    "BSD-3-CLAUSE": "permissive",
    "CC0-1.0": "public domain",
    "ISC": "permissive, in the words of MIT's",
    "MIT": "permissive",
    "MIT-0": "no condition",
    "MIT-CMU": "permissive (Pillow)",
    "MPL-2.0": "file-level copyleft: we change none of its files",
    "OFL-1.1": "fonts: may be bundled and embedded in documents, not sold alone",
    "PSF-2.0": "permissive (Python)",
    "ZLIB": "permissive",
}
# Weak copyleft, package by package: used unmodified, replaceable by the user.
PERMITTED_PACKAGES = {
    "psycopg": "LGPL-3.0-only, imported unmodified and replaceable; PostgreSQL is optional",
    "psycopg-binary": "LGPL-3.0-only, imported unmodified and replaceable; PostgreSQL is optional",
}
SPELLINGS = [
    (r"SIL OPEN FONT LICENSE.*|.*OFL-1\.1.*", "OFL-1.1"),
    (r"APACHE( SOFTWARE)?( LICENSE)?[ ,-]*(VERSION )?(2(\.0)?)?", "APACHE-2.0"),
    (r"(THE )?MIT( LICENSE)?", "MIT"),
    (r"(3-CLAUSE BSD|BSD[ -]3[ -]CLAUSE)( LICENSE)?|NEW BSD LICENSE|BSD LICENSE|BSD", "BSD-3-CLAUSE"),
    (r"BSD[ -]2[ -]CLAUSE( LICENSE)?", "BSD-2-CLAUSE"),
    (r"MOZILLA PUBLIC LICENSE 2\.0 \(MPL 2\.0\)?", "MPL-2.0"),
]
VIRAL = re.compile(r"(?<!L)GPL|GNU (AFFERO )?GENERAL PUBLIC|SSPL|BUSL", re.I)
PAIR = re.compile(r"\s+(AND|OR)\s+", re.I)


def spelled(name: str) -> str:
    """One name for the ways in which packages write the same licence."""
    plain = name.strip().strip("()").upper()
    return next((proper for pattern, proper in SPELLINGS if re.fullmatch(pattern, plain)), plain)


def declared(package: metadata.PackageMetadata) -> str:
    """The licence that a package declares: expression, then classifiers, then the first line of free text."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classifiers = [line.split(" :: ")[-1] for line in package.get_all("Classifier") or [] if line.startswith("License ::")]
    named = [line for line in classifiers if line != "OSI Approved"]
    if named:
        return " AND ".join(named)
    return package["License"].strip().partition("\n")[0] if "License" in package else ""


def licence_of(package: metadata.Distribution) -> str:
    """What a package declares; where it declares nothing, the heading of the licence that it carries."""
    carried = [each for each in package.files or [] if each.match("*.dist-info/licenses/LICENSE*")]
    if declared(package.metadata) or not carried:
        return declared(package.metadata)
    lines = [line.strip() for line in carried[0].read_text().splitlines() if line.strip()]
    return " ".join(lines[:2]).partition(",")[0]


def licence_complaints(name: str, licence: str) -> list[str]:
    if name in PERMITTED_PACKAGES and licence.split("-")[0] == "LGPL":
        return []
    if VIRAL.search(licence):
        return [f"{name}: {licence} may not be among what ships"]
    words = PAIR.split(licence)
    parts, joints = [spelled(word) for word in words[::2]], {joint.upper() for joint in words[1::2]}
    known = [part in PERMITTED for part in parts]
    if any(known) if joints == {"OR"} else all(known):
        return []
    return [f"{name}: nobody has read the licence {licence!r}"]


def _requirements(lines: list[str] | None, extras: set[str]) -> list[Requirement]:
    """Those that hold on this machine with any of the extras."""
    wanted = [Requirement(line) for line in lines or []]
    worlds: list[dict[str, str]] = [{"extra": extra} for extra in extras or {""}]
    return [one for one in wanted if one.marker is None or any(one.marker.evaluate(dict(world)) for world in worlds)]


def shipped() -> dict[str, metadata.Distribution]:
    """Every installed package that `jianlu` requires on this machine, directly or through others."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = _requirements(metadata.requires("jianlu"), set())
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) not in seen:
            seen.add((name, extras))
            found[name] = metadata.distribution(name)
            waiting += _requirements(found[name].requires, set(extras))
    return found


def test_nothing_that_ships_is_under_a_licence_that_forbids_it() -> None:
    packages = shipped()
    assert {"av", "cryptography", "psycopg-binary", "pillow"} <= set(packages)
    complaints = [line for name, package in packages.items() for line in licence_complaints(name, licence_of(package))]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    "licence",
    ["GPLv2+", "AGPL-3.0-only", "GNU General Public License v2 or later (GPLv2+)", "MIT AND GPL-3.0-or-later", "LGPL-3.0-only",
     "Commercial", "", "SSPL-1.0", "MIT AND Commercial"],
)  # fmt: skip
def test_a_licence_that_may_not_ship_is_complained_about(licence: str) -> None:
    assert licence_complaints("example", licence)


@pytest.mark.parametrize("licence", ["MIT", "Apache 2.0", "BSD License", "MIT OR Commercial", "BSD-3-Clause AND 0BSD"])
def test_a_permissive_licence_is_fine(licence: str) -> None:
    assert not licence_complaints("example", licence)
