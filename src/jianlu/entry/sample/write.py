"""Writes the sample session to a folder: the recording, the case that it belongs to, and its script with time codes.

How picture and sound come about is in the modules beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT
from jianlu.entry.sample.schedule import Timeline
from jianlu.entry.sample.script import ASSETS, utterances

SCRIPT_HEAD = """\
# 示例双录话术：逐句编号、角色、原文、英文译文和在录像中的起止时间（毫秒）。
# The script of the sample session: each line with its id, role, words, English and place in the recording.
"""


def script_text(timeline: Timeline) -> str:
    """The script as TOML, in the order in which it is spoken."""
    known = utterances()
    parts = [SCRIPT_HEAD]
    for line in timeline.lines:
        said = known[line.id]
        words = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in (("text", said.text), ("en", said.en))]
        head = ["[[line]]", f'id = "{line.id}"', f'role = "{line.role}"']
        parts.append("\n".join([*head, *words, f"from_ms = {line.from_ms}", f"to_ms = {line.to_ms}", ""]))
    return "\n".join(parts)


def write_sample(directory: Path) -> Timeline:
    """Makes `directory` where needed and writes sale.mp4, case.toml and script.toml into it; returns the truth about the sale."""
    directory.mkdir(parents=True, exist_ok=True)
    timeline = assemble(DEFAULT, directory / "sale.mp4")
    (directory / "script.toml").write_text(script_text(timeline), encoding="utf-8")
    (directory / "case.toml").write_text((ASSETS / "case.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return timeline
