"""Hostile claims of size and number end soon and in little memory: each is verified by a stranger's Python that may use little.

The verifier runs as a process of its own, isolated and without site packages, and dies if it asks for more than it may have.
"""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.findings import parse_findings
from jianlu.core.formats.package import MANIFEST
from jianlu.deliver.packages._container import Container
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.ledger.signer import load_signer, sign_note
from tests.e2e.sabotage.forge import Entries, rebuild
from tests.fakes.quiet_home import Sealed

pytestmark = pytest.mark.slow

MEMORY_BYTES_MAX = 600 * 1024 * 1024
PROCESSOR_S_MAX = 60


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "verifier.pyz"
    path.write_bytes(verifier_bytes())
    return path


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S_MAX, PROCESSOR_S_MAX))


def _verify(program: Path, package: Path) -> tuple[int, Any]:
    command = [sys.executable, "-I", "-S", str(program), str(package), "--json"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=package.parent, preexec_fn=_limit)
    assert done.returncode in (0, 10, 90), done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout)


def test_the_real_package_needs_no_more_than_that(program: Path, sealed: Sealed) -> None:
    assert _verify(program, sealed.package)[0] == 10


def test_sixty_thousand_tiny_entries_end_in_an_answer(program: Path, sealed: Sealed, entries: Entries, tmp_path: Path) -> None:
    stuffed = {**entries, **{f"documents/x{number:06d}": b"" for number in range(60_000)}}
    package = rebuild(tmp_path / "stuffed.jlp", stuffed, signer=sealed.package_signer)
    code, result = _verify(program, package)
    assert code == 90
    assert 1_000 < len(result["problems"]) <= 10_000


def test_sixty_thousand_entries_that_no_manifest_names_end_in_an_answer(program: Path, entries: Entries, tmp_path: Path) -> None:
    with Container(tmp_path / "stuffed.jlp") as container:
        for name, content in entries.items():
            container.add(name, content)
        for number in range(60_000):
            container.add(f"x/{number}", b"x")
    assert _verify(program, tmp_path / "stuffed.jlp")[0] == 90


def _huge_checkpoint(entries: Entries, sealed: Sealed) -> None:
    signer = load_signer(sealed.home / "secrets" / "ledger.key")
    claimed = Checkpoint(signer.key.name, 1 << 40, bytes(32))
    entries["ledger/checkpoint"] = sign_note(claimed.text, signer)


def _far_positions(entries: Entries, sealed: Sealed) -> None:
    count = len(parse_canonical(entries["ledger/positions.json"]))
    entries["ledger/positions.json"] = canonical_bytes([(1 << 40) - count + n for n in range(count)])


def _many_positions(entries: Entries, sealed: Sealed) -> None:
    entries["ledger/positions.json"] = canonical_bytes(list(range(1_000_000)))


def _many_events(entries: Entries, sealed: Sealed) -> None:
    entries["ledger/events"] = b"\0\0" * 2_000_000


def _long_speech(entries: Entries, sealed: Sealed) -> None:
    """One utterance of 60,000 tokens that all begin a phrase."""
    plan = parse_canonical(entries["plan.json"])
    variant = plan["phrases"][0]["variants"][0]
    document = parse_canonical(entries["findings/speech.json"])
    tokens = [[variant[0], n, n + 1, 900] for n in range(60_000)]
    engine = {"model": "", "name": "x", "version": "1"}
    value = {"lang": "zh", "text": "x", "tokens": tokens}
    utterance = {"engine": engine, "from_ms": 0, "id": "u", "kind": "utterance", "score": 1, "threshold": 0, "to_ms": 60_000}
    document.update(status="ran", reason="", findings=[{**utterance, "track": "agent", "value": value}])
    document["covered"] = [["agent", 0, 60_000]]
    entries["findings/speech.json"] = canonical_bytes(document)
    assert len(parse_findings(entries["findings/speech.json"]).findings) == 1


def _late_evidence(entries: Entries, sealed: Sealed) -> None:
    """One second of picture at the end of time."""
    document = parse_canonical(entries["findings/picture.json"])
    document["covered"] = [["picture", 0, 2**53 - 1]]
    entries["findings/picture.json"] = canonical_bytes(document)


CLAIMS: list[Callable[[Entries, Sealed], None]] = [
    _huge_checkpoint,
    _far_positions,
    _many_positions,
    _many_events,
    _long_speech,
    _late_evidence,
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: str(claim.__name__).strip("_"))
def test_a_huge_claim_is_refused_within_bounds(
    claim: Callable[[Entries, Sealed], None], program: Path, sealed: Sealed, entries: Entries, tmp_path: Path
) -> None:
    forged = dict(entries)
    claim(forged, sealed)
    assert _verify(program, rebuild(tmp_path / "forged.jlp", forged, signer=sealed.package_signer))[0] == 90


@pytest.mark.parametrize("claimed", [0xFFFFFFFF, 0x7FFFFFFF, 1 << 30])
def test_a_directory_that_claims_huge_entries_is_refused(claimed: int, program: Path, sealed: Sealed, tmp_path: Path) -> None:
    package = bytearray(sealed.package.read_bytes())
    local, central = package.index(b"PK\x03\x04"), package.index(b"PK\x01\x02")
    struct.pack_into("<2L", package, local + 18, claimed, claimed)
    struct.pack_into("<2L", package, central + 20, claimed, claimed)
    (tmp_path / "forged.jlp").write_bytes(package)
    assert _verify(program, tmp_path / "forged.jlp")[0] == 90


@pytest.mark.parametrize("size_bytes", [1 << 33, 1 << 45])
def test_a_sparse_file_of_any_length_is_refused(size_bytes: int, program: Path, tmp_path: Path) -> None:
    path = tmp_path / "sparse.jlp"
    with path.open("wb") as file:
        try:
            file.truncate(size_bytes)
        except OSError:
            file.truncate(1 << 32)
    assert _verify(program, path)[0] == 90


def test_a_manifest_that_names_200_000_absent_entries_is_refused(
    program: Path, sealed: Sealed, entries: Entries, tmp_path: Path
) -> None:
    document = parse_canonical(entries[MANIFEST])
    document["entries"] = document["entries"] + [[f"x/{n}", 0, "0" * 64, 0] for n in range(200_000)]
    package = rebuild(tmp_path / "forged.jlp", {**entries, MANIFEST: canonical_bytes(document)})
    code, result = _verify(program, package)
    assert code == 90 and len(result["problems"]) <= 10_000


def test_a_checkpoint_signed_a_thousand_times_is_refused(program: Path, sealed: Sealed, entries: Entries, tmp_path: Path) -> None:
    note = entries["ledger/checkpoint"]
    signature = note.rsplit(b"\n", 2)[1] + b"\n"
    forged = {**entries, "ledger/checkpoint": note + signature * 1000}
    assert _verify(program, rebuild(tmp_path / "forged.jlp", forged, signer=sealed.package_signer))[0] == 90


def test_a_package_is_a_file_and_nothing_else(program: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", str(program), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False, preexec_fn=_limit)
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr
