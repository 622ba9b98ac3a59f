"""Tables of the report about what was measured: gaps, faces, picture, sound, sync, engines; and the transcript.

Nothing is measured here: the rows repeat the sealed findings; an engine that did not run is said not to have run.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.verdicts.reasons import CODE_NAMES, clock_text
from jianlu.deliver.plans.sentences import speaker
from jianlu.deliver.reports._judged import moment
from jianlu.deliver.reports.course import code_word
from jianlu.deliver.reports.model import CaseRecord, Heard, Table
from jianlu.deliver.reports.words import words

_WITHHELD = ("consent_refused", "consent_withdrawn", "consent_not_given")
"""Why an inspector did not look although it could."""

TRANSCRIPT_LINES_MAX = 3_000
"""Lines of transcript printed: some four hours of talk; the whole is in the findings."""


def gap_table(record: CaseRecord, lang: str) -> Table | None:
    """The declared gaps, or None without any."""
    gaps = [event.body for event in record.events if event.type is EventType.GAP_DECLARED]
    head = tuple(words(key, lang) for key in ("h_from", "h_to", "h_reason", "h_side"))
    rows = tuple(
        (
            clock_text(gap["from_ms"]),
            clock_text(gap["to_ms"]),
            _cause(str(gap["reason"]), lang),
            _side(record, str(gap["side"]), lang),
        )
        for gap in gaps
    )
    return Table(head, rows) if rows else None


def measure_table(record: CaseRecord, lang: str) -> Table:
    """One line for each thing measured; an engine that did not run says so."""
    return Table((words("h_what", lang), words("h_value", lang)), tuple(_measures(record, lang)))


def engine_table(record: CaseRecord, lang: str) -> Table:
    """Each inspector's engine, version, digest, threshold and status."""
    head = tuple(words(key, lang) for key in ("h_what", "h_engine", "h_version", "h_model", "h_threshold", "h_status"))
    rows = []
    for one in record.inspections:
        thresholds = sorted({finding.threshold for finding in one.findings})
        shown = ", ".join(f"{threshold / 1000:g}" for threshold in thresholds) or "-"
        status = words(one.status.value, lang)
        rows.append(
            (
                CODE_NAMES[one.inspector.value][lang],
                one.engine.name or "-",
                one.engine.version or "-",
                one.engine.model_digest or "-",
                shown,
                status,
            )
        )
    return Table(head, tuple(rows))


def transcript(record: CaseRecord, lang: str) -> tuple[tuple[Heard, ...], str]:
    """Everything recognised, in time order, at most `TRANSCRIPT_LINES_MAX` lines; and a note when there is none or it was cut."""
    speech = _inspection(record, Inspector.SPEECH)
    if speech is None or speech.status is not Status.RAN:
        return (), words("s_transcript_none", lang)
    spoken = sorted(_of_kind(speech, FindingKind.UTTERANCE), key=lambda finding: (finding.from_ms, finding.track))
    lines = tuple(
        Heard(moment(f.from_ms, f.to_ms), speaker(record.plan, f.track, lang), str(f.value.get("text", "")))
        for f in spoken[:TRANSCRIPT_LINES_MAX]
    )
    return lines, words("s_transcript_cut", lang) if len(spoken) > TRANSCRIPT_LINES_MAX else ""


def _cause(reason: str, lang: str) -> str:
    return code_word(reason, lang)


def _side(record: CaseRecord, side: str, lang: str) -> str:
    return words(f"side_{side}", lang) if side in ("source", "recorder") else speaker(record.plan, side, lang)


def _inspection(record: CaseRecord, inspector: Inspector) -> Inspection | None:
    return next((one for one in record.inspections if one.inspector is inspector), None)


def _of_kind(inspection: Inspection | None, kind: FindingKind, track: str = "") -> list[Finding]:
    """The findings of one kind, on one track if named."""
    found = inspection.findings if inspection else ()
    return [finding for finding in found if finding.kind is kind and track in ("", finding.track)]


def _measures(record: CaseRecord, lang: str) -> Iterator[tuple[str, str]]:
    cameras = [track.id for track in record.plan.tracks if track.kind == "video"] or ["picture"]
    for camera in cameras:
        whose = "" if len(cameras) == 1 else words("whose", lang, track=speaker(record.plan, camera, lang))
        yield words("faces", lang) + whose, _ran(record, Inspector.FACES, lang) or _faces(record, camera, lang)
        yield words("picture", lang) + whose, _ran(record, Inspector.PICTURE, lang) or _picture(record, camera, lang)
    for track in (track.id for track in record.plan.tracks if track.kind == "audio"):
        name = words("sound", lang, track=speaker(record.plan, track, lang))
        yield name, _ran(record, Inspector.SOUND, lang) or _sound(record, track, lang)
    yield words("sync", lang), _ran(record, Inspector.SYNC, lang) or _sync(record, lang)


def _ran(record: CaseRecord, inspector: Inspector, lang: str) -> str:
    """ "" when the inspector ran, else its status in words; where consent kept it from looking, that."""
    inspection = _inspection(record, inspector)
    status = inspection.status if inspection else Status.ABSENT
    if inspection is not None and inspection.reason in _WITHHELD:
        return words(inspection.reason, lang)
    return "" if status is Status.RAN else words(status.value, lang)


def _faces(record: CaseRecord, camera: str, lang: str) -> str:
    seconds = _of_kind(_inspection(record, Inspector.FACES), FindingKind.FACES, camera)
    demanded = [o.params for o in record.plan.obligations if o.kind == "require_presence" and o.params.get("track") == camera]
    needed = demanded[0].get("faces_min", 1) if demanded else 1
    enough = sum(int(finding.value.get("count", 0)) >= needed for finding in seconds)
    share = 1000 * enough // len(seconds) / 10 if seconds else 0
    return words("faces_value", lang, share=share, count=needed, seconds=len(seconds))


def _picture(record: CaseRecord, camera: str, lang: str) -> str:
    picture = _inspection(record, Inspector.PICTURE)
    counts = {kind.value: len(_of_kind(picture, kind, camera)) for kind in (FindingKind.BLACK, FindingKind.FROZEN)}
    return words("picture_value", lang, **counts)


def _sound(record: CaseRecord, track: str, lang: str) -> str:
    sound = _inspection(record, Inspector.SOUND)
    dead = sum(finding.track == track for finding in _of_kind(sound, FindingKind.DEAD))
    level = next((finding.value for finding in _of_kind(sound, FindingKind.LEVEL) if finding.track == track), None)
    if level is None:
        return words("sound_none", lang, dead=dead)
    speech, snr = _decibels(level.get("speech_cdb")), _decibels(level.get("snr_cdb"))
    return words("sound_value", lang, speech=speech, snr=snr, dead=dead)


def _sync(record: CaseRecord, lang: str) -> str:
    sync = _inspection(record, Inspector.SYNC)
    offsets = [int(finding.value.get("offset_ms", 0)) for finding in _of_kind(sync, FindingKind.OFFSET)]
    drifts = [int(finding.value.get("drift_ms", 0)) for finding in _of_kind(sync, FindingKind.DRIFT)]
    if not offsets:
        return words("sync_none", lang)
    is_reported = any(finding.value.get("method") == "sender_reports" for finding in _of_kind(sync, FindingKind.OFFSET))
    key = "sync_reported" if is_reported else "sync_value"
    return words(key, lang, marks=len(offsets), offset=max(offsets, key=abs), drift=max(drifts, key=abs, default=0))


def _decibels(hundredths: object) -> str:
    return f"{hundredths / 100:.1f}" if isinstance(hundredths, int) else "-"
