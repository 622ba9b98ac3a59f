"""Copies on three real folders are damaged in every way a disk or a hand can: one right copy mends all, and without one nothing is touched.

Survived here: bits that rot, files that are cut, emptied, lengthened, deleted or put in another's place, on all folders but one at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.core.errors import IntegrityError, NotFoundError
from jianlu.core.formats.event import Event, check_chain
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from jianlu.vault.index import parse_entry
from jianlu.vault.ports import VaultPorts
from jianlu.vault.stores.copying import objects_named
from jianlu.vault.stores.reports import store_reports
from tests.fakes.vault.home import CASE, TENANT, create_home, memory_vault, open_home
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.sale import record_sale, segment
from tests.fakes.vault.stores import said, scrubber, settle, store_of, with_stores

FOLDERS = ("vault", "near", "far")
MISSING = b"no such file"

HARMS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda whole: whole,
    "one bit": lambda whole: whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
    "last byte": lambda whole: whole[:-1] + bytes([whole[-1] ^ 128]),
    "header": lambda whole: bytes([whole[0] ^ 1]) + whole[1:],
    "cut": lambda whole: whole[: len(whole) // 2],
    "emptied": lambda _: b"",
    "longer": lambda whole: whole + b"\x00",
    "zeros": lambda whole: bytes(len(whole)),
    "missing": lambda _: MISSING,
}


@contextmanager
def three_folders(home: Path) -> Iterator[VaultPorts]:
    """The home with its vault and copies in two folders beside it."""
    with open_home(home) as using:
        yield with_stores(using, *(store_of(name, PosixBlobs(home / name)) for name in FOLDERS))


def contents(home: Path, folder: str) -> dict[str, bytes]:
    """Every file of a folder, by the name of its blob."""
    root = home / folder
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def put(path: Path, content: bytes) -> None:
    if content is MISSING:
        path.unlink()
    else:
        path.chmod(0o600)
        path.write_bytes(content)


def damage_all_but(home: Path, whole: dict[str, bytes]) -> dict[tuple[str, str], str]:
    """Leave one folder's copy of each object, another folder's from object to object, and harm both others, each in another way."""
    told: dict[tuple[str, str], str] = {}
    harms = [each for each in HARMS if each != "none"]
    for number, (name, content) in enumerate(sorted(whole.items())):
        others = [each for each in FOLDERS if each != FOLDERS[number % 3]]
        for shift, folder in enumerate(others):
            harm = harms[(number + 3 * shift) % len(harms)]
            put(home / folder / name, HARMS[harm](content))
            told[folder, name] = "missing" if harm == "missing" else "altered"
    return told


def reasons(using: VaultPorts, kind: EventType) -> dict[tuple[str, str], str]:
    """Why each copy was alarmed or repaired, none of them twice."""
    found = [(event.body, event.body["reason"]) for event in said(using, kind)]
    by_copy = {(body["store"], f"{TENANT}/{body['of']}/{body['object']}.v{body['version']}.sealed"): why for body, why in found}
    assert len(by_copy) == len(found), "a copy was told twice"
    return by_copy


def scrub_anew(using: VaultPorts) -> None:
    walk = scrubber(using)
    walk.begin()
    settle(walk)


def opened(using: VaultPorts) -> dict[str, bytes]:
    """What every object of the sale opens to."""
    log = open_case_log(using, TENANT, CASE)
    names = [named.place.object for event in log.events for named in objects_named(event)]
    return {name: log.open_object(name) for name in names}


def require_chains(using: VaultPorts) -> None:
    """What the scrub wrote is as whole as what it looked after."""
    chains: dict[str, list[Event]] = {}
    for at, entry in enumerate(using.ledger.read(0, using.ledger.size)):
        event = parse_entry(entry, at)
        chains.setdefault(event.case, []).append(event)
    for chain in chains.values():
        check_chain(chain)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A sale with every copy in three folders."""
    path = tmp_path / "home"
    create_home(path)
    for name in FOLDERS[1:]:
        (path / name).mkdir()
    with three_folders(path) as using:
        record_sale(using)
        settle(scrubber(using))
    return path


def test_all_replicas_but_one_are_damaged_and_all_are_mended_from_it(home: Path) -> None:
    whole = contents(home, "vault")
    with three_folders(home) as using:
        before = opened(using)
        told = damage_all_but(home, whole)
        assert len(told) == 2 * len(whole) and set(told.values()) == {"missing", "altered"}
        scrub_anew(using)
        assert [contents(home, name) for name in FOLDERS] == [whole] * 3
        assert reasons(using, EventType.STORE_COPY_ALARMED) == reasons(using, EventType.STORE_COPY_REPAIRED) == told
        assert not [event for event in said(using, EventType.STORE_COPY_REPAIRED) if event.body["from"] == event.body["store"]]
        assert all(each.is_complete and not each.state.scrub_lost for each in store_reports(using))
        assert opened(using) == before
        require_chains(using)


