"""The plans on which scripts are tried are those that cases would have, though no document is made of them."""

from __future__ import annotations

from datetime import date

from jianlu.capture.cases.kinds_of_case import plans_of
from jianlu.capture.cases.rules import load_rules
from jianlu.capture.cases.scenes import load_scenes, scenes_directory
from jianlu.core.formats.plan import settled_plan
from jianlu.govern.policy.load_packs import packs_directory

ON = date(2026, 11, 27)


def test_a_plan_that_a_script_is_tried_on_is_what_its_document_would_say() -> None:
    rules, tried = load_rules(packs_directory()), 0
    for scene in load_scenes(scenes_directory()).values():
        for _, plan in plans_of(scene, rules, ON):
            assert settled_plan(plan) == plan, scene.id
            tried += 1
    assert tried > 100
