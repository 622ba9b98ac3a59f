"""What must not be in version control: paths of somebody's machine, registry hosts, secrets, built files.

A lock file that names hosts, or a path that exists on one machine only, works for its author and for nobody else.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import project_files, show, texts

MACHINE_PATH = re.compile(r"(?<![\w.\-/])/(?:root|work|Users|home/[a-z]\w*|tmp)/[\w.]")
REGISTRY_HOST = re.compile(r"\b(files\.pythonhosted|pypi|deb\.debian|registry\.npmjs|registry\.npmmirror)\.(?:org|com)\b", re.I)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----|AGE-SECRET" + r"-KEY-1")
INDEX_OPTION = re.compile(r"^\s*(--index-url|--extra-index-url|-i|--find-links|-f|--trusted-host)\b", re.M)
BUILT = {".pyc", ".so", ".o", ".jlp", ".whl", ".pyz"}
FILE_BYTES_MAX = 8 * 2**20  # the sample recording is the largest file that has a reason to be here


def text_complaints(path: Path, text: str) -> list[str]:
    rules = {"a machine's path": MACHINE_PATH, "a registry's host": REGISTRY_HOST, "a private key": PRIVATE_KEY}
    found = []
    for what, pattern in rules.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: {what}: {match.group()}")
    if path.parts[0] == "requirements":
        found += [f"{path}: an option that names an index: {match.group().strip()}" for match in INDEX_OPTION.finditer(text)]
    return found


def test_no_text_names_a_machine_a_registry_or_a_key() -> None:
    complaints = [line for path, text in texts() for line in text_complaints(path, text)]
    assert not complaints, show(complaints)


def test_nothing_built_and_nothing_huge_is_kept() -> None:
    complaints = [
        f"{path}: built, not written" for path in project_files() if path.suffix in BUILT and "vectors" not in path.parts
    ]
    complaints += [
        f"{path}: larger than {FILE_BYTES_MAX} bytes" for path in project_files() if path.stat().st_size > FILE_BYTES_MAX
    ]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    "text",
    [
        "HOME = '/ro" + "ot/keys'",
        "open('/wo" + "rk/x')",
        "see /home/zh" + "ang/notes",
        "https://py" + "pi.org/simple",
        "https://files.python" + "hosted.org/packages",
        "-----BEGIN PRIVATE" + " KEY-----",
        "-----BEGIN EC PRIVATE" + " KEY-----",
    ],
)
def test_a_text_that_gives_something_away_is_complained_about(text: str) -> None:
    assert text_complaints(Path("src/jianlu/x.py"), text)


def test_a_requirement_file_that_names_an_index_is_complained_about() -> None:
    assert text_complaints(Path("requirements/runtime.txt"), "--index-url x\nnumpy==2.4.6\n")


@pytest.mark.parametrize("text", ["../workshop/x", "src/tmp/x", "https://example.org/home/page", "/var/lib/jianlu", "/work"])
def test_ordinary_paths_are_fine(text: str) -> None:
    assert not text_complaints(Path("README.md"), text)
