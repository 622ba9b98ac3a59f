"""The root key is replaced: everything under it is wrapped anew, nothing below is touched, and the old one opens nothing any more.

Killed at every step of a move to another file, or of a rotation in a key service, the same call finishes it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Set
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from jianlu.backends.keys.file import FileKeys, load_root_key
from jianlu.backends.keys.member import load_member_key
from jianlu.backends.spools.files import FileSpool
from jianlu.capture.recording.live.key_ring import KeyRing
from jianlu.core.errors import IntegrityError
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.webhooks._tables import endpoints
from jianlu.deliver.webhooks.endpoints import secret_context
from jianlu.entry.cli.keys import UNFINISHED
from jianlu.entry.key_change import root_records
from jianlu.govern.identity._tables import accounts, enrolments
from jianlu.govern.identity._totp_steps import account_context
from jianlu.govern.identity.releases import code_context
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import open_case_log
from jianlu.vault.keys import custody_chain, open_unit_key, tenant_secret
from jianlu.vault.ports import KeyVersions
from jianlu.vault.stores.copying import objects_named
from jianlu.verify.check import check_package
from jianlu.wiring import open_home, open_root
from tests.fakes.quiet_home import TENANT, Sealed, jianlu, make_sealed, write_case
from tests.fakes.vault.keepers import key_table
from tests.fakes.vault.openbao import BaoServer

KINDS = {"tenant key", "authenticator secret", "release code", "webhook secret", "recorder key", "spool key", "room secret"}
HELD = {"spool key", "room secret"}
ROOM_CASE = "room-1"


@pytest.fixture(scope="session")
def on_file(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A home with its root key in a file, in which everything that is ever wrapped under it is there."""
    sealed = make_sealed(tmp_path_factory.mktemp("changed"))
    fill(sealed.home)
    return sealed


def fill(home: Path) -> None:
    """One of each thing that is wrapped under the root key."""
    with open_root(home) as root, transaction(root.database) as connection:
        keys = root.keys
        texts = dict.fromkeys(("name", "display", "roles", "languages", "licences", "skills", "password_hash", "created_at"), "-")
        totp = keys.wrap(b"t" * 20, account_context(TENANT, "a1")).hex()
        of_account: dict[str, Any] = {"totp_wrapped": totp, "totp_is_on": True, "totp_last_step": 0, "failures": 0}
        connection.execute(insert(accounts).values(account="a1", tenant=TENANT, is_active=True, **texts, **of_account))
        code = keys.wrap(b"123456", code_context("d1")).hex()
        of_link = dict.fromkeys(("account", "made_by", "created_at", "expires_at"), "-")
        connection.execute(insert(enrolments).values(digest="d1", tenant=TENANT, release_wrapped=code, **of_link))
        secrets = {each: keys.wrap(each.encode(), secret_context(TENANT, "e1")).hex() for each in ("secret", "former_secret")}
        of_endpoint = dict.fromkeys(("url", "name", "topics", "scheme", "why_off", "created_by", "created_at"), "-")
        connection.execute(insert(endpoints).values(endpoint="e1", tenant=TENANT, is_active=True, **secrets, **of_endpoint))
    fill_run(home)


def fill_run(home: Path) -> None:
    """What recorders at work keep of it, and their own key."""
    with open_root(home) as root:
        run, keys = home / "run", root.keys
        load_member_key(run / "recorder-a.key", keys, "a")
        FileSpool(run / "spool-a" / "spooled-1", "spooled-1", keys).append(b"media that is not delivered yet")
        ring = KeyRing(ROOM_CASE, keys)
        ring.admit(bytes(32))
        kept = ",".join(f'[{no},"{wrapped}"]' for no, wrapped in ring.kept)
        (run / f"recording-a-{ROOM_CASE}.json").write_text(f'{{"v":1,"keys":[{kept}]}}')


