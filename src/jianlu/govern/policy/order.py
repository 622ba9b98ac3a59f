"""The order of a conversation: steps by stage and by what each presupposes, then everything that holds throughout. Pure.

Steps of different packs interleave; a step that no pack of the plan demands is dropped from `after` and `before`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import KINDS, Obligation
from jianlu.govern.policy.model import STAGES


@dataclass(frozen=True, slots=True)
class Staged:
    """An obligation and the stage of the conversation to which it belongs."""

    obligation: Obligation
    stage: str

    @property
    def step(self) -> str:
        """The step's code, or "" for what is no step."""
        return str(self.obligation.params.get("step", ""))


def ordered(staged: Sequence[Staged]) -> tuple[Obligation, ...]:
    """The obligations as a plan lists them: steps in the order in which they can happen, then the rest by kind.

    Among steps that may happen next the earlier stage comes first, then the order given. Raises InvalidError, naming the
    steps, when their order rules contradict each other.
    """
    pruned = [_pruned(entry, {other.step for other in staged if other.step}) for entry in staged]
    steps = [entry for entry in pruned if entry.step]
    rest = sorted((entry.obligation for entry in pruned if not entry.step), key=lambda obligation: KINDS.index(obligation.kind))
    return (*(entry.obligation for entry in _sorted_steps(steps)), *rest)


def _pruned(entry: Staged, steps: set[str]) -> Staged:
    params = dict(entry.obligation.params)
    for name in ("after", "before"):
        if name in params:
            params[name] = [step for step in params[name] if step in steps]
    return replace(entry, obligation=replace(entry.obligation, params=params))


def _sorted_steps(steps: Sequence[Staged]) -> list[Staged]:
    waits_for = _predecessors(steps)
    left = sorted(steps, key=lambda entry: STAGES.index(entry.stage))
    done: list[Staged] = []
    while left:
        finished = {entry.step for entry in done} - {entry.step for entry in left}
        ready = next((entry for entry in left if waits_for[entry.step] <= finished | {entry.step}), None)
        if ready is None:
            raise InvalidError(f"the order of these steps contradicts itself: {', '.join(sorted({e.step for e in left}))}")
        left.remove(ready)
        done.append(ready)
    return done


def _predecessors(steps: Sequence[Staged]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {entry.step: set() for entry in steps}
    for entry in steps:
        params = entry.obligation.params
        found[entry.step] |= set(params.get("after", ()))
        for later in params.get("before", ()):
            found[later].add(entry.step)
    for step, before in found.items():
        if step in before:
            raise InvalidError(f"the step {step} must come before or after itself")
    return found
