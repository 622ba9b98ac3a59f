"""`jianlu stores`: a home with two folders, one with a bucket, and buckets by their address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import ConflictError
from jianlu.entry.cli.main import run
from jianlu.entry.serve.scrubbing import scrubber_of, the_only_one
from jianlu.wiring import open_home
from tests.fakes.vault.buckets import CREDENTIALS, BucketServer
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import settle

POSIX = 'blobs = "posix"'
TWICE_ONE_BUCKET = ", ".join(
    f'{{name = "{name}", address = "s3+https://h.example/bucket/p{end}", credentials = "c"}}'
    for name, end in (("a", ""), ("b", "/"))
)
TWO_FOLDERS = '{name = "here", address = "folder:vault"}, {name = "near", address = "folder:near"}'


def made(folder: Path, stores: str) -> Path:
    """A home of these stores."""
    home = folder / "home"
    assert run(["init", str(home), "--tenant", TENANT]) == 0
    (home / "near").mkdir()
    (home / "secrets" / "far.s3").write_text(f"{CREDENTIALS.access_key}\n{CREDENTIALS.secret_key}\n")
    (home / "secrets" / "far.s3").chmod(0o600)
    settings = (
        (home / "jianlu.toml").read_text().replace(POSIX, 'blobs = "stores"').replace("stores = []", f"stores = [{stores}]")
    )
    (home / "jianlu.toml").write_text(settings)
    return home


def answer(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, Any]:
    """Exit code and the document that the command printed."""
    capsys.readouterr()
    code = run([*command, "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def test_copies_are_behind_then_complete_and_what_was_deleted_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = made(tmp_path, TWO_FOLDERS)
    with open_home(home) as opened:
        record_sale(opened.vault)
    code, listed = answer(capsys, "stores", "list", "--home", str(home))
    assert code == 75
    assert [(each["name"], each["first"], each["complete"]) for each in listed["stores"]] == [
        ("here", True, False),
        ("near", False, False),
    ]
    assert answer(capsys, "stores", "scrub", "--home", str(home))[0] == 0
    code, listed = answer(capsys, "stores", "list", "--home", str(home))
    assert code == 0
    assert [(each["objects"], each["scrub_objects"], each["label"]) for each in listed["stores"]] == [(8, 8, "none")] * 2
    deleted = home / "vault" / TENANT / CASE / "seg-000002.v1.sealed"
    whole = deleted.read_bytes()
    deleted.unlink()
    code, scrubbed = answer(capsys, "stores", "scrub", "--home", str(home))
    assert (code, [each["scrub_repaired"] for each in scrubbed["stores"]]) == (0, [1, 0])
    assert deleted.read_bytes() == whole


def test_a_home_keeps_copies_in_a_bucket_that_locks(
    tmp_path: Path, seaweed: BucketServer, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = (
        f'{{name = "far", address = "s3+{seaweed.endpoint}/locking/home", credentials = "secrets/far.s3", lock = "compliance"}}'
    )
    home = made(tmp_path, f'{{name = "here", address = "folder:vault"}}, {bucket}')
    with open_home(home) as opened:
        record_sale(opened.vault)
        with the_only_one(home):
            settle(scrubber_of(opened.settings, opened.vault))
    code, listed = answer(capsys, "stores", "list", "--home", str(home))
    assert (code, listed["stores"][1]["label"], listed["stores"][1]["objects"]) == (0, "compliance", 8)
    blobs = seaweed.blobs("locking", "home")
    assert len(list(blobs.names(f"{TENANT}/{CASE}/"))) == 8
    assert {str(each.until)[:10] for each in blobs.kept(f"{TENANT}/{CASE}/")} == {"2036-11-23"}
    assert not any("key" in name for name in blobs.names())
    assert json.loads(blobs.get("jianlu-home/owner"))["ledger"].startswith("jianlu.example/demo+")
    assert answer(capsys, "stores", "probe", "far", "--home", str(home))[0] == 0
    assert CREDENTIALS.secret_key not in (home / "index.sqlite").read_bytes().decode("latin-1")


def test_a_home_is_not_opened_over_a_bucket_that_does_not_lock(
    tmp_path: Path, seaweed: BucketServer, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"s3+{seaweed.endpoint}/plain/cli"
    home = made(tmp_path, f'{{name = "far", address = "{address}", credentials = "secrets/far.s3", lock = "compliance"}}')
    code, tried = answer(capsys, "stores", "probe", address, "--credentials", str(home / "secrets/far.s3"))
    assert (code, tried["label"]) == (5, "none")
    assert answer(capsys, "stores", "probe", address, "--credentials", str(home / "secrets/far.s3"), "--no-lock")[0] == 0
    capsys.readouterr()
    assert run(["stores", "scrub", "--home", str(home)]) == 5
    assert "is to lock and does not" in capsys.readouterr().err


@pytest.mark.thorough
def test_two_homes_with_one_address_are_not_both_served_by_it(
    tmp_path: Path, seaweed: BucketServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """As copies, and as the first store: with the settings of the one taken over by the other."""
    bucket = f'{{name = "far", address = "s3+{seaweed.endpoint}/locking/shared", credentials = "secrets/far.s3", lock = "none"}}'
    one, other = (made(tmp_path / name, f'{{name = "here", address = "folder:vault"}}, {bucket}') for name in ("one", "other"))
    for home, code in ((one, 0), (other, 90)):
        with open_home(home) as opened:
            record_sale(opened.vault)
        assert answer(capsys, "stores", "scrub", "--home", str(home))[0] == code
    listed = answer(capsys, "stores", "list", "--home", str(other))[1]["stores"][1]
    assert "another home (jianlu.example/demo)" in listed["problem"] and (listed["objects"], listed["complete"]) == (0, False)
    assert answer(capsys, "stores", "probe", "far", "--home", str(one))[0] == 0
    assert answer(capsys, "stores", "probe", "far", "--home", str(other))[0] == 5
    blobs = seaweed.blobs("locking", "shared")
    kept = {name: blobs.get(name) for name in blobs.names(f"{TENANT}/")}
    assert kept == {name: (one / "vault" / name).read_bytes() for name in kept} and len(kept) == 8
    alone = made(tmp_path / "alone", bucket)
    with pytest.raises(ConflictError, match="prefix of its own"), open_home(alone):
        raise AssertionError("a home was opened over the objects of another")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_credentials_that_others_can_read_are_refused(tmp_path: Path, mode: int, capsys: pytest.CaptureFixture[str]) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("key\nsecret\n")
    credentials.chmod(mode)
    assert run(["stores", "probe", "s3+https://127.0.0.1:9/bucket", "--credentials", str(credentials)]) == 3
    assert run(["stores", "probe", "s3+http://objects.example/bucket", "--credentials", str(credentials)]) == 2
    said = capsys.readouterr().err
    assert "can be read by others" in said
    assert "secret" not in said.replace("access key and secret", "")


@pytest.mark.parametrize(
    ("stores", "why"),
    [
        ("", "at least one"),
        ('{name = "a", address = "folder:x"}, {name = "a", address = "folder:y"}', "one name"),
        ('{name = "a", address = "folder:x"}, {name = "b", address = "folder:x"}', "no copy"),
        ('{name = "a", address = "folder:x"}, {name = "b", address = "folder:./y/../x/"}', "no copy"),
        (TWICE_ONE_BUCKET, "no copy"),
        ('{name = "a", address = "folder:vault-keys"}', "apart"),
        ('{name = "a", address = "folder:."}', "apart"),
        ('{name = "a", address = "folder:vault-keys/deeper"}', "apart"),
        ('{name = "a", address = "folder:x", lock = "compliance"}', "cannot lock"),
        ('{name = "a", address = "s3+https://h.example/bucket"}', "credentials"),
    ],
)
def test_settings_that_would_lose_something_refuse_to_start(
    tmp_path: Path, stores: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = made(tmp_path, stores)
    capsys.readouterr()
    assert run(["stores", "list", "--home", str(home)]) == 2
    assert why in capsys.readouterr().err


def test_wrapped_keys_are_never_kept_in_a_bucket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = made(tmp_path, TWO_FOLDERS)
    text = (home / "jianlu.toml").read_text()
    (home / "jianlu.toml").write_text(text.replace('keys_path = "vault-keys"', 'keys_path = "s3+https://h.example/keys"'))
    capsys.readouterr()
    assert run(["stores", "list", "--home", str(home)]) == 2
    assert "never kept in a bucket" in capsys.readouterr().err
