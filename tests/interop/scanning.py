"""A scanner of strangers over the pages: wapiti (GPL-2.0, a program of its own that is never imported) against a served, furnished home.

`make scan WAPITI=/path/to/wapiti` signs somebody of the staff in, has wapiti crawl and attack whatever they reach, and prints findings;
ends with 1 for findings, with 2 where there is no wapiti. Install it beside the project: `pip install wapiti3==3.2.3`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from tests.fakes.api.listening import cookie_header
from tests.fakes.api.world import PROGRAM, ApiWorld
from tests.fakes.pages.furnished import Furnished, furnished_home
from tests.fakes.pages.walk import WALK

MODULES = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods", "permanentxss"),
    *("redirect", "sql", "ssl", "timesql", "upload", "xss"),
)
"""Those that ask nobody outside for an answer."""

ACCEPTED = {
    "Strict-Transport-Security is not set": "it would bind all of localhost; a real name has it: tests/contract/api/test_hardening.py",
    "Lack of anti CSRF token": "a header that other sites cannot send stands for it, and the scanner is given it: each form is refused "
    "without by tests/e2e/console/test_every_page.py",
}
"""What is found and right here, with the reason."""

ATTACK_S = 120
_CALL_MS = 25


@dataclass
class Unhurried:
    """The application at a clock that each request moves on: who is slowed down hides what would have been answered. Counts answers."""

    api: ApiWorld
    statuses: Counter[int] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses[message["status"]] += 1
                if message["status"] == 200:
                    self.paths.add(scope["path"])
            await send(message)

        if scope["type"] == "http":
            self.api.world.clock.move(_CALL_MS)
        await self.api.app(scope, receive, send_and_count if scope["type"] == "http" else send)


def scan(wapiti: str, home: Furnished, who: str, folder: Path, *, attack_s: int = ATTACK_S) -> dict[str, Any]:
    """The scanner's report on the pages that `who` reaches."""
    report = folder / f"{who}.json"
    pages = sorted({stop.path(home.named) for stop in WALK if stop.who in ("", who)})
    starts = [argument for page in pages for argument in ("-s", f"{home.url}{page}")]
    held = cookie_header(home.api.client(who))
    arguments = [
        *(wapiti, "-u", f"{home.url}/", *starts, "--scope", "domain", "-d", "3", "-m", ",".join(MODULES), "--tasks", "1"),
        *("-A", PROGRAM, "-C", held, "-H", "X-Jianlu: 1", "--max-links-per-page", "40", "--max-files-per-dir", "40"),
        *("--max-attack-time", str(attack_s), "--flush-session", "--store-session", str(folder / who), "--no-bugreport"),
        *("--max-scan-time", str(attack_s * 10), "-v", "1", "-f", "json", "-o", str(report)),
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=600 + attack_s * 40, check=False)
    if not report.exists():
        raise SystemExit(f"the scanner wrote no report: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def findings(report: dict[str, Any]) -> list[str]:
    """What it found, a line each: vulnerabilities and anomalies; what it tells beside them is no finding."""
    return [
        f"{kind}: {each['method']} {each['path']} {each.get('parameter', '')}: {each['info']}"
        for part in ("vulnerabilities", "anomalies")
        for kind, found in report[part].items()
        for each in found
        if each["info"] not in ACCEPTED
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan as each of those named; print counts and findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wapiti", default="wapiti")
    parser.add_argument("--staff", nargs="*", default=["xu"])
    parser.add_argument("--attack-s", type=int, default=ATTACK_S, help="seconds that each kind of attack may take")
    told = parser.parse_args(arguments)
    wapiti = shutil.which(told.wapiti)
    if wapiti is None:
        print("NOT SCANNED: there is no wapiti here. Install it beside the project: pip install wapiti3==3.2.3", file=sys.stderr)
        return 2
    is_clean = True
    doors: list[Unhurried] = []

    def around(api: ApiWorld) -> Unhurried:
        doors.append(Unhurried(api))
        return doors[-1]

    with tempfile.TemporaryDirectory() as folder, furnished_home(Path(folder), around=around) as home:
        for who in told.staff:
            doors[-1].statuses.clear()
            report = scan(wapiti, home, who, Path(folder), attack_s=told.attack_s)
            found = findings(report)
            is_clean = is_clean and not found
            statuses, pages = dict(sorted(doors[-1].statuses.items())), len(doors[-1].paths)
            print(
                f"{who}: {report['infos']['crawled_pages_nbr']} pages crawled, {pages} paths answered, statuses {statuses}",
                end=", ",
            )
            print(f"{len(found)} findings", *(f"\n  {line}" for line in found), flush=True)
    return 0 if is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
