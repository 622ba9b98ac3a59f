"""Records a sale into the home named on the command line and says how each event went; run by `test_failing_disks` under faults.

`python -m tests.fault.vault.failing_writer HOME [FILE_BYTES_MAX]`: prints "durable" after each event, or the family and text of
the error that ended it. With FILE_BYTES_MAX the process may not make larger files, as if the disk were full.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from jianlu.core.errors import JianluError
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.vault.home import CASE, TENANT, open_home


def main(home: Path, file_bytes_max: int | None) -> None:
    """Record until something fails or ten segments are durable."""
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        print("ready", flush=True)
        if file_bytes_max is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, resource.RLIM_INFINITY))
        for number in range(1, 11):
            try:
                content = b"PLAINTEXT" * 2000 * number
                log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", content, {"no": number})
            except JianluError as error:
                print(type(error).__name__, error, flush=True)
                break
            print("durable", flush=True)
        if file_bytes_max is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
