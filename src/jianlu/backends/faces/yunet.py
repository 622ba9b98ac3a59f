"""YuNet through OpenCV: finds faces in a picture. Nothing here measures or compares them.

Recognising a person is no part of it. Weights come from the model registry, checked by digest before they are loaded.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np

from jianlu.core.terms.findings import Engine
from jianlu.process.inspectors.ports import SeenFace
from jianlu.process.media.picture import Colour
from jianlu.process.models.registry import Model, read_model_file

MODEL_FILE = "face_detection_yunet.onnx"
NMS_THRESHOLD = 0.3
"""Overlap at which two boxes are one face: the value of the model's own sample code."""

BOXES_MAX = 500
SIDE_PIXELS_MIN = 320
SIDE_PIXELS_MAX = 400
"""Pictures are scaled into this range. Measured on the sample's footage: two faces, the smaller of 7 % of the frame's height,
are both found in every picture at 400 as at 640, at a third of the cost."""


class YuNetDetector:
    """The port FaceDetector."""

    def __init__(self, model: Model) -> None:
        """Ready with the registered weights, checked; raises as `read_model_file` does."""
        weights = np.frombuffer(read_model_file(model, MODEL_FILE), dtype=np.uint8)
        no_config = np.zeros(0, dtype=np.uint8)
        self._model = model
        self._lock = threading.Lock()
        self._size = (SIDE_PIXELS_MAX, SIDE_PIXELS_MAX)
        self._native = cv2.FaceDetectorYN.create(
            "onnx", weights, no_config, self._size, model.threshold / 1000, NMS_THRESHOLD, BOXES_MAX
        )

    @property
    def engine(self) -> Engine:
        return Engine("opencv-yunet", cv2.__version__, self._model.digest)

    @property
    def threshold(self) -> int:
        return self._model.threshold

    @property
    def side_range(self) -> tuple[int, int]:
        return SIDE_PIXELS_MIN, SIDE_PIXELS_MAX

    def detect(self, picture: Colour) -> tuple[SeenFace, ...]:
        size = (picture.shape[1], picture.shape[0])
        with self._lock:
            if size != self._size:
                self._native.setInputSize(size)
                self._size = size
            _, rows = self._native.detect(picture)
        found = [] if rows is None else [SeenFace(round(float(row[3])), min(1000, int(float(row[14]) * 1000))) for row in rows]
        return tuple(face for face in found if face.score >= self._model.threshold)
