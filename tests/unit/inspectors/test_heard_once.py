"""The recogniser of whole sessions in tests: the same samples are recognised once, whatever differs is recognised anew."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.inspectors.engines import PitchRecognizer, speak
from tests.fakes.inspectors.heard_once import HeardOnce

SAID = speak("我同意")


def test_the_same_samples_are_recognised_once_with_the_same_answer(tmp_path: Path) -> None:
    real = PitchRecognizer()
    first = HeardOnce(real, tmp_path).recognize(SAID, "zh")
    assert HeardOnce(real, tmp_path).recognize(SAID.copy(), "zh") == first == PitchRecognizer().recognize(SAID, "zh")
    assert len(real.asked) == 1 and first.words


def test_one_other_sample_another_language_and_another_length_are_recognised_anew(tmp_path: Path) -> None:
    real = PitchRecognizer()
    using = HeardOnce(real, tmp_path)
    using.recognize(SAID, "zh")
    other = SAID.copy()
    other[100] += 1e-3
    for samples, lang in ((other, "zh"), (SAID, "en"), (SAID[:-1], "zh")):
        assert using.recognize(samples, lang) == PitchRecognizer().recognize(samples, lang)
    assert len(real.asked) == 4
