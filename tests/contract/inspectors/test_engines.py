"""What every engine keeps to, the fakes as the real ones: the contracts of `process/inspectors/ports.py`.

Real engines run with their real weights, on sound and pictures that packages or the bundled sample bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from jianlu.backends.faces.yunet import YuNetDetector
from jianlu.backends.speech.whisper import WhisperRecognizer
from jianlu.backends.voice.silero import SileroDetector
from jianlu.core.terms.digests import is_digest
from jianlu.process.inspectors.ports import FaceDetector, Recognizer, VoiceDetector
from jianlu.process.media.picture import Colour, pictures
from jianlu.process.media.sound import RATE_HZ, WINDOW_SAMPLES, Samples
from jianlu.process.models.registry import find_model
from tests.conftest import ROOT
from tests.fakes.inspectors.engines import DiscDetector, LevelDetector, PitchRecognizer, speak

ASSETS = ROOT / "src" / "jianlu" / "entry" / "sample" / "assets"


def heard(path: Path) -> Samples:
    """A sound file at 16 kHz mono."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 1e-4, round(seconds * RATE_HZ)).astype(np.float32)


# ------------------------------------------------------------------------------------------------------------- voice


@dataclass(frozen=True)
class VoiceCase:
    detector: VoiceDetector
    spoken: Samples


@pytest.fixture(scope="module", params=["level", "silero"])
def voice(request: pytest.FixtureRequest) -> VoiceCase:
    if request.param == "level":
        return VoiceCase(LevelDetector(), speak("我不同意您好" * 3))
    return VoiceCase(SileroDetector(find_model("silero-vad")), heard(ASSETS / "voices" / "agent" / "a02.opus"))


def test_a_voice_detector_names_itself_its_weights_and_its_threshold(voice: VoiceCase) -> None:
    engine = voice.detector.engine
    assert engine.name
    assert engine.version
    assert is_digest(engine.model_digest)
    assert 0 < voice.detector.threshold < 1000


def test_speech_scores_above_the_threshold_and_a_quiet_room_below(voice: VoiceCase) -> None:
    spoken = np.array(voice.detector.listen().score(voice.spoken))
    silent = np.array(voice.detector.listen().score(quiet(3)))
    assert (spoken >= voice.detector.threshold).mean() > 0.6
    assert (silent >= voice.detector.threshold).mean() < 0.02


def test_there_is_a_score_for_every_window_and_for_the_last_part_of_one(voice: VoiceCase) -> None:
    stream = voice.detector.listen()
    assert len(stream.score(quiet(1)[: 3 * WINDOW_SAMPLES])) == 3
    assert len(stream.score(quiet(1)[: 3 * WINDOW_SAMPLES + 1])) == 4
    assert stream.score(quiet(0)) == []


def test_scores_do_not_depend_on_how_the_sound_is_cut_into_calls(voice: VoiceCase) -> None:
    whole = voice.detector.listen().score(voice.spoken)
    stream = voice.detector.listen()
    step = 5 * WINDOW_SAMPLES
    pieces = [score for at in range(0, len(voice.spoken), step) for score in stream.score(voice.spoken[at : at + step])]
    assert pieces == whole


def test_streams_do_not_disturb_each_other(voice: VoiceCase) -> None:
    alone = voice.detector.listen().score(voice.spoken)
    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(lambda _: voice.detector.listen().score(voice.spoken), range(2)))
    assert beside == [alone, alone]


# ------------------------------------------------------------------------------------------------------------ speech


@dataclass(frozen=True)
class SpeechCase:
    recognizer: Recognizer
    spoken: Samples
    words: str


@pytest.fixture(scope="module", params=["pitch", pytest.param("whisper", marks=pytest.mark.slow)])
def speech(request: pytest.FixtureRequest) -> Iterator[SpeechCase]:
    if request.param == "pitch":
        yield SpeechCase(PitchRecognizer(), np.concatenate([quiet(0.5), speak("我同意"), quiet(0.5)]), "同意")
    else:
        recognizer = WhisperRecognizer(find_model("whisper-base"))
        yield SpeechCase(recognizer, heard(ASSETS / "voices" / "agent" / "a02.opus"), "同意")


