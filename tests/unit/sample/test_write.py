"""The files that `jianlu sample` writes beside the recording, and the assets that it is made from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from jianlu.entry.sample.recipe import DEFAULT
from jianlu.entry.sample.schedule import schedule
from jianlu.entry.sample.script import ASSETS, utterances
from jianlu.entry.sample.sound import clip
from jianlu.entry.sample.write import script_text
from tests.unit.sample.measure import level_db

ASSETS_BYTES_MAX = 3 * 2**20
OTHER_VOICES = {"agent": "agent_other", "customer": "customer_other"}
CLIPS = sorted((path.parent.name, path.stem) for path in (ASSETS / "voices").glob("*/*.opus"))


def test_the_written_script_names_every_line_with_its_place() -> None:
    timeline = schedule(DEFAULT)
    lines = tomllib.loads(script_text(timeline))["line"]
    assert [(line["id"], line["from_ms"], line["to_ms"]) for line in lines] == [
        (p.id, p.from_ms, p.to_ms) for p in timeline.lines
    ]
    assert all(line["text"] == utterances()[line["id"]].text for line in lines)


def test_the_case_names_the_tracks_in_the_order_of_the_recording() -> None:
    case = tomllib.loads((ASSETS / "case.toml").read_text(encoding="utf-8"))
    assert [(track["audio"], track["role"]) for track in case["tracks"]] == [(0, "agent"), (1, "customer")]


def test_every_utterance_has_a_clip_in_the_voice_of_its_role() -> None:
    missing = [said.id for said in utterances().values() if (said.role, said.id) not in CLIPS]
    assert not missing


def test_the_whole_sale_has_clips_in_other_voices() -> None:
    missing = [line for line in DEFAULT.in_voices(OTHER_VOICES).lines if (line.voice, line.utterance) not in CLIPS]
    assert not missing


def test_the_assets_stay_small() -> None:
    assert sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()) < ASSETS_BYTES_MAX


@pytest.mark.parametrize(("voice", "utterance"), CLIPS, ids=str)
def test_a_clip_is_loud_enough_unclipped_and_quiet_at_its_edges(voice: str, utterance: str) -> None:
    samples = clip(voice, utterance)
    assert -27 < level_db(samples) < -16
    assert float(np.abs(samples).max()) < 0.95
    assert level_db(samples[:480]) < -45
    assert level_db(samples[-480:]) < -45


def test_no_asset_comes_without_its_origin() -> None:
    origins = (Path(__file__).parents[2] / "samples" / "README.md").read_text(encoding="utf-8")
    unnamed = [path.name for path in ASSETS.iterdir() if path.name not in origins]
    unnamed += [folder.name for folder in (ASSETS / "voices").iterdir() if f"`{folder.name}`" not in origins]
    assert not unnamed
