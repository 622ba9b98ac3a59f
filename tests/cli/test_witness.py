"""`jianlu witness`: made, told of a ledger, run as a process of its own, killed, and run again without forgetting what it saw."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from jianlu.backends.witnesses.http import HttpWitness
from jianlu.core.formats.cosignature import AddCheckpoint, parse_witness_key, verify_cosignatures
from jianlu.ledger.read import read_checkpoint
from tests.fakes.quiet_home import jianlu
from tests.unit.ledger.worlds import World, new_world, numbered


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The witness's process, and where it listens: it says so itself when the port is 0."""
    command = [sys.executable, "-m", "jianlu.entry.cli.main", "witness", "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().rstrip().rpartition(" ")[2]
        yield process, f"http://{address}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def _ask(world: World, key: str, address: str, old: int) -> int:
    note = read_checkpoint(world.directory)
    answer = HttpWitness(key, address).add_checkpoint(AddCheckpoint(old, (), note).content)
    if answer.status == 200:
        assert len(verify_cosignatures(note + answer.body, [parse_witness_key(key)])) == 1
    return answer.status


def test_a_newcomer_makes_a_witness_by_what_each_command_says(tmp_path: Path) -> None:
    world, folder = new_world(tmp_path), tmp_path / "witness"
    world.fill(numbered(3))
    made = jianlu("witness", "init", folder, "--name", "witness.example/w1")
    assert made.code == 0 and "jianlu witness trust" in made.out and "jianlu witness serve" in made.out
    assert "knows no ledger" in jianlu("witness", "status", folder).out
    key = str(next(word for word in made.out.split() if word.startswith("witness.example/w1+")))
    assert jianlu("witness", "trust", folder, "--ledger", world.signer.key.text).code == 0
    assert jianlu("witness", "init", folder, "--name", "other").code == 5
    assert jianlu("witness", "trust", folder, "--ledger", "nonsense").code == 2
    assert jianlu("witness", "status", tmp_path / "nowhere").code == 4
    with running(folder) as (process, address):
        assert key in httpx.get(address, timeout=60).text
        assert _ask(world, key, address, 0) == 200
        assert jianlu("witness", "serve", folder).code == 5, "one process has it"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(120)
    with running(folder) as (process, address):
        assert _ask(world, key, address, 0) == 409, "it remembers"
        assert _ask(world, key, address, 3) == 200
        process.terminate()
        assert process.wait(120) == 0
    found = json.loads(jianlu("witness", "status", folder, "--json").out)
    assert found == {"ledgers": [{"ledger": world.signer.key.name, "size": 3}], "forks": []}
