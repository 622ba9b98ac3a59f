"""The ledger over HTTP: its folder under the paths of tlog-tiles, hashes for everybody, entries for those who may read them."""

from __future__ import annotations

import pytest

from jianlu.core.formats.checkpoint import verify_checkpoint
from jianlu.core.formats.proof import leaf_hash
from jianlu.core.formats.tile import decode_bundle
from jianlu.core.formats.tree import TileTree
from jianlu.ledger import create_ledger, open_ledger
from jianlu.ledger.anchors.folder import anchor_newest, put_stamp
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import create_signer_key, load_signer
from tests.fakes.api.world import ApiWorld

ENTRIES = [b"entry %d" % number for number in range(300)]


@pytest.fixture
def signer(api: ApiWorld) -> Signer:
    """The key of a ledger of 300 entries in the world's home."""
    home = api.deps.home
    home.mkdir(parents=True, exist_ok=True)
    create_signer_key(home / "ledger.key", "test.example/log")
    found = load_signer(home / "ledger.key")
    folder = home / api.deps.settings.ledger.path
    create_ledger(folder, signer=found, origin="test.example/log")
    with open_ledger(folder, signer=found, publish_every_ms=None) as ledger:
        for entry in ENTRIES:
            ledger.append(entry)
        ledger.publish()
    return found


def test_anybody_reads_checkpoint_and_tiles_and_they_prove_themselves(api: ApiWorld, signer: Signer) -> None:
    client = api.client()
    note = client.get("/ledger/checkpoint")
    assert note.headers["content-type"].startswith("text/plain") and note.headers["cache-control"] == "no-cache"
    checkpoint = verify_checkpoint(note.content, [signer.key], origin="test.example/log")

    def read(path: str) -> bytes | None:
        answer = client.get(f"/ledger/{path}")
        return answer.content if answer.status_code == 200 else None

    tree = TileTree.of(checkpoint, read)
    assert checkpoint.size == 300 and tree.leaf_hash(299) == leaf_hash(ENTRIES[299])
    assert "immutable" in client.get("/ledger/tile/0/000").headers["cache-control"]


@pytest.mark.parametrize(("who", "status"), [("", 401), ("lin", 403), ("xu", 200)])
def test_entries_are_for_those_who_may_read_the_ledger(api: ApiWorld, signer: Signer, who: str, status: int) -> None:
    answer = api.client(who).get("/ledger/tile/entries/001.p/44")
    assert answer.status_code == status
    if status == 200:
        assert decode_bundle(answer.content, 44) == ENTRIES[256:]
        assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    "path",
    ["tile/0/999", "tile/0/0", "tile/0/../../secrets/ledger.key", "tile/0/000.p/0", "tile/9/000", "tile/data/000", "tile/-1/000"],
)
def test_what_is_no_tile_is_not_found(api: ApiWorld, signer: Signer, path: str) -> None:
    assert api.client().get(f"/ledger/{path}").status_code == 404


def test_a_partial_tile_that_was_replaced_is_asked_for_as_the_full_one(api: ApiWorld, signer: Signer) -> None:
    client = api.client()
    assert client.get("/ledger/tile/0/000.p/7").status_code == 404
    assert client.get("/ledger/tile/0/000").status_code == 200


def test_anybody_reads_anchors_and_nothing_else_of_the_folder(api: ApiWorld, signer: Signer) -> None:
    folder, client = api.deps.home / api.deps.settings.ledger.path, api.client()
    assert client.get("/ledger/anchors").text == ""
    anchor = anchor_newest(folder, signer.key)
    put_stamp(folder, anchor.size, "alpha", b"token")
    assert client.get("/ledger/anchors").text == "300\n"
    assert client.get("/ledger/anchors/300/checkpoint").content == anchor.note
    assert client.get("/ledger/anchors/300/alpha.tst").content == b"token"
    for place in (
        "300/beta.tst",
        "1/checkpoint",
        "300/.checkpoint.unfinished",
        "../lock",
        "%2e%2e/lock",
        "300",
    ):
        assert client.get(f"/ledger/anchors/{place}").status_code in (404, 405), place