def test_a_recogniser_names_itself_its_weights_and_its_languages(speech: SpeechCase) -> None:
    assert is_digest(speech.recognizer.engine.model_digest)
    assert "zh" in speech.recognizer.languages
    assert 0 < speech.recognizer.threshold < 1000


def test_what_was_said_is_written_down_in_time_order_inside_the_sound(speech: SpeechCase) -> None:
    hearing = speech.recognizer.recognize(speech.spoken, "zh")
    text = "".join(word.text for word in hearing.words)
    assert hearing.is_sound
    assert speech.words in text
    length_ms = len(speech.spoken) * 1000 // RATE_HZ
    assert all(0 <= word.from_ms <= word.to_ms <= length_ms for word in hearing.words)
    assert [word.from_ms for word in hearing.words] == sorted(word.from_ms for word in hearing.words)
    assert all(0 <= word.score <= 1000 for word in hearing.words)


def test_the_same_sound_gives_the_same_words(speech: SpeechCase) -> None:
    first = speech.recognizer.recognize(speech.spoken, "zh")
    assert speech.recognizer.recognize(speech.spoken, "zh") == first


def test_a_recogniser_may_be_asked_from_several_threads(speech: SpeechCase) -> None:
    alone = speech.recognizer.recognize(speech.spoken, "zh")
    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(lambda _: speech.recognizer.recognize(speech.spoken, "zh"), range(2)))
    assert beside == [alone, alone]


# ------------------------------------------------------------------------------------------------------------- faces


@dataclass(frozen=True)
class FaceCase:
    detector: FaceDetector
    shown: Callable[[], Colour]
    count: int


def footage() -> Colour:
    """A frame of the sample's real footage: two people side by side."""
    with (ASSETS / "faces.mp4").open("rb") as reader:
        return next(iter(pictures(reader, 0))).colour(320, 640)


def disc() -> Colour:
    picture = np.full((180, 320, 3), 90, np.uint8)
    cv2.circle(picture, (160, 90), 40, (180, 180, 180), -1)
    return picture


@pytest.fixture(scope="module", params=["disc", "yunet"])
def faces(request: pytest.FixtureRequest) -> FaceCase:
    if request.param == "disc":
        return FaceCase(DiscDetector(), disc, 1)
    return FaceCase(YuNetDetector(find_model("yunet")), footage, 2)


def test_a_face_detector_names_itself_and_its_weights(faces: FaceCase) -> None:
    assert is_digest(faces.detector.engine.model_digest)
    assert 0 < faces.detector.threshold < 1000
    shortest, longest = faces.detector.side_range
    assert 0 < shortest <= longest


def test_faces_are_counted_with_height_and_score(faces: FaceCase) -> None:
    picture = faces.shown()
    found = faces.detector.detect(picture)
    assert len(found) == faces.count
    assert all(face.score >= faces.detector.threshold for face in found)
    assert all(0.1 * picture.shape[0] < face.height < picture.shape[0] for face in found)


def test_pictures_may_come_from_several_threads(faces: FaceCase) -> None:
    picture = faces.shown()
    small = np.asarray(cv2.resize(picture, (320, 180)), dtype=np.uint8)
    with ThreadPoolExecutor(2) as pool:
        counts = [len(found) for found in pool.map(faces.detector.detect, [picture, small] * 4)]
    assert counts == [faces.count] * 8


def test_a_picture_without_faces_has_none(faces: FaceCase) -> None:
    assert faces.detector.detect(np.full((180, 320, 3), 90, np.uint8)) == ()
    assert faces.detector.detect(np.zeros((180, 320, 3), np.uint8)) == ()


def test_pictures_may_change_their_size_from_one_to_the_next(faces: FaceCase) -> None:
    picture = faces.shown()
    small = np.asarray(cv2.resize(picture, (320, 180)), dtype=np.uint8)
    counts = [len(faces.detector.detect(shown)) for shown in (picture, small, picture)]
    assert counts == [faces.count] * 3
