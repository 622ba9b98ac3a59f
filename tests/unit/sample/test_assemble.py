"""What an assembled file holds when it is decoded again: tracks, sync, faults exactly where the recipe put them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import Encoding, Mute, Recipe, Span, agent, customer
from jianlu.entry.sample.schedule import Timeline
from tests.unit.sample.measure import flashes_ms, level_db, lumas, part, sound, tone_starts_ms

SHORT = Recipe(lines=(agent("a13"), customer("c13")), marks_every_ms=2_000)
SYNC_MS_MAX = 15


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Timeline]:
    path = tmp_path_factory.mktemp("sample") / "short.mp4"
    return path, assemble(SHORT, path)


def assemble_in(folder: Path, recipe: Recipe) -> tuple[Path, Timeline]:
    path = folder / f"session.{recipe.encoding.container}"
    return path, assemble(recipe, path)


def test_the_file_has_one_picture_and_a_named_track_per_role(short: tuple[Path, Timeline]) -> None:
    with av.open(str(short[0])) as film:
        (video,) = film.streams.video
        assert (video.codec_context.name, video.width, video.height) == ("h264", 640, 360)
        assert [audio.codec_context.name for audio in film.streams.audio] == ["aac", "aac"]
        assert film.duration is not None
        assert abs(film.duration / 1_000 - short[1].duration_ms) < 40


def test_each_voice_is_on_its_own_track_only(short: tuple[Path, Timeline]) -> None:
    path, timeline = short
    tracks = {"agent": sound(path, 0), "customer": sound(path, 1)}
    for line in timeline.lines:
        for role, samples in tracks.items():
            heard = level_db(part(samples, line.from_ms, line.to_ms))
            assert (heard > -30) if role == line.role else (heard < -60)


def test_flash_and_tone_come_at_the_same_instant_on_every_track(short: tuple[Path, Timeline]) -> None:
    path, timeline = short
    assert flashes_ms(path) == list(timeline.marks_ms)
    for track in (0, 1):
        tones = tone_starts_ms(sound(path, track))
        assert len(tones) == len(timeline.marks_ms)
        assert max(abs(tone - mark) for tone, mark in zip(tones, timeline.marks_ms, strict=True)) < SYNC_MS_MAX


def test_the_picture_never_stands_still(short: tuple[Path, Timeline]) -> None:
    planes = [luma.astype(np.int16) for _, luma in lumas(short[0])]
    changes = [float(np.abs(later - earlier).mean()) for earlier, later in itertools.pairwise(planes)]
    assert min(float(np.mean(changes[at : at + 25])) for at in range(len(changes) - 25)) > 0.3


def test_the_same_recipe_gives_the_same_bytes(short: tuple[Path, Timeline], tmp_path: Path) -> None:
    assert assemble_in(tmp_path, SHORT)[0].read_bytes() == short[0].read_bytes()


def test_a_shift_makes_the_sound_later_than_the_picture(tmp_path: Path) -> None:
    path, timeline = assemble_in(tmp_path, replace(SHORT, audio_shift_ms=300))
    assert flashes_ms(path) == list(timeline.marks_ms)
    tones = tone_starts_ms(sound(path, 1))
    late = [tone - mark for tone, mark in zip(tones, timeline.marks_ms, strict=True)]
    assert max(abs(by - 300) for by in late) < SYNC_MS_MAX
    line = timeline.line("c13")
    assert level_db(part(sound(path, 1), line.from_ms, line.to_ms)) > -30


def test_a_mute_is_digital_silence_on_one_track(tmp_path: Path) -> None:
    span = Span(1_000, 3_000)
    path, _ = assemble_in(tmp_path, replace(SHORT, mutes=(Mute("agent", span),)))
    assert level_db(part(sound(path, 0), 1_100, 2_900)) < -100
    assert -80 < level_db(part(sound(path, 1), 1_100, 2_900)) < -60


def test_black_and_freeze_are_where_the_recipe_puts_them(tmp_path: Path) -> None:
    path, _ = assemble_in(tmp_path, replace(SHORT, black=Span(1_000, 2_000), freeze=Span(3_000, 4_000)))
    seen = lumas(path)
    assert [at_ms for at_ms, luma in seen if luma.mean() < 20] == [float(at) for at in range(1_000, 2_000, 40)]
    frozen = [luma for at_ms, luma in seen if 3_040 <= at_ms < 4_000]
    steps = [np.abs(b.astype(np.int16) - a.astype(np.int16)).mean() for a, b in itertools.pairwise(frozen)]
    assert float(np.mean(steps)) < 0.3


def test_street_noise_lies_under_both_tracks_at_its_level(tmp_path: Path) -> None:
    path, timeline = assemble_in(tmp_path, replace(SHORT, noise_db=-35.0))
    for track in (0, 1):
        quiet = part(sound(path, track), 800, 1_400)
        assert -45 < level_db(quiet) < -25
    line = timeline.line("a13")
    assert level_db(part(sound(path, 0), line.from_ms, line.to_ms)) > -28


@pytest.mark.parametrize(
    "encoding",
    [
        Encoding("mov", "h264", "aac"),
        Encoding("mkv", "hevc", "opus"),
        Encoding("webm", "vp8", "opus"),
        Encoding("webm", "vp9", "opus"),
        Encoding("mp4", "av1", "opus"),
        Encoding("mp4", "h264", "aac", remuxed=True),
        Encoding("mkv", "h264", "aac", remuxed=True),
    ],
    ids=lambda encoding: "-".join(map(str, vars(encoding).values())),
)
def test_every_container_and_codec_keeps_sound_and_picture_together(tmp_path: Path, encoding: Encoding) -> None:
    recipe = replace(SHORT, lines=(customer("c13"),), encoding=encoding)
    path, timeline = assemble_in(tmp_path, recipe)
    flashes = flashes_ms(path)
    tones = tone_starts_ms(sound(path, 1))
    assert len(flashes) == len(tones) == len(timeline.marks_ms)
    assert max(abs(tone - flash) for tone, flash in zip(tones, flashes, strict=True)) < SYNC_MS_MAX
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
