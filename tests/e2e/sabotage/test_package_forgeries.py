"""Every forged package is refused, located, and none of its clauses comes out as met; the clean one comes out clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.formats.package import VERIFIER
from tests.e2e.sabotage.forge import flip, read_entries
from tests.e2e.sabotage.package_forgeries import FORGERIES, Forgery
from tests.e2e.sabotage.world import World, jianlu

pytestmark = pytest.mark.slow

LOCATED_WITHIN_MS = 2_500


def test_the_clean_session_comes_out_clean(world: World) -> None:
    code, result = jianlu("verify", world.package, "--trust", world.home / "trust.json", "--checkpoint", world.early)
    assert (code, result["problems"]) == (0, [])
    assert result["intact"] and result["complete"]
    assert {clause["verdict"] for clause in result["clauses"]} == {"met"}
    assert result["signer"]["trusted"] and result["signer"]["saved_checkpoint"] == "consistent"


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_a_forged_package_is_refused_and_the_place_named(forgery: Forgery, world: World, tmp_path: Path) -> None:
    package = forgery.make(world, tmp_path)
    code, result = jianlu("verify", package, *forgery.arguments(world))
    assert code == 90
    assert not result["intact"] and not result["complete"]
    assert not [clause for clause in result["clauses"] if clause["verdict"] == "met"]
    problems = result["problems"]
    assert forgery.codes <= {problem["what"] for problem in problems}
    telling = [problem for problem in problems if problem["what"] in forgery.codes]
    if forgery.segment is not None:
        placed = [problem["where"] for problem in telling if problem["where"]["segment"] == forgery.segment]
        assert placed and all(0 < place["to_ms"] - place["from_ms"] <= LOCATED_WITHIN_MS for place in placed)
    if forgery.path is not None:
        assert forgery.path in {problem["where"]["path"] for problem in telling}
    if forgery.has_clause:
        assert all(problem["clause"] for problem in problems)


def test_a_flipped_bit_in_the_recording_is_located_to_its_segment(world: World, tmp_path: Path) -> None:
    for share in (0.05, 0.35, 0.95):
        _, result = jianlu("verify", flip(world.package, tmp_path / f"{share}.jlp", "media/session.mp4", at=share))
        places = [problem["where"] for problem in result["problems"] if problem["what"] == "media_altered"]
        assert len(places) == 1 and places[0]["segment"] is not None
        expected_ms = share * result["duration_ms"]
        assert places[0]["from_ms"] - 8_000 < expected_ms < places[0]["to_ms"] + 8_000


def test_an_older_package_agrees_with_a_newer_checkpoint_once_the_proof_is_appended(world: World, tmp_path: Path) -> None:
    late = world.late.read_text(encoding="utf-8")
    sizes = [int(path.read_text(encoding="utf-8").split("\n")[1]) for path in (world.early, world.late)]
    _, proof = jianlu("ledger", "prove", world.home / "ledger", "--from", sizes[0], "--to", sizes[1])
    saved = tmp_path / "saved"
    saved.write_text(late + f"\nconsistency {sizes[0]} {sizes[1]}\n" + "\n".join(proof["hashes"]) + "\n", encoding="utf-8")
    assert jianlu("verify", world.package, "--checkpoint", saved)[0] == 0
    saved.write_text(
        late + f"\nconsistency {sizes[0]} {sizes[1]}\n" + "\n".join(reversed(proof["hashes"])) + "\n", encoding="utf-8"
    )
    code, result = jianlu("verify", world.package, "--checkpoint", saved)
    assert code == 90 and "checkpoint_forked" in {problem["what"] for problem in result["problems"]}


def test_the_fork_alone_looks_intact_which_is_why_checkpoints_are_saved(world: World) -> None:
    code, result = jianlu("verify", world.forked)
    assert code == 10 and result["intact"]


def test_the_verifier_in_the_package_gives_the_same_answer_alone(world: World, tmp_path: Path) -> None:
    """A stranger's Python, isolated, without site packages: the standard library is enough."""
    import json
    import subprocess
    import sys

    program = tmp_path / "verifier.pyz"
    program.write_bytes(read_entries(world.package)[VERIFIER])
    damaged = flip(world.package, tmp_path / "damaged.jlp", "media/session.mp4")
    for package, expected in ((world.package, 0), (damaged, 90)):
        command = [sys.executable, "-I", "-S", str(program), str(package), "--json"]
        done = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path)
        assert done.returncode == expected, done.stderr
        assert json.loads(done.stdout) == jianlu("verify", package)[1]