def recordings_end(home: Path) -> None:
    """Everything is delivered: recorders hold nothing of a case any more."""
    shutil.rmtree(home / "run" / "spool-a")
    (home / "run" / f"recording-a-{ROOM_CASE}.json").unlink()


def under_the_root(home: Path) -> dict[str, list[bytes]]:
    """What everything under the root key of the home opens to, by kind."""
    found: dict[str, list[bytes]] = {}
    with open_root(home) as root:
        for each in root_records(root, root.keys.describe()):
            found.setdefault(each.kind, []).append(root.keys.unwrap(each.wrapped, each.context))
    return found


def below_the_root(home: Path) -> dict[str, bytes]:
    """Every byte that must not change: sealed objects, wrapped keys of cases and objects, entries of spools; what a kill left unfinished
    is no blob, and is swept at the next start."""
    files = [*(home / "vault").rglob("*"), *(home / "vault-keys").rglob("*"), *(home / "run").rglob("*.spool")]
    return {
        str(each.relative_to(home)): each.read_bytes()
        for each in files
        if each.is_file() and "tenant.key" not in str(each.relative_to(home)) and ".incoming" not in each.parts
    }


def secret_of(home: Path) -> bytes:
    with open_home(home) as opened:
        return tenant_secret(opened.vault, tenant_id(TENANT))


def copy_of(sealed: Sealed, tmp_path: Path) -> Path:
    return shutil.copytree(sealed.home, tmp_path / "home", ignore=shutil.ignore_patterns("*.sock"))


def assert_it_works(home: Path, sealed: Sealed, tmp_path: Path) -> None:
    case = write_case(tmp_path / "next.toml", "quiet-0009")
    answer = jianlu("seal", sealed.media, "--case", case, "-o", tmp_path / "next.jlp", "--home", home)
    assert answer.code == 0, answer.err


