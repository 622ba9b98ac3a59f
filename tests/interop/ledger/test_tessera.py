"""A log that Tessera wrote is a ledger to our reader, our prover and `fsck`; damaged, it is not. Skipped, loudly, where it is not built.

`make tessera` builds the program, `benchmarks/tessera/append.go`, from Debian's packages; the benchmark of the ledger runs it too.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.note import parse_verifier_key
from jianlu.core.formats.proof import verify_proof
from jianlu.ledger import fsck, prove_inclusion, read_checkpoint, read_entries

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "out" / "tessera" / "append"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROGRAM.is_file(), reason="Tessera is not built (`make tessera`): that we read its logs is not proved"
    ),
]


def added(directory: Path, writers: int) -> tuple[int, str]:
    """Add as many entries at once as there are writers, for a moment; the size of the log and its verifier's key."""
    options = ["-writers", str(writers), "-batch-size", str(writers), "-seconds", "0.05", "-checkpoint", "100ms"]
    done = subprocess.run([str(PROGRAM), "-directory", str(directory), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["size"], answer["vkey"]


def test_a_log_of_tessera_is_sound_each_time_it_has_grown(tmp_path: Path) -> None:
    saved, last = None, 0
    for writers in (1, 100, 300):
        size, vkey = added(tmp_path / "log", writers)
        assert size >= last + writers
        report = fsck(tmp_path / "log", vkey, saved_checkpoint=saved)
        assert (report.origin, report.size, report.problems) == ("bench.example/tessera", size, ())
        entries = read_entries(tmp_path / "log", 0, size)
        assert len(set(entries)) == size
        assert {len(entry) for entry in entries} == {600}
        saved, last = read_checkpoint(tmp_path / "log"), size


def test_our_proof_for_an_entry_of_tessera_holds_and_for_another_does_not(tmp_path: Path) -> None:
    size, vkey = added(tmp_path / "log", 300)
    keys = [parse_verifier_key(vkey)]
    entries = read_entries(tmp_path / "log", 0, size)
    for index in (0, 255, size - 1):
        proof = prove_inclusion(tmp_path / "log", index).encode()
        assert verify_proof(proof, entries[index], keys)[0] == index
        with pytest.raises(IntegrityError):
            verify_proof(proof, entries[index - 1], keys)


def test_a_bit_that_turned_in_what_tessera_wrote_is_found(tmp_path: Path) -> None:
    _, vkey = added(tmp_path / "log", 300)
    bundle = tmp_path / "log/tile/entries/000"
    content = bytearray(bundle.read_bytes())
    content[40] ^= 1
    bundle.write_bytes(content)
    report = fsck(tmp_path / "log", vkey)
    assert [(problem.path, problem.index) for problem in report.problems] == [("tile/entries/000", 0)]
