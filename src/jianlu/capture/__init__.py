"""Capture: a session becomes sealed segments, gaps and events of its case."""

from __future__ import annotations

from jianlu.capture.model import Progress, RecordedSegment, Recording, Track, TrackRole
from jianlu.capture.ports import CapturePorts, EvidenceLog
from jianlu.capture.uploads.capture_file import capture_file
from jianlu.capture.uploads.model import Probe, ProbedStream
from jianlu.capture.uploads.probe import probe

__all__ = [
    "CapturePorts",
    "EvidenceLog",
    "Probe",
    "ProbedStream",
    "Progress",
    "RecordedSegment",
    "Recording",
    "Track",
    "TrackRole",
    "capture_file",
    "probe",
]
