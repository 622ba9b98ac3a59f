"""A process that appends to a ledger and reports each acknowledgement at once, for tests that kill it or fail its disk.

Usage: writer.py LEDGER KEY THREADS ENTRIES PUBLISH_EVERY. Prints `ready`, `<number> <entry>` for each acknowledged entry,
and `stopped` when the ledger refuses to go on (it then tries once more, which must be refused too). Exit code 0 for a normal
end, 75 when stopped. Reports with `writev`, so that faults injected into `write` only meet the ledger.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.ledger import Ledger, load_signer, open_ledger


def report(line: str) -> None:
    os.writev(1, [line.encode() + b"\n"])


def write(ledger: Ledger, thread: int, entries: int, publish_every: int) -> None:
    for number in range(entries):
        entry = f"{os.getpid()}-{thread}-{number}"
        report(f"{ledger.append(entry.encode())} {entry}")
        if publish_every and (number + 1) % publish_every == 0:
            ledger.publish()


def main() -> int:
    directory, key = Path(sys.argv[1]), Path(sys.argv[2])
    thread_count, entries, publish_every = (int(text) for text in sys.argv[3:])
    try:
        ledger = open_ledger(directory, signer=load_signer(key), publish_every_ms=None)
    except UnavailableError:
        report("stopped")
        return 75
    report("ready")
    try:
        if thread_count == 1:
            write(ledger, 0, entries, publish_every)
        else:
            threads = [threading.Thread(target=write, args=(ledger, n, entries, publish_every)) for n in range(thread_count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        ledger.close()
    except UnavailableError:
        for attempt in (lambda: ledger.append(b"must not be taken"), ledger.publish):
            try:
                attempt()
            except JianluError:
                continue
            report("went on")
        report("stopped")
        return 75
    return 0


if __name__ == "__main__":
    sys.exit(main())
