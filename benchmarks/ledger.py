"""Durable events per second: the ledger against a bare write and fdatasync of the same bytes, in the same run.

`python benchmarks/ledger.py [--directory DIR] [--rounds N] [--seconds S] [--tessera PROGRAM]`. The bare loop writes batches of as many
entries as there are writers; the ledger has that many threads, each appending one entry at a time and waiting until it is durable, while
tiles and signed checkpoints are published each second. Then a ledger of 100,000 entries is verified whole, beside hashing the same bytes
into the same tree with nothing read or compared.

Tessera, the Go library of the same tile format, takes its turn in every round where it is built (`make tessera`): the same writers, entries
and disk, each entry awaited until it has its index, which is when bundle, tiles and tree are synced; first with batches as large as there
are writers, so that nobody waits for more, then with its own defaults (256 entries or 250 ms). Our `fsck` checks its log. What it publishes
of itself, by another machine, is printed beside. Prints a table; nothing is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from jianlu.core.ed25519 import verify
from jianlu.ledger import Ledger, create_ledger, create_signer_key, fsck, load_signer, open_ledger, prove_inclusion

ENTRY_BYTES = 600
"""An event of a sealed segment has about this size."""

WRITERS = (1, 64, 256)
VERIFIED_ENTRIES = 100_000

TESSERA = (
    "Tessera publishes of its POSIX storage, without antispam (its docs/performance.md, commit 1029108): 2,927 writes/s on 12 cores with "
    "mirrored SAS disks, 1,587 on an e2-micro"
)
TESSERA_PROGRAM = Path(__file__).parent / "out" / "tessera" / "append"
"""Where `make tessera` builds `benchmarks/tessera/append.go`."""

ORIGIN = "bench.example/ledger"


def entry_of(number: int) -> bytes:
    """Entry `number`: as long as an event, never twice the same."""
    return b"%020d" % number + bytes(ENTRY_BYTES - 20)


def bare(directory: Path, batch: int, seconds: float) -> float:
    """Entries per second of one thread that writes `batch` entries and syncs, again and again."""
    content = b"".join(entry_of(number) for number in range(batch))
    handle = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    entries, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < seconds:
        assert os.write(handle, content) == len(content)
        os.fdatasync(handle)
        entries += batch
    os.close(handle)
    return entries / spent


def appending(ledger: Ledger, writers: int, seconds: float) -> tuple[float, list[float]]:
    """Entries per second of `writers` threads, and how long each append waited, in ms."""
    waits: list[list[float]] = [[] for _ in range(writers)]
    stop = threading.Event()

    def write(writer: int) -> None:
        while not stop.is_set():
            before = time.perf_counter()
            ledger.append(entry_of(len(waits[writer]) * writers + writer))
            waits[writer].append((time.perf_counter() - before) * 1000)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begin
    return sum(map(len, waits)) / spent, [wait for each in waits for wait in each]


class Tessera:
    """One log of Tessera's in a folder, continued by each run of the program; its figures, and our check of what it wrote."""

    def __init__(self, program: Path, directory: Path, writers: int, *options: str) -> None:
        self.directory = directory
        self.command = [str(program), "-directory", str(directory), "-writers", str(writers), *options]
        self.runs: list[dict[str, Any]] = []

    def append(self, seconds: float) -> float:
        """Entries per second of one run."""
        command = [*self.command, "-seconds", str(seconds), "-entry-bytes", str(ENTRY_BYTES)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.runs.append(json.loads(done.stdout))
        return float(self.runs[-1]["rate"])

    def check(self) -> None:
        """The log is sound, and has every entry that was acknowledged."""
        report = fsck(self.directory, self.runs[0]["vkey"])
        assert report.is_sound, report.problems
        assert report.size == sum(run["entries"] for run in self.runs)

    def median(self, name: str) -> float:
        """The median of one figure over the runs."""
        return statistics.median(run[name] for run in self.runs)


def compare(place: Path, writers: int, rounds: int, seconds: float, tessera: Path | None) -> None:
    """Print one row: medians over rounds in which bare, ledger and Tessera take turns, since other work disturbs the disk."""
    key = create_signer_key(place / "key", ORIGIN)
    signer = load_signer(place / "key")
    create_ledger(place / "ledger", origin=ORIGIN, signer=signer)
    references, rates, ratios, waits, against = list[float](), list[float](), list[float](), list[float](), list[float]()
    peers = []
    if tessera is not None:
        best = Tessera(tessera, place / "tessera", writers, "-batch-size", str(writers))
        peers = [best, Tessera(tessera, place / "tessera-defaults", writers)]
    with open_ledger(place / "ledger", signer=signer) as ledger:
        for _ in range(rounds):
            references.append(bare(place, writers, seconds))
            rate, waited = appending(ledger, writers, seconds)
            rates.append(rate)
            ratios.append(rate / references[-1])
            waits += waited
            theirs = [peer.append(seconds) for peer in peers]
            if theirs:
                against.append(rate / theirs[0])
    report = fsck(place / "ledger", key)
    assert report.is_sound
    assert report.size == len(waits)
    waits.sort()
    reference, rate, ratio = (statistics.median(values) for values in (references, rates, ratios))
    typical, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    row = f"{writers:>8} {reference:>10,.0f} {rate:>10,.0f} {ratio:>6.2f} {typical:>8.2f} {late:>8.2f}"
    if peers:
        for peer in peers:
            peer.check()
        best, defaults = peers
        row += f" {best.median('rate'):>10,.0f} {statistics.median(against):>6.2f} {best.median('median_ms'):>8.2f}"
        row += f" {best.median('p99_ms'):>8.2f} {defaults.median('rate'):>10,.0f}"
    print(row)


def verifying(place: Path) -> None:
    """Print how long it takes to verify a ledger of `VERIFIED_ENTRIES` whole, and to hash as many leaves and nodes alone."""
    key = create_signer_key(place / "key", ORIGIN)
    signer = load_signer(place / "key")
    create_ledger(place / "ledger", origin=ORIGIN, signer=signer)
    with open_ledger(place / "ledger", signer=signer) as ledger, ThreadPoolExecutor(WRITERS[1]) as pool:
        list(pool.map(lambda number: ledger.append(entry_of(number)), range(VERIFIED_ENTRIES)))
    begin = time.perf_counter()
    report = fsck(place / "ledger", key)
    spent = time.perf_counter() - begin
    assert report.is_sound
    assert report.size == VERIFIED_ENTRIES
    begin = time.perf_counter()
    level = [hashlib.sha256(b"\0" + entry_of(number)).digest() for number in range(VERIFIED_ENTRIES)]
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
    bare_s = time.perf_counter() - begin
    rate = VERIFIED_ENTRIES / spent
    print(
        f"a ledger of {VERIFIED_ENTRIES} entries verified: {spent:.2f} s ({rate:,.0f} entries/s); "
        f"hashed alone {bare_s:.2f} s, ratio {bare_s / spent:.2f}"
    )


def each_ms(call: Callable[[], object], times: int = 20) -> float:
    """Median time of one call in ms."""
    spent = []
    for _ in range(times):
        before = time.perf_counter()
        call()
        spent.append(time.perf_counter() - before)
    return statistics.median(spent) * 1000


def built_tessera(asked: Path | None) -> Path | None:
    """The program to measure beside, or None, said loudly; one that was asked for by name and is not there ends the run."""
    program = asked or TESSERA_PROGRAM
    if program.is_file():
        built_from = program.with_name("built-from.txt")
        if built_from.is_file():
            named = [line for line in built_from.read_text().splitlines() if line.startswith("go version") or "tessera" in line]
            print("beside", " and ".join(named), f"(all its packages: {built_from})")
        return program
    if asked is not None:
        sys.exit(f"{asked} is not there: `make tessera` builds it from Debian's packages")
    print(f"TESSERA IS NOT MEASURED: {program} is not there. `make tessera` builds it from Debian's packages.", file=sys.stderr)
    return None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--directory", type=Path, help="where to write (default: the temporary folder)")
    parser.add_argument("--rounds", type=int, default=7, help="how often bare and ledger alternate")
    parser.add_argument("--seconds", type=float, default=0.7, help="how long each is measured in a round")
    parser.add_argument("--tessera", type=Path, help="the program that `make tessera` builds (default: where it puts it)")
    options = parser.parse_args()
    tessera = built_tessera(options.tessera)
    heading = f"{'writers':>8} {'bare/s':>10} {'ledger/s':>10} {'ratio':>6} {'wait ms':>8} {'p99 ms':>8}"
    if tessera is not None:
        heading += f" {'tessera/s':>10} {'ratio':>6} {'wait ms':>8} {'p99 ms':>8} {'default/s':>10}"
    print(f"{heading}   ({ENTRY_BYTES}-byte entries)")
    for writers in WRITERS:
        with tempfile.TemporaryDirectory(dir=options.directory) as place:
            compare(Path(place), writers, options.rounds, options.seconds, tessera)
            if writers == WRITERS[-1]:
                proving = partial(prove_inclusion, Path(place) / "ledger", 5)
                print(f"one inclusion proof: {each_ms(proving):.2f} ms")
    with tempfile.TemporaryDirectory(dir=options.directory) as place:
        verifying(Path(place))
    print(TESSERA)
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert verify(public, signature, b"")
    print(f"one Ed25519 verification in pure Python: {each_ms(partial(verify, public, signature, b'')):.2f} ms")


if __name__ == "__main__":
    main()
