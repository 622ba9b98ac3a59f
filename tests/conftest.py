"""What holds for every test: the network is shut, warnings are errors, and a skip is loud.

Sockets reach only the loopback addresses and unix paths: an audit hook sees every socket of this process, whoever opens it.
Programs that a test starts are outside the hook; a test that must prove "offline" for them takes their network away itself.
Fixtures that only one kind of test needs live in that kind's folder, not here; an empty database and a browser are everybody's.
"""

from __future__ import annotations

import ipaddress
import itertools
import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser
from xdist.scheduler import LoadScopeScheduling

from tests.architecture import workers
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.vault.buckets import BucketServer, find_seaweed, start_seaweed
from tests.fakes.vault.openbao import BaoServer, find_openbao, start_openbao
from tests.fakes.vault.postgres import create_database, drop_database, find_postgres, start_postgres
from tests.fakes.vault.softhsm import SoftHsm, find_softhsm, softhsm_in

ROOT = Path(__file__).resolve().parent.parent
PROGRAM_PACKAGES = ROOT / "tests" / "system-packages.txt"
LOOPBACK_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})

# Slow machines are not defects: examples are bounded by number, never by time.
settings.register_profile("jianlu", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("jianlu"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "jianlu"))

# A program under test that crashes leaves no image of its memory in the checkout.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

# Weights come from installed packages; nothing may look for them on a hub.
os.environ["HF_HUB_OFFLINE"] = "1"


class NetworkIsShutError(AssertionError):
    """A test, or a library under test, tried to reach beyond this machine."""


def is_local(host: object) -> bool:
    """True for a name or address that cannot leave this machine."""
    if host is None:
        return True
    name = host.decode("idna") if isinstance(host, bytes) else str(host)
    if name in LOOPBACK_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if not isinstance(address, tuple):  # a unix path, or a datagram on a connected socket
            return
        host = address[0]
    else:
        return
    if not is_local(host):
        raise NetworkIsShutError(f"{event} to {host!r}: tests reach loopback and unix sockets only")


sys.addaudithook(_guard)


def _package_of(program: str) -> str:
    for line in PROGRAM_PACKAGES.read_text(encoding="utf-8").splitlines():
        package, _, programs = line.partition("#")[0].partition(":")
        if program in programs.split():
            return package.strip()
    raise LookupError(f"{program} is not listed in {PROGRAM_PACKAGES.relative_to(ROOT)}: add its Debian package there")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Our scheduler in place of `--dist loadfile`."""
    return workers.scheduler(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs in real time first, then the long files."""
    workers.put_in_order(config, items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: others' processes come first where others run in real time."""
    workers.yield_to_real_time(item)


def find_program(name: str) -> str | None:
    """The path of a listed program: on PATH, or where Debian hides versioned servers."""
    hidden = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(hidden[-1]) if hidden else None)


