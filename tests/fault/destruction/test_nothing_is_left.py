"""A case with unmistakable words is destroyed; then store, files, search index and database are scanned for them, page by page.

The scan finds them before, and finds what is planted after, so that an empty answer means something.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from jianlu.core.errors import ConflictError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.packages.write import package_path
from jianlu.entry.destroy_case import destroy_case
from jianlu.judge.review.ending import end_reviews
from tests.fakes.api import world as api_worlds
from tests.fakes.api.world import ApiWorld, api_world, ok
from tests.fakes.residue import forms_of, words_under
from tests.fakes.search.spoken_case import end_and_enter
from tests.fakes.vault.home import TENANT
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.parted import start_part
from tests.fakes.vault.sale import give_up

NUMBER, TITLE, NAME, PHONE = "nr-quagga-7741-okapi", "麒麟鼍犀标题甲", "鸑鷟翀", "+86 21 5555 0199"
SAID, CHATTED = "纛字罕见藜麦zebra标记", "獬豸聊天内容乙"
WORDS = (NUMBER, TITLE, NAME, PHONE, SAID, CHATTED)
OTHERS = "other-case-that-stays"


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    (tmp_path / "home").mkdir()
    with api_world(database_url, tmp_path / "home") as world:
        yield world


def talked(api: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """The case from making it to its package, through the doors that people use."""
    plain = api_worlds.sale_body

    def told(number: str = "sale-1") -> dict[str, Any]:
        people = {"agent": {"name": "林静"}, "customer": {"name": NAME, "phone": PHONE}}
        return {**plain(number), "title": TITLE, "people": people}

    with monkeypatch.context() as patched:
        patched.setattr(api_worlds, "sale_body", told)
        case, _, customer = api.live(NUMBER)
    ok(customer.post(f"/api/v1/cases/{case}/messages", json={"text": CHATTED}))
    log = api.world.using.desk.log(TENANT, case)
    end_and_enter(log, api.world.vault, ("customer", SAID), ("agent", "好的"))
    home = api.deps.home
    for path in (
        package_path(home, case_ref(case)),
        package_path(home, case_ref(case)).with_name(f".{case}.jlp.0011.partial"),
        home / "run" / "spool-a" / case / "00000001.spool",
        home / "run" / f"recording-a-{case}.json",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(WORDS), encoding="utf-8")
    return case


def database_folders(url: str, home: Path) -> list[Path]:
    """Where the database keeps its pages, everything written out: SQLite's folder, or PostgreSQL's tables without its journal."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        return [Path(parsed.database).parent]
    folder = Path(str(parsed.query["host"])) / "cluster"
    with psycopg.connect(f"host={folder.parent} user=postgres dbname={parsed.database}", autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    return [folder / "base"]


def found_in(api: ApiWorld, url: str) -> dict[str, set[tuple[str, str]]]:
    """The words, wherever they are: home, database, sealed objects, keys, ledger."""
    found = words_under([api.deps.home, *database_folders(url, api.deps.home)], WORDS)
    vault = api.world.vault
    assert isinstance(vault.blobs, MemoryBlobs) and isinstance(vault.key_blobs, MemoryBlobs)
    stored = {**vault.blobs.contents, **vault.key_blobs.contents, "ledger": b"\n".join(vault.ledger.read(0, vault.ledger.size))}
    for name, content in stored.items():
        if said := {(word, form) for word in WORDS for form, sought in forms_of(word).items() if sought in content}:
            found[name] = said
    return found


def test_of_a_destroyed_case_no_word_is_left_anywhere(api: ApiWorld, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = talked(api, monkeypatch)
    other = api.make_case(OTHERS)
    before = found_in(api, database_url)
    assert {word for said in before.values() for word, _ in said} == set(WORDS), "the scan sees what is there"
    assert any(not name.startswith(("packages", "run", "home")) for name in before), "the database is scanned too"
    give_up(api.world.vault, case)
    destroy(api, case)
    assert found_in(api, database_url) == {}
    answer = api.client("xu").get("/api/v1/cases")
    assert OTHERS in answer.text and NUMBER not in answer.text and TITLE not in answer.text
    assert api.client("lin").get(f"/api/v1/cases/{other}").status_code == 200


def destroy(api: ApiWorld, case: str) -> None:
    """As the worker does it, with the record of reviews, which goes when the keys are gone."""
    end_reviews(api.deps.reviews)
    destroy_case(case_ref(case), home=api.deps.home, tenant=api.deps.tenant, vault=api.world.vault, say=lambda *_: None)


@pytest.mark.parametrize("form", ["utf-8", "gbk", "utf-16-le", "utf-16-be", "json"])
def test_what_is_planted_is_found(tmp_path: Path, form: str) -> None:
    (tmp_path / "deep" / "cache").mkdir(parents=True)
    (tmp_path / "deep" / "cache" / "x.bin").write_bytes(os.urandom(5_000) + forms_of(TITLE)[form] + os.urandom(5_000))
    assert words_under([tmp_path], WORDS) == {f"deep{os.sep}cache{os.sep}x.bin": {(TITLE, form)}}


def test_a_name_of_a_file_is_a_place_too(tmp_path: Path) -> None:
    (tmp_path / f"{NUMBER}.txt").write_bytes(b"")
    assert words_under([tmp_path], WORDS) == {f"{NUMBER}.txt": {(NUMBER, form) for form in ("utf-8", "json", "gbk")}}


def test_of_a_transcript_that_ended_no_word_is_left_and_the_case_stays(
    api: ApiWorld, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor in the search index or a package; what is kept of the case is read on, and who asks for what is gone is told so."""
    case = talked(api, monkeypatch)
    assert SAID in {word for said in found_in(api, database_url).values() for word, _ in said}
    asked = {"q": "zebra"}
    assert ok(api.client("he").get("/api/v1/search", params=asked)).json()["total"] == 1
    start_part(api.world.vault, "transcript", case, until="2026-01-01", clause="pack:c")
    destroy_case(
        case_ref(case), home=api.deps.home, tenant=api.deps.tenant, vault=api.world.vault, say=lambda *_: None, part="transcript"
    )
    found = found_in(api, database_url)
    assert SAID not in {word for said in found.values() for word, _ in said} and found
    assert ok(api.client("he").get("/api/v1/search", params=asked)).json()["total"] == 0
    for path in ("file", "terms", "session"):
        ok(api.client("xu").get(f"/api/v1/cases/{case}/{path}"))
    told = ok(api.client("xu").get(f"/api/v1/cases/{case}/destruction")).json()
    assert told["state"] == "kept" and [each["part"] for each in told["parts"]] == ["transcript"]
    assert [each["place"] for each in told["parts"][0]["places"]][-3:] == ["packages", "search", "database"]
    with pytest.raises(ConflictError, match="destroyed when its own time had ended"):
        api.deps.reader.log(case).open_object("findings-speech")
