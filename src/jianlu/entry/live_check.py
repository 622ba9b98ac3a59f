"""One look at one step of a talk that goes on: the sealed segments of that step alone, heard and judged as after the call.

Also a glance at the newest picture of each camera. Nothing is written here: what is found goes to the web process, which owns the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jianlu.capture.sessions.checks import Demand, Look, demands_of
from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.script import Script, parse_script
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Finding, Inspector
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.entry.after_call import as_recorded
from jianlu.govern.script_texts import facts_in
from jianlu.judge.live_look import Stretch, look_at, sound_prompts
from jianlu.judge.live_prompts import Prompts
from jianlu.judge.live_turns import TAIL_MS, Attempt
from jianlu.process.inspectors.glance import glance
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.ports import InspectPorts
from jianlu.process.media.sound import Window
from jianlu.process.withheld import withheld_inspectors
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.playable import open_stretch
from jianlu.vault.ports import VaultPorts

KEYED_MS = 12_000
"""In so much of a recording there is a key frame: recorders have one made every ten seconds."""

LEAD_MS = 800
"""Somebody may begin to speak so much before the step is clicked on; word times are right to half a second."""


@dataclass(frozen=True, slots=True)
class CaseAtHand:
    """A case that is being recorded, as its reader knows it: log, plan by its recorded streams, script, demands by step."""

    log: CaseLog
    plan: Plan
    script: Script
    demands: Mapping[str, tuple[Demand, ...]]


def take_case(vault: VaultPorts, tenant: str, case: str) -> CaseAtHand:
    """The case from its sealed plan and script; NotFoundError when it has none, or no recording began."""
    log = open_case_log(vault, tenant_id(tenant), case_ref(case))
    if not any(event.type is EventType.RECORDING_STARTED for event in log.events):
        raise NotFoundError("nothing of this case is recorded yet")
    plan, script = parse_plan(log.open_object("plan")), parse_script(log.open_object("script"))
    return CaseAtHand(log, as_recorded(plan, log), script, {step.id: demands_of(plan, step) for step in script.steps})


def look_at_step(at_hand: CaseAtHand, attempt: Attempt, engines: InspectPorts) -> tuple[Look, Prompts]:
    """What the sealed segments of an attempt show of its step's demands, and what is wrong with the voices in it.

    NotFoundError when nothing of it is sealed yet. Raises what the vault raises for segments that do not open.
    """
    at_hand.log.read_on()
    until_ms = min(attempt.to_ms + TAIL_MS, attempt.sealed_ms) if attempt.is_done else attempt.sealed_ms
    origin_ms = max(0, attempt.from_ms - LEAD_MS)
    if until_ms <= origin_ms:
        raise NotFoundError("nothing of that attempt is sealed yet")
    sound = replace(at_hand.plan, tracks=tuple(track for track in at_hand.plan.tracks if track.kind == "audio"))
    inspections = inspect_case(
        lambda: open_stretch(at_hand.log, origin_ms, until_ms),
        sound,
        replace(engines, faces=None),
        window=Window(origin_ms, until_ms),
    )
    stretch = Stretch(origin_ms, until_ms - origin_ms, is_whole=attempt.is_sealed)
    found = look_at(at_hand.plan, at_hand.demands[attempt.step], inspections, stretch)
    look = Look(attempt.step, attempt.attempt, attempt.from_ms, until_ms, attempt.is_sealed, found)
    return look, sound_prompts(at_hand.plan, inspections)


def glance_at_pictures(
    at_hand: CaseAtHand, since_ms: int, to_ms: int, engines: InspectPorts, *, keys_only: bool
) -> list[Finding] | None:
    """The faces in the newest picture of each camera in [since_ms, to_ms); None when nobody looks: no engine, or no consent.

    With `keys_only` the newest key frame, which costs little and may be ten seconds old.
    """
    at_hand.log.read_on()
    if engines.faces is None or Inspector.FACES in withheld_inspectors(
        at_hand.log.events, at_hand.script, facts_in(at_hand.plan)
    ):
        return None
    found: list[Finding] = []
    for track in at_hand.plan.tracks:
        if track.kind == "video" and track.stream >= 0:
            try:
                with open_stretch(at_hand.log, max(0, to_ms - KEYED_MS), to_ms) as reader:
                    found += glance(reader, track, engines.faces, keys_only=keys_only, since_ms=since_ms)
            except InvalidError:
                continue  # no picture of that camera in these segments: the recorder's own alarm says so
    return found
