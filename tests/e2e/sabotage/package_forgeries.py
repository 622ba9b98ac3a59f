"""Thirty ways to sabotage a package, each with what the verifier must say: the codes, the place, and that nothing comes out as met.

`insider` forgeries are re-signed with the operator's package key, so the signature does not catch them. Segment 12 is the victim where
one is needed; it covers about 00:22 to 00:24 of the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.event import parse_event
from jianlu.core.formats.package import CHECKPOINT, EVENTS, MEDIA, OPENINGS, PLAN, POSITIONS, VERDICTS, VERIFIER
from tests.e2e.sabotage.forge import Entries, edit_json, flip, forge, read_entries, rebuild
from tests.e2e.sabotage.world import World

VICTIM = 12
_SEALED = f"sealed/seg-{VICTIM:06d}.v1.sealed"
_NEXT = f"sealed/seg-{VICTIM + 1:06d}.v1.sealed"

Make = Callable[[World, Path], Path]


@dataclass(frozen=True)
class Forgery:
    """One sabotage: how it is made, which codes must be among the answers, and which segment or entry they must name."""

    name: str
    make: Make
    codes: frozenset[str]
    segment: int | None = None
    path: str | None = None
    arguments: Callable[[World], list[object]] = field(default=lambda world: [])
    has_clause: bool = True


def segments_of(entries: Entries) -> list[dict[str, Any]]:
    """Bodies of the segment events, in order."""
    return [event.body for event in map(parse_event, split(entries[EVENTS])) if "no" in event.body]  # type: ignore[misc]


def split(bundle: bytes) -> list[bytes]:
    """Entries of a bundle."""
    found, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : end])
        at = end
    return found


def join(events: list[bytes]) -> bytes:
    """The bundle of `events`."""
    return b"".join(len(event).to_bytes(2, "big") + event for event in events)


def pieces(entries: Entries) -> list[bytes]:
    """The recording in its pieces: init first, then the segments."""
    events = [parse_event(event) for event in split(entries[EVENTS])]
    sizes = [event.body["init"]["plain_bytes"] for event in events if "init" in event.body]
    sizes += [event.body["plain_bytes"] for event in events if "no" in event.body]
    found, at = [], 0
    for size in sizes:
        found.append(entries[MEDIA][at : at + size])
        at += size
    return found


def _flipped(entry: str, at: float = 0.5) -> Make:
    """Flip a bit in the first entry whose name begins with `entry`."""

    def make(world: World, folder: Path) -> Path:
        name = next(name for name in read_entries(world.package) if name.startswith(entry))
        return flip(world.package, folder / "f.jlp", name, at=at)

    return make


def _stranger(change: Callable[[Entries], None]) -> Make:
    return lambda world, folder: forge(world.package, folder / "f.jlp", change)


def _insider(change: Callable[[Entries], None]) -> Make:
    return lambda world, folder: forge(world.package, folder / "f.jlp", change, signer=world.package_signer)


def _drop(entries: Entries) -> None:
    parts = pieces(entries)
    del entries[_SEALED], parts[VICTIM]
    entries[MEDIA] = b"".join(parts)


def _swap(entries: Entries) -> None:
    parts = pieces(entries)
    parts[VICTIM], parts[VICTIM + 1] = parts[VICTIM + 1], parts[VICTIM]
    entries[_SEALED], entries[_NEXT] = entries[_NEXT], entries[_SEALED]
    entries[MEDIA] = b"".join(parts)


def _double(entries: Entries) -> None:
    parts = pieces(entries)
    parts.insert(VICTIM + 1, parts[VICTIM])
    entries[_NEXT] = entries[_SEALED]
    entries[MEDIA] = b"".join(parts)


def _from_another_session(world: World, folder: Path) -> Path:
    other = read_entries(world.other)

    def change(entries: Entries) -> None:
        entries[_SEALED] = other[_SEALED]
        parts = pieces(entries)
        parts[VICTIM] = pieces(other)[VICTIM]
        entries[MEDIA] = b"".join(parts)

    return forge(world.package, folder / "f.jlp", change, signer=world.package_signer)


def _drop_with_its_event(entries: Entries) -> None:
    """The careful insider: takes the event, its position and its proof out as well."""
    events, positions = split(entries[EVENTS]), parse_canonical(entries[POSITIONS])
    victim = next(at for at, event in enumerate(events) if parse_event(event).body.get("no") == VICTIM)
    _drop(entries)
    del events[victim]
    del entries[f"ledger/proofs/{positions.pop(victim)}.tlog-proof"]
    entries[EVENTS], entries[POSITIONS] = join(events), canonical_bytes(positions)


def _cut_tail(entries: Entries) -> None:
    """Everything from the victim on is gone, events included, as if the session had ended there."""
    events, positions = split(entries[EVENTS]), parse_canonical(entries[POSITIONS])
    first = next(at for at, event in enumerate(events) if parse_event(event).body.get("no") == VICTIM)
    entries[MEDIA] = b"".join(pieces(entries)[:VICTIM])
    kept = {f"sealed/{parse_event(event).body.get('object')}.v1.sealed" for event in events[:first]} | {"sealed/init.v1.sealed"}
    for name in [name for name in entries if name.startswith("sealed/") and name not in kept]:
        del entries[name]
    for name in [name for name in entries if name.startswith(("findings/", "documents/"))]:
        del entries[name]
    for position in positions[first:]:
        del entries[f"ledger/proofs/{position}.tlog-proof"]
    entries[EVENTS], entries[POSITIONS] = join(events[:first]), canonical_bytes(positions[:first])


def _to_met(document: Any) -> None:
    document["clauses"][0]["verdict"] = "not_met"


def _forge_event(entries: Entries) -> None:
    """The insider rewrites an event: the victim now ends half a second later."""
    events = split(entries[EVENTS])
    victim = next(at for at, event in enumerate(events) if parse_event(event).body.get("no") == VICTIM)
    fields = parse_canonical(events[victim])
    fields["body"]["to_ms"] += 500
    events[victim] = canonical_bytes(fields)
    entries[EVENTS] = join(events)


def _soften_plan(document: Any) -> None:
    document["obligations"] = [each for each in document["obligations"] if each["kind"] != "forbid_phrase"]


def _hear_more(document: Any) -> None:
    document["findings"][0]["value"]["text"] += "保证"


def _append_box(entries: Entries) -> None:
    entries[MEDIA] += (16).to_bytes(4, "big") + b"free" + bytes(8)


def _append_to_zip(world: World, folder: Path) -> Path:
    copy = folder / "f.jlp"
    copy.write_bytes(world.package.read_bytes() + b"PK\x05\x06" + bytes(18))
    return copy


def _doubled_entry(world: World, folder: Path) -> Path:
    """A second entry of the same name before the directory: tools disagree about which one counts."""
    import warnings
    from zipfile import ZIP_STORED, ZipFile

    copy = folder / "f.jlp"
    copy.write_bytes(world.package.read_bytes())
    with warnings.catch_warnings(), ZipFile(copy, "a", ZIP_STORED) as archive:
        warnings.simplefilter("ignore")
        archive.writestr(VERDICTS, b"{}")
    return copy


def _with_extra(entries: Entries) -> None:
    entries["notes.txt"] = b"nothing to see"


def _swapped_verifier(entries: Entries) -> None:
    entries[VERIFIER] = entries[VERIFIER].replace(b"EXIT_NOT_INTACT = 90", b"EXIT_NOT_INTACT = 00")


def _early(world: World) -> list[object]:
    return ["--checkpoint", world.early]


def _late(world: World) -> list[object]:
    return ["--checkpoint", world.late]


def _trust(world: World) -> list[object]:
    return ["--trust", world.home / "trust.json"]


def _reordered(world: World, folder: Path) -> Path:
    entries = read_entries(world.package)
    names = list(entries)
    names[0], names[1] = names[1], names[0]
    return rebuild(folder / "f.jlp", {name: entries[name] for name in names})


FORGERIES = (
    Forgery("segment dropped", _insider(_drop), frozenset({"segment_missing"}), segment=VICTIM),
    Forgery("segment dropped with its event", _insider(_drop_with_its_event), frozenset({"events_broken"})),
    Forgery("segments swapped", _insider(_swap), frozenset({"segment_altered", "media_altered"}), segment=VICTIM),
    Forgery("segment doubled", _insider(_double), frozenset({"segment_altered", "media_length_differs"}), segment=VICTIM + 1),
    Forgery("segment of another session", _from_another_session, frozenset({"segment_altered"}), segment=VICTIM),
    Forgery("bit in the sealed segment", _flipped(_SEALED), frozenset({"segment_altered"}), segment=VICTIM),
    Forgery("bit in the recording", _flipped(MEDIA), frozenset({"media_altered"})),
    Forgery("bit in a tile", _flipped("ledger/tile/0/"), frozenset({"entry_altered"})),
    Forgery("bit in the event bundle", _flipped(EVENTS), frozenset({"entry_altered"}), path=EVENTS),
    Forgery("bit in the checkpoint", _flipped(CHECKPOINT, 0.8), frozenset({"checkpoint_invalid"}), path=CHECKPOINT),
    Forgery("bit in a wrapped key", _flipped(f"keys/seg-{VICTIM:06d}.v1.key"), frozenset({"entry_altered"})),
    Forgery("bit in the plan", _flipped(PLAN), frozenset({"entry_altered"}), path=PLAN, has_clause=False),
    Forgery("bit in a finding", _flipped("findings/speech.json"), frozenset({"entry_altered"}), path="findings/speech.json"),
    Forgery("bit in the verdicts", _flipped(VERDICTS), frozenset({"entry_altered"}), path=VERDICTS),
    Forgery("bit in a report", _flipped("report/report.zh.pdf"), frozenset({"entry_altered"}), path="report/report.zh.pdf"),
    Forgery("bit in a salt", _flipped(OPENINGS), frozenset({"entry_altered"}), path=OPENINGS),
    Forgery("bit in a proof", _flipped("ledger/proofs/5.tlog-proof"), frozenset({"entry_altered"})),
    Forgery("bit in the manifest", _flipped("manifest.json", 0.0), frozenset({"manifest_malformed"}), has_clause=False),
    Forgery("bit in the signature", _flipped("manifest.note", 0.9), frozenset({"signature_invalid"})),
    Forgery("tail cut", _insider(_cut_tail), frozenset({"case_not_closed"})),
    Forgery("event rewritten", _insider(_forge_event), frozenset({"event_not_logged"}), segment=VICTIM),
    Forgery(
        "plan softened",
        _insider(lambda entries: edit_json(entries, PLAN, _soften_plan)),
        frozenset({"commitment_does_not_open"}),
        path=PLAN,
    ),
    Forgery(
        "words put in a mouth",
        _insider(lambda entries: edit_json(entries, "findings/speech.json", _hear_more)),
        frozenset({"commitment_does_not_open"}),
        path="findings/speech.json",
    ),
    Forgery(
        "verdict changed",
        _insider(lambda entries: edit_json(entries, VERDICTS, _to_met)),
        frozenset({"verdicts_do_not_follow"}),
        path=VERDICTS,
    ),
    Forgery("box appended to the recording", _insider(_append_box), frozenset({"media_length_differs"}), path=MEDIA),
    Forgery("bytes appended to the file", _append_to_zip, frozenset({"container_malformed"}), has_clause=False),
    Forgery("entry added", _stranger(_with_extra), frozenset({"entry_extra"}), path="notes.txt"),
    Forgery("entry doubled", _doubled_entry, frozenset({"container_malformed"}), has_clause=False),
    Forgery("entries reordered", _reordered, frozenset({"container_malformed"})),
    Forgery("verifier swapped", _insider(_swapped_verifier), frozenset({"verifier_not_published"}), arguments=_trust),
    Forgery(
        "ledger forked with the same key", lambda world, folder: world.forked, frozenset({"checkpoint_forked"}), arguments=_early
    ),
    Forgery("ledger rolled back", lambda world, folder: world.rolled, frozenset({"checkpoint_ahead"}), arguments=_late),
)