@pytest.fixture(autouse=True)
def _programs_that_the_test_names(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("needs_program"):
        for program in marker.args:
            package = _package_of(program)
            if find_program(program) is None:
                pytest.skip(f"{program} is not installed: apt-get install {package}")


@pytest.fixture(autouse=True)
def _nobody_takes_the_machine() -> Iterator[None]:
    """No library may raise the priority of who calls it: one real-time thread starves every process of a small machine."""
    yield
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER, "a library gave this thread real-time priority: keep it from doing so"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A real headless Chromium with its own pretended camera, for the tests of a file."""
    with browsers() as playwright:
        browser = start_chromium(playwright, tmp_path_factory.mktemp("chromium"))
        yield browser
        browser.close()


_database_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL, started for this run."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("initdb and pg_ctl are not installed: apt-get install postgresql")
    with start_postgres(programs) as url:
        yield url


@pytest.fixture(scope="session")
def seaweed() -> Iterator[BucketServer]:
    """A real S3 server with Object Lock, started for this run, with the buckets `locking` and `plain`."""
    program = find_seaweed()
    if program is None:
        pytest.skip("SeaweedFS is not installed (`make setup` does): blobs in buckets, their locks and the probe are not proved")
    try:
        with start_seaweed(program) as server:
            server.make("locking", locks=True)
            server.make("plain", locks=False)
            yield server
    except (RuntimeError, OSError) as error:
        pytest.skip(f"SeaweedFS does not start here, so nothing in buckets is proved: {error}")


@pytest.fixture(scope="session")
def openbao() -> Iterator[BaoServer]:
    """A real OpenBao with a transit engine, started for this run; who stops or seals it brings it back."""
    program = find_openbao()
    if program is None:
        pytest.skip("OpenBao is not installed (`make setup` does): the root key in a key service is not proved")
    try:
        with start_openbao(program) as server:
            yield server
    except (RuntimeError, OSError) as error:
        pytest.skip(f"OpenBao does not start here, so the root key in a key service is not proved: {error}")


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A PKCS#11 module with tokens of this run."""
    module = find_softhsm()
    if module is None:
        pytest.skip("softhsm2-util is not installed: apt-get install softhsm2")
    with softhsm_in(module, tmp_path_factory.mktemp("softhsm")) as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database without schema, of the kind that a small and that a large house runs: one suite on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/index.sqlite"
        return
    cluster, name = request.getfixturevalue("postgres"), f"jianlu_{next(_database_numbers)}"
    yield create_database(cluster, name)
    drop_database(cluster, name)


_LEFT = pytest.StashKey[int]()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the proofs that this run leaves to the long one."""
    for item in items:
        if item.get_closest_marker("thorough"):
            item.config.stash[_LEFT] = item.config.stash.get(_LEFT, 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker says what it left; each of them chose among all tests, so one's count is everybody's."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = session.config.stash.get(_LEFT, 0)


def pytest_testnodedown(node: Any) -> None:
    """What a worker said, where the summary is written."""
    node.config.stash[_LEFT] = getattr(node, "workeroutput", {}).get("left", 0) or node.config.stash.get(_LEFT, 0)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last how the sabotage suite went, in numbers, and once per reason what was not proved in this run."""
    yield
    _count_sabotage(terminalreporter)
    _count_injections(terminalreporter)
    left = terminalreporter.config.stash.get(_LEFT, 0)
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons or left:
        terminalreporter.section("NOT PROVED IN THIS RUN", sep="!", red=True, bold=True)
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count:4} skipped: {reason}")
        if left:
            terminalreporter.write_line(f"{left:4} left to `make proofs`")


SABOTAGE = {
    "test_a_forged_package_is_refused": "packages sabotaged and refused",
    "test_a_session_spoiled_in": "sessions spoiled and not complete",
    "comes_out_complete": "harmless variants and complete",
}


def _count_sabotage(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts that the sabotage suite is asked for: answered rightly, of those that ran."""
    lines = []
    for test, meaning in SABOTAGE.items():
        right, wrong = (
            sum(test in each.nodeid for each in terminalreporter.stats.get(kind, [])) for kind in ("passed", "failed")
        )
        if right + wrong:
            lines.append(f"{right:4} of {right + wrong} {meaning}")
    if lines:
        terminalreporter.section("SABOTAGE")
        for line in lines:
            terminalreporter.write_line(line)


def _count_injections(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults were injected into system calls, and what was lost by them: told by the tests as properties."""
    told: dict[str, int] = {}
    for report in (each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, [])):
        for name, count in report.user_properties:
            if name.startswith("injections"):
                told[name] = told.get(name, 0) + int(count)
    if told.get("injections"):
        terminalreporter.section("FAULTS INJECTED")
        ran, killed, lost = (told.get(name, 0) for name in ("injections", "injections_killed", "injections_lost"))
        terminalreporter.write_line(
            f"{ran} injections into system calls, {killed} of them kills: {lost} lost what was acknowledged"
        )
