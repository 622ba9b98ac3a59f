"""Stretches to utterances: what is said is written down once, at its own time, however it was packed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from jianlu.core.terms.findings import Finding
from jianlu.process.inspectors.speech import HOLD_SAMPLES_MAX, UNIT_SAMPLES_MAX, SpeechTrack
from jianlu.process.inspectors.transcript import Transcriber
from jianlu.process.inspectors.voice import VoiceTrack
from jianlu.process.media.sound import BLOCK_SAMPLES, RATE_HZ, SoundBlock
from tests.fakes.inspectors.engines import LevelDetector, PitchRecognizer, speak


def session(seconds: int, spoken: Sequence[tuple[int, str]]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Sound of a room in which sentences are spoken at given ms."""
    sound = np.random.default_rng(3).normal(0, 1e-4, seconds * RATE_HZ).astype(np.float32)
    for at_ms, words in spoken:
        said = speak(words)
        sound[at_ms * 16 : at_ms * 16 + len(said)] += said
    return sound


def written(sound: np.ndarray[tuple[int], np.dtype[np.float32]], recognizer: PitchRecognizer) -> SpeechTrack:
    """The track after listening to all of `sound`."""
    detector = LevelDetector()
    voice = VoiceTrack(detector.listen(), detector.threshold)
    speech = SpeechTrack("agent", recognizer, Transcriber("zh"))
    for at in range(0, len(sound), BLOCK_SAMPLES):
        block = SoundBlock(at, sound[at : at + BLOCK_SAMPLES], ())
        voice.hear(block)
        speech.hear(block, voice.stretches, voice.open_since)
    voice.finish(len(sound))
    speech.finish(voice.stretches)
    return speech


def texts(findings: Sequence[Finding]) -> list[str]:
    return [finding.value["text"] for finding in findings]


SCATTERED = [(1000, "您好"), (9000, "我同意"), (20_000, "我不同意"), (33_000, "同意"), (34_500, "您好"), (58_000, "我同意您好")]


def test_every_sentence_is_written_down_once_and_in_order() -> None:
    speech = written(session(60, SCATTERED), PitchRecognizer())
    assert texts(speech.findings) == [words for _, words in SCATTERED]


def test_every_word_lies_where_it_was_spoken() -> None:
    speech = written(session(60, SCATTERED), PitchRecognizer())
    for (at_ms, words), finding in zip(SCATTERED, speech.findings, strict=True):
        assert abs(finding.from_ms - at_ms) <= 20
        assert abs(finding.to_ms - (at_ms + 250 * len(words))) <= 20
        for number, (_, start, end, score) in enumerate(finding.value["tokens"]):
            assert abs(start - (at_ms + 250 * number)) <= 20
            assert abs(end - (at_ms + 250 * (number + 1))) <= 20
            assert score == 950


def test_sentences_share_a_unit_so_that_the_recogniser_is_asked_seldom() -> None:
    recognizer = PitchRecognizer()
    written(session(60, SCATTERED), recognizer)
    assert len(recognizer.asked) == 1


def test_silence_is_never_sent_to_the_recogniser() -> None:
    recognizer = PitchRecognizer()
    assert written(session(30, []), recognizer).findings == []
    assert recognizer.asked == []


def test_no_unit_is_longer_than_the_recogniser_takes() -> None:
    recognizer = PitchRecognizer()
    long = [(at, "我同意您好" * 12) for at in range(1000, 100_000, 16_000)]
    speech = written(session(120, long), recognizer)
    assert texts(speech.findings) == [words for _, words in long]
    assert max(recognizer.asked) <= UNIT_SAMPLES_MAX


def test_somebody_who_never_pauses_is_written_down_whole() -> None:
    words = "您好我同意" * 48
    speech = written(session(70, [(2000, words)]), PitchRecognizer())
    heard = "".join(texts(speech.findings))
    assert len(speech.findings) > 1
    assert abs(len(heard) - len(words)) <= len(speech.findings)  # a cut may halve a word


def test_a_sentence_does_not_wait_longer_than_memory_allows() -> None:
    recognizer = PitchRecognizer()
    detector = LevelDetector()
    voice = VoiceTrack(detector.listen(), detector.threshold)
    speech = SpeechTrack("agent", recognizer, Transcriber("zh"))
    sound = session(HOLD_SAMPLES_MAX // RATE_HZ + 5, [(1000, "我同意")])
    for at in range(0, len(sound), BLOCK_SAMPLES):
        block = SoundBlock(at, sound[at : at + BLOCK_SAMPLES], ())
        voice.hear(block)
        speech.hear(block, voice.stretches, voice.open_since)
    assert texts(speech.findings) == ["我同意"]


def test_a_confusing_unit_is_taken_apart_and_heard_sentence_by_sentence() -> None:
    recognizer = PitchRecognizer(confused_above=3 * RATE_HZ)
    speech = written(session(60, SCATTERED), recognizer)
    assert texts(speech.findings) == [words for _, words in SCATTERED]
    assert speech.lost == []


def test_what_stays_confusing_is_lost_and_said_to_be_lost() -> None:
    speech = written(session(30, [(2000, "我同意"), (9000, "您好您好您好您好")]), PitchRecognizer(confused_above=2 * RATE_HZ))
    assert texts(speech.findings) == ["我同意"]
    ((start, end),) = speech.lost
    assert start <= 9 * RATE_HZ
    assert end >= 11 * RATE_HZ


@pytest.mark.parametrize("gap_ms", [350, 500, 700, 2000])
def test_neighbouring_sentences_share_no_sound(gap_ms: int) -> None:
    first_end = 1000 + 250 * 3
    speech = written(session(15, [(1000, "我同意"), (first_end + gap_ms, "您好")]), PitchRecognizer())
    assert "".join(texts(speech.findings)) == "我同意您好"