def test_while_two_copies_of_three_are_damaged_every_object_opens_from_the_third(home: Path) -> None:
    """Whole and by range, whether the others are away, altered, cut or longer, before any scrub; and the scrub mends them afterwards."""
    with three_folders(home) as using:
        before, log = opened(using), open_case_log(using, TENANT, CASE)
        damage_all_but(home, contents(home, "vault"))
        assert {name: log.open_object(name) for name in before} == before
        for name, plain in before.items():
            assert log.open_object_range(name, 3, 9) == plain[3:12]
            assert b"".join(log.open_object_stream(name)) == plain
        for folder in FOLDERS:
            for path in (home / folder).rglob("findings-speech.v1.sealed"):
                put(path, b"no copy holds")
        with pytest.raises(IntegrityError):
            log.open_object("findings-speech")


@pytest.mark.thorough
def test_playback_goes_on_from_copies_while_the_first_folder_is_gone(home: Path) -> None:
    with three_folders(home) as using:
        before = opened(using)
        for path in [*(home / "vault").rglob("*.sealed"), *(home / "near").rglob("*.sealed")]:
            path.unlink()
        assert opened(using) == before
        log = open_case_log(using, TENANT, CASE)
        assert log.open_object_range("seg-000003", 10, 1000) == segment(3)[10:1010]
        scrub_anew(using)
        assert contents(home, "vault") == contents(home, "near") == contents(home, "far")
        assert len(said(using, EventType.STORE_COPY_REPAIRED)) == 2 * len(before)


def test_what_is_damaged_everywhere_is_told_as_lost_kept_byte_for_byte_and_mended_once_somebody_brings_it_back(
    home: Path,
) -> None:
    whole = contents(home, "vault")
    lost, away, *_ = sorted(whole)
    with three_folders(home) as using:
        before = opened(using)
        for folder, harm in zip(FOLDERS, ("one bit", "cut", "missing"), strict=True):
            put(home / folder / lost, HARMS[harm](whole[lost]))
            put(home / folder / away, MISSING)
        damaged = [contents(home, name) for name in FOLDERS]
        scrub_anew(using)
        assert [contents(home, name) for name in FOLDERS] == damaged, "what may be all that is left was touched"
        assert {each.state.scrub_lost for each in store_reports(using)} == {2}
        assert not any(each.is_complete for each in store_reports(using))
        due = {(folder, name) for folder in FOLDERS for name in (lost, away)}
        assert set(reasons(using, EventType.STORE_COPY_ALARMED)) == due and not said(using, EventType.STORE_COPY_REPAIRED)
        log = open_case_log(using, TENANT, CASE)
        for name, family in ((lost, IntegrityError), (away, NotFoundError)):
            with pytest.raises(family):
                log.open_object(name.rpartition("/")[2].removesuffix(".v1.sealed"))
        (home / "far" / lost).write_bytes(whole[lost])  # from a tape, into any folder
        (home / "near" / away).write_bytes(whole[away])
        scrub_anew(using)
        assert [contents(home, name) for name in FOLDERS] == [whole] * 3 and opened(using) == before
        assert {each.state.scrub_lost for each in store_reports(using)} == {0}
        require_chains(using)


class Kept:
    """A sale in three dictionaries, every copy as it must be, to be damaged as often as it takes."""

    def __init__(self, vault: VaultPorts) -> None:
        self.stores = [MemoryBlobs() for _ in FOLDERS]
        self.using = with_stores(vault, *(store_of(name, blobs) for name, blobs in zip(FOLDERS, self.stores, strict=True)))
        record_sale(self.using)
        settle(scrubber(self.using))
        self.whole = dict(self.stores[0].contents)

    def damage(self, chosen: dict[str, tuple[str, ...]]) -> list[dict[str, bytes]]:
        """Copies as they must be but for these harms, a harm for each store; returns what the stores then have."""
        for at, blobs in enumerate(self.stores):
            harmed = {name: HARMS[chosen[name][at]](content) for name, content in self.whole.items()}
            blobs.contents = {name: content for name, content in harmed.items() if content is not MISSING}
        return [dict(blobs.contents) for blobs in self.stores]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with memory_vault(f"sqlite:///{tmp_path_factory.mktemp('kept')}/index.sqlite") as vault:
        yield Kept(vault)


harms_of_an_object = st.tuples(*(st.sampled_from([each for each in HARMS if each != "longer"]) for _ in FOLDERS))
"""What is longer still has the right bytes in front, and a missing copy is made of them: it is no harm that loses anything."""


@given(harms=st.lists(harms_of_an_object, min_size=8, max_size=8))
@examples(max_examples=5)
def test_where_one_right_copy_is_left_all_become_right_and_elsewhere_nothing_changes(
    harms: list[tuple[str, ...]], kept: Kept
) -> None:
    """For every choice of harms, one for each copy of each of eight objects: an example is eight choices."""
    chosen = dict(zip(sorted(kept.whole), harms, strict=True))
    lost = {name for name, each in chosen.items() if "none" not in each}
    damaged = kept.damage(chosen)
    scrub_anew(kept.using)
    for blobs, was in zip(kept.stores, damaged, strict=True):
        due = {name: was.get(name) if name in lost else whole for name, whole in kept.whole.items()}
        assert blobs.contents == {name: content for name, content in due.items() if content is not None}
    assert {each.state.scrub_lost for each in store_reports(kept.using)} == {len(lost)}
