"""How fast sealing is, as ratios in one run: against SHA-256 alone and against the `age` program, on the same file.

`python benchmarks/seal.py [--megabytes 1000] [--rounds 5] [--memory-megabytes 4096] [--suite international|sm]`. Rounds are interleaved and
the median is taken, since other work disturbs a machine; wall and CPU time are both printed. "frame + encrypt + hash" reads the file
and yields sealed bytes to nobody, as SHA-256 alone yields nothing; the rows against `age` write a file, as `age` does.
The file is random bytes in the page cache. The memory figure is of a process that seals a sparse file into a real vault.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.backends.keys.file import create_root_key, load_root_key
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.core.terms.suites import SUITE_NAMES, Suite
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import open_database
from jianlu.vault.model import Draft, Place
from jianlu.vault.pipeline import SealedStream
from jianlu.vault.ports import VaultPorts
from jianlu.vault.seal import seal

CONTEXT = b"benchmark"
BUFFER_BYTES = 4 << 20


def hash_alone(source: Path) -> None:
    digest, buffer = hashlib.sha256(), memoryview(bytearray(BUFFER_BYTES))
    with source.open("rb", buffering=0) as opened:
        while count := opened.readinto(buffer):
            digest.update(buffer[:count])
    digest.digest()


def seal_to_nobody(source: Path, suite: Suite) -> None:
    with source.open("rb", buffering=0) as opened:
        for _ in SealedStream(os.urandom(32), CONTEXT, opened, suite=suite):
            pass


def seal_to_file(source: Path, suite: Suite) -> None:
    target = source.parent / "out.sealed"
    with source.open("rb", buffering=0) as opened, target.open("wb", buffering=0) as written:
        for part in SealedStream(os.urandom(32), CONTEXT, opened, suite=suite):
            rest = memoryview(part)
            while rest:
                rest = rest[written.write(rest) :]


def seal_durably(source: Path, suite: Suite) -> None:
    blobs = PosixBlobs(source.parent)
    with source.open("rb", buffering=0) as opened:
        blobs.put("bench/out.sealed", SealedStream(os.urandom(32), CONTEXT, opened, suite=suite))


def age(source: Path, recipient: str) -> None:
    subprocess.run(["age", "-r", recipient, "-o", str(source.parent / "out.age"), str(source)], check=True)


def age_durably(source: Path, recipient: str) -> None:
    age(source, recipient)
    fd = os.open(source.parent / "out.age", os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def clear(folder: Path) -> None:
    for path in ("out.sealed", "out.age", "bench/out.sealed"):
        (folder / path).unlink(missing_ok=True)


def cpu_seconds() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(work: dict[str, Callable[[], None]], folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of each piece of work, the rounds interleaved."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            clear(folder)
            os.sync()
            wall, cpu = time.perf_counter(), cpu_seconds()
            run()
            seen[name].append((time.perf_counter() - wall, cpu_seconds() - cpu))
    clear(folder)
    return {name: (_median(times, 0), _median(times, 1)) for name, times in seen.items()}


def _median(times: list[tuple[float, float]], kind: int) -> float:
    return statistics.median(each[kind] for each in times)


def report(measured: dict[str, tuple[float, float]], size: int) -> None:
    print(f"{'':34}{'wall s':>8}{'CPU s':>8}{'MB/s':>8}")
    for name, (wall, cpu) in measured.items():
        print(f"{name:34}{wall:8.2f}{cpu:8.2f}{size / 1e6 / wall:8.0f}")
    pairs = [
        ("frame + encrypt + hash", "SHA-256 alone", 0.6),
        ("seal to a file", "age", 1.0),
        ("seal, durable", "age, then fsync", 1.0),
    ]
    print()
    for ours, theirs, goal in pairs:
        if theirs in measured:
            wall, cpu = (measured[theirs][kind] / measured[ours][kind] for kind in (0, 1))
            verdict = "reached" if wall >= goal else "MISSED"
            print(f"speed of '{ours}' / '{theirs}': {wall:.2f} by wall ({verdict}, goal {goal}), {cpu:.2f} by CPU")


def memory_child(folder: Path) -> None:
    """Seal the sparse file in `folder` into a vault there and print the peak resident memory of this process."""
    create_root_key(folder / "root.key")
    create_signer_key(folder / "ledger.key", "bench.example/log")
    signer = load_signer(folder / "ledger.key")
    create_ledger(folder / "ledger", origin="bench.example/log", signer=signer)
    for name in ("vault", "keys"):
        (folder / name).mkdir()
    place = Place(tenant_id("bench"), "unit", object_id("big"), 1)
    with open_ledger(folder / "ledger", signer=signer) as ledger, (folder / "sparse").open("rb", buffering=0) as opened:
        using = VaultPorts(
            blobs=PosixBlobs(folder / "vault"),
            key_blobs=PosixBlobs(folder / "keys"),
            keys=load_root_key(folder / "root.key"),
            ledger=LedgerFolder(ledger, folder / "ledger"),
            clock=SystemClock(),
            index=open_database("sqlite://"),
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sealed = seal(Draft(place, opened), using=using)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = f"{sealed.plain_bytes / 2**20:.0f} MiB"
    print(f"peak memory of sealing a sparse file of {size}, durable: {peak / 1024:.0f} MiB ({before / 1024:.0f} before it)")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-megabytes", type=int, default=4096)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's temporary folder otherwise")
    parser.add_argument("--memory-child", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--suite", choices=list(SUITE_NAMES), default="international")
    options = parser.parse_args()
    suite = SUITE_NAMES[options.suite]
    if options.memory_child:
        memory_child(options.memory_child)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source = folder / "source"
        with source.open("wb") as written:
            for _ in range(options.megabytes):
                written.write(os.urandom(1_000_000))
        work: dict[str, Callable[[], None]] = {
            "SHA-256 alone": lambda: hash_alone(source),
            "frame + encrypt + hash": lambda: seal_to_nobody(source, suite),
            "seal to a file": lambda: seal_to_file(source, suite),
            "seal, durable": lambda: seal_durably(source, suite),
        }
        if shutil.which("age"):
            made = subprocess.run(["age-keygen"], check=True, capture_output=True, text=True).stdout
            recipient = next(line.rpartition(" ")[2] for line in made.splitlines() if line.startswith("# public key"))
            work |= {"age": lambda: age(source, recipient), "age, then fsync": lambda: age_durably(source, recipient)}
        else:
            print("age is not installed: no comparison with it (apt-get install age)")
        report(measure(work, folder, options.rounds), source.stat().st_size)
        source.unlink()
        with (folder / "sparse").open("wb") as sparse:
            sparse.truncate(options.memory_megabytes << 20)
        subprocess.run([sys.executable, __file__, "--memory-child", str(folder)], check=True)


if __name__ == "__main__":
    main()