@pytest.mark.parametrize("kind", ["file", "pkcs11", "openbao"])
def test_a_move_wraps_everything_anew_touches_nothing_below_and_the_old_key_opens_nothing(
    kind: str, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = copy_of(on_file, tmp_path)
    old, opened, below, secret = (
        load_root_key(home / "secrets" / "root.key"),
        under_the_root(home),
        below_the_root(home),
        secret_of(home),
    )
    assert set(opened) == KINDS
    answer = jianlu("keys", "move", key_table(kind, tmp_path, request), "--home", home, "--json")
    assert answer.code == 0, answer.err
    assert set(answer.document["done"]) == KINDS and answer.document["held"] == {}
    assert under_the_root(home) == opened and below_the_root(home) == below and secret_of(home) == secret
    assert jianlu("keys", "show", "--home", home, "--json").document["name"] == kind
    assert_opens_nothing(old, home)


def assert_opens_nothing(old: FileKeys, home: Path) -> None:
    with open_root(home) as root:
        for each in root_records(root, root.keys.describe()):
            with pytest.raises(IntegrityError):
                old.unwrap(each.wrapped, each.context)


@pytest.mark.parametrize("kind", ["pkcs11", "openbao"])
def test_a_rotation_leaves_what_recorders_hold_and_disables_the_old_version_once_that_is_gone(
    kind: str, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = copy_of(on_file, tmp_path)
    assert jianlu("keys", "move", key_table(kind, tmp_path, request), "--home", home).code == 0
    opened, below = under_the_root(home), below_the_root(home)
    with open_root(home) as root:
        before = [(each.wrapped, each.context) for each in root_records(root, root.keys.describe())]

    answer = jianlu("keys", "rotate", "--home", home, "--json")
    assert answer.code == 75
    assert set(answer.document["done"]) == KINDS - HELD and set(answer.document["held"]) == HELD
    assert under_the_root(home) == opened and below_the_root(home) == below
    recordings_end(home)

    assert jianlu("keys", "rotate", "--home", home).code == 0
    shown = jianlu("keys", "show", "--home", home, "--json").document
    assert (shown["oldest"], shown["newest"]) == (2, 2)
    with open_root(home) as root:
        assert isinstance(root.keys, KeyVersions)
        for wrapped, context in before:
            with pytest.raises(IntegrityError, match="disabled"):
                root.keys.unwrap(wrapped, context)
    if kind == "pkcs11":
        assert_it_works(home, on_file, tmp_path)


def test_a_rotation_in_the_middle_of_a_session_loses_nothing(
    openbao: BaoServer, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = copy_of(on_file, tmp_path)
    shutil.rmtree(home / "run")
    assert jianlu("keys", "move", key_table("openbao", tmp_path, request), "--home", home).code == 0
    with open_home(home) as at_work:  # what a service that runs has open
        chain = custody_chain(tenant_secret(at_work.vault, tenant_id(TENANT)), "any")
        assert jianlu("keys", "rotate", "--home", home).code == 0
        assert custody_chain(tenant_secret(at_work.vault, tenant_id(TENANT)), "any") == chain
        unit = next(each.name for each in (home / "vault-keys" / TENANT).iterdir() if (each / "unit.key").exists())
        open_unit_key(at_work.vault, tenant_id(TENANT), unit)


def test_a_root_key_in_a_file_has_no_versions(on_file: Sealed, tmp_path: Path) -> None:
    answer = jianlu("keys", "rotate", "--home", copy_of(on_file, tmp_path))
    assert answer.code == 5 and "keys move" in answer.err


def test_a_key_store_from_before_a_move_opens_nothing_any_more(
    on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = copy_of(on_file, tmp_path)
    backup = shutil.copytree(home / "vault-keys", tmp_path / "backup")
    assert jianlu("keys", "move", key_table("file", tmp_path, request), "--home", home).code == 0
    shutil.rmtree(home / "vault-keys")
    backup.rename(home / "vault-keys")
    with pytest.raises(IntegrityError, match="another root key"):
        secret_of(home)


@pytest.mark.slow
def test_a_move_that_is_killed_at_any_step_is_finished_by_the_same_call(
    on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    table, opened, below = key_table("file", tmp_path, request), under_the_root(on_file.home), below_the_root(on_file.home)
    kills = 0
    while True:
        home = shutil.copytree(on_file.home, tmp_path / f"home-{kills}")
        if not _killed_at(kills, partial(_move, table, home)):
            break
        assert jianlu("keys", "move", table, "--home", home).code == 0
        assert under_the_root(home) == opened and below_the_root(home) == below
        assert_opens_nothing(load_root_key(home / "secrets" / "root.key"), home)
        assert [each.name for each in (home / "vault-keys" / TENANT).glob("tenant.key*")] == ["tenant.keys"]
        shutil.rmtree(home)
        kills += 1
    print(f"killed at {kills} steps of a move, nothing was lost")
    assert kills >= 10


@pytest.mark.slow
def test_a_rotation_that_is_killed_at_any_step_is_finished_by_the_same_call(
    openbao: BaoServer, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Calls to the key service are steps, too: killed before it makes a version, and when it made one and nothing else was done."""
    home = copy_of(on_file, tmp_path)
    shutil.rmtree(home / "run")  # what recorders hold would stay under the older version
    assert jianlu("keys", "move", key_table("openbao", tmp_path, request), "--home", home).code == 0
    opened, below = under_the_root(home), below_the_root(home)
    kills = 0
    while _killed_at(kills, partial(_rotate, home), {*DURABLE, "socket.connect"}):
        assert under_the_root(home) == opened, "between the kill and the next call everything still opens"
        assert jianlu("keys", "rotate", "--home", home).code == 0
        assert under_the_root(home) == opened and below_the_root(home) == below
        shown = jianlu("keys", "show", "--home", home, "--json").document
        assert shown["oldest"] == shown["newest"]
        kills += 1
    print(f"killed at {kills} steps of a rotation, nothing was lost")
    assert kills >= 5


@pytest.mark.thorough
def test_a_rotation_that_is_killed_while_recorders_hold_keys_disables_no_version_that_something_lies_under(
    openbao: BaoServer, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home = copy_of(on_file, tmp_path)
    assert jianlu("keys", "move", key_table("openbao", tmp_path, request), "--home", home).code == 0
    below, kills = below_the_root(home), 0
    while True:
        opened = under_the_root(home)
        assert set(opened) == KINDS
        is_killed = _killed_at(kills, partial(_rotate, home), {*DURABLE, "socket.connect"})
        assert_nothing_lies_under_what_is_disabled(home)
        assert under_the_root(home) == opened, "between the kill and the next call everything still opens"
        assert jianlu("keys", "rotate", "--home", home).code == UNFINISHED
        assert under_the_root(home) == opened and below_the_root(home) == below
        assert_nothing_lies_under_what_is_disabled(home)
        recordings_end(home)
        assert jianlu("keys", "rotate", "--home", home).code == 0
        shown = jianlu("keys", "show", "--home", home, "--json").document
        assert shown["oldest"] == shown["newest"]
        if not is_killed:
            break
        fill_run(home)
        below, kills = below_the_root(home), kills + 1
    assert kills >= 5


@pytest.mark.thorough
def test_a_root_key_that_is_rotated_again_and_again_while_a_recording_is_sealed_harms_neither(
    openbao: BaoServer, on_file: Sealed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A real ingest in its own process; beside it rotations are killed at one step after another, and finished, until it has ended."""
    home = copy_of(on_file, tmp_path)
    shutil.rmtree(home / "run")
    assert jianlu("keys", "move", key_table("openbao", tmp_path, request), "--home", home).code == 0
    case, package, rotations = write_case(tmp_path / "next.toml", "quiet-0009"), tmp_path / "next.jlp", 0
    command = [
        sys.executable,
        "-m",
        "jianlu.entry.cli.main",
        "seal",
        on_file.media,
        "--case",
        case,
        "-o",
        package,
        "--home",
        home,
    ]
    ingest = subprocess.Popen([str(each) for each in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while ingest.poll() is None:
        _killed_at(rotations, partial(_rotate, home), {*DURABLE, "socket.connect"})
        assert jianlu("keys", "rotate", "--home", home).code == 0
        rotations += 1
    assert ingest.returncode == 0, ingest.communicate()[1]
    ingest.communicate()
    assert rotations >= 2
    assert_nothing_lies_under_what_is_disabled(home)
    assert check_package(package).is_intact
    with open_home(home) as opened:
        units = [each.name for each in (home / "vault").glob(f"{TENANT}/*") if list(each.glob("*.sealed"))]
        for unit in units:
            log = open_case_log(opened.vault, TENANT, unit)
            for named in (named for event in log.events for named in objects_named(event)):
                assert b"".join(log.open_object_stream(named.place.object, named.place.version))
    assert_it_works(home, on_file, tmp_path)


def assert_nothing_lies_under_what_is_disabled(home: Path) -> None:
    """Every record opens, and says that it was made under a version that still does."""
    with open_root(home) as root:
        assert isinstance(root.keys, KeyVersions)
        records = list(root_records(root, root.keys.describe()))
        assert records and min(root.keys.version_of(each.wrapped) for each in records) >= root.keys.oldest_version()
        for each in records:
            root.keys.unwrap(each.wrapped, each.context)


def _rotate(home: Path) -> int:
    return jianlu("keys", "rotate", "--home", home).code


def _move(table: Path, home: Path) -> int:
    return jianlu("keys", "move", table, "--home", home).code


DURABLE = frozenset({"os.rename", "os.remove", "os.link", "sqlite3.connect/handle"})


def _killed_at(step: int, work: Callable[[], int], steps: Set[str] = DURABLE) -> bool:
    """Run `work` in a child that is killed at its step of that number among `steps`; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        left = [step]

        def count(event: str, _: object) -> None:
            if event in steps:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

        sys.addaudithook(count)
        os._exit(work())
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) in (0, UNFINISHED)
    return os.WIFSIGNALED(status)
