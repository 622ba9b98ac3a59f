"""The stores over HTTP: who sees them, and what they say once a copy was altered, mended, and lost for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.deliver.api.app import create_app
from jianlu.vault.ports import VaultPorts
from tests.fakes.api.world import ApiWorld, api_world, ok
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import DAYS, scrubber, settle, store_of, with_stores

STORES = "/api/v1/administration/stores"
PEOPLE = {
    "sun": ["administrator"],
    "shen": ["auditor"],
    "pan": ["audit_administrator"],
    "guan": ["regulator"],
    "gao": ["security_administrator"],
}


class Stored:
    """The application over a vault with two folders, into the first of which a sale was sealed."""

    def __init__(self, api: ApiWorld, folder: Path) -> None:
        self.folder = folder
        for name in ("here", "near"):
            (folder / name).mkdir()
        blobs = {name: PosixBlobs(folder / name) for name in ("here", "near")}
        for name in api.world.vault.blobs.names():  # what was sealed while the scripts were adopted
            blobs["here"].put(name, [api.world.vault.blobs.get(name)])
        self.using: VaultPorts = with_stores(api.world.vault, *(store_of(name, each) for name, each in blobs.items()))
        deps = replace(api.deps, search=replace(api.deps.search, vault=self.using))
        self.api = ApiWorld(create_app(deps), deps, api.world, api.stack)
        record_sale(self.using)

    def scrub(self) -> None:
        """Copies, and every copy read, a scrub's time later."""
        self.api.world.clock.move(int(timedelta(days=DAYS) / timedelta(milliseconds=1)))
        self.api.clients.clear()  # no sign-in lasts so long
        settle(scrubber(self.using))

    def file(self, store: str) -> Path:
        """One sealed object's copy."""
        return self.folder / store / TENANT / CASE / "seg-000002.v1.sealed"

    def said(self) -> tuple[list[str], dict[str, dict[str, Any]]]:
        """Advice, and the stores by their names."""
        found = ok(self.api.client("sun").get(STORES)).json()
        return found["advice"], {each["name"]: each for each in found["stores"]}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("stores")
    with api_world(f"sqlite:///{folder}/index.sqlite", folder, also=PEOPLE) as api:
        yield Stored(api, folder)


def test_what_was_altered_is_told_with_its_repair_and_what_no_store_has_stays_open(stored: Stored) -> None:
    advice, found = stored.said()
    assert advice == ["no_lock"]
    assert [(found[name]["behind"] > 0, found[name]["next_steps"]) for name in found] == [(True, ["unprobed", "behind"])] * 2
    settle(scrubber(stored.using))
    _, found = stored.said()
    assert [(each["is_complete"], each["objects"], each["happened"], each["next_steps"]) for each in found.values()] == [
        (True, 9, [], [])
    ] * 2
    whole = stored.file("near").read_bytes()
    stored.file("near").write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    stored.scrub()
    assert stored.file("near").read_bytes() == whole
    _, found = stored.said()
    assert found["here"]["happened"] == []
    repaired, alarmed = found["near"]["happened"]
    assert (repaired["kind"], repaired["reason"], repaired["from"], repaired["case"]) == ("repaired", "altered", "here", CASE)
    assert (alarmed["kind"], alarmed["object"], alarmed["is_open"]) == ("alarmed", "seg-000002", False)
    assert repaired["position"] > alarmed["position"]
    assert (found["near"]["last_scrub"]["repaired"], found["near"]["last_scrub"]["lost"]) == (1, 0)
    for name in ("here", "near"):
        stored.file(name).unlink()
    stored.scrub()
    _, found = stored.said()
    for each in found.values():
        newest = each["happened"][0]
        assert (newest["kind"], newest["reason"], newest["is_open"]) == ("alarmed", "missing", True)
        assert each["next_steps"] == ["lost"] and not each["is_complete"]
    stored.file("here").write_bytes(whole)
    stored.scrub()
    _, found = stored.said()
    assert not any(event["is_open"] for each in found.values() for event in each["happened"])
    assert all(each["next_steps"] == [] for each in found.values())


def test_stores_are_for_those_who_answer_for_copies(stored: Stored) -> None:
    for name, status in {"sun": 200, "xu": 200, "shen": 200, "pan": 200, "lin": 403, "he": 403, "guan": 403, "gao": 403}.items():
        assert stored.api.client(name).get(STORES).status_code == status, name
    assert stored.api.client().get(STORES).status_code == 401
