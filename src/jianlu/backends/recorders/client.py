"""A recorder process of this machine as `capture.sessions.recorders.Recorders`: calls over its socket.

Starting waits for key frames and stopping for the last delivery, so those calls may take as long as the bounds here say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jianlu.capture.sessions.recorders import (
    STOP_PATIENCE_MS,
    RecordedTrack,
    RecorderChecks,
    RecorderMember,
    RecordingStarted,
    RecordingStatus,
    RecordingStopped,
    checks_from,
    status_from,
    track_fields,
)
from jianlu.runtime.breaker import Breaker
from jianlu.runtime.rpc import TIMEOUT_S, Answer, BlockingRpcClient

_START_S = 30.0
_STATUS_S = 3.0
"""Asked each second for every session: a recorder that hangs must not hold up the watch over the others."""

_STOP_S = 10.0
"""What a stop takes beside its patience: late packets, and a start that is under way."""


class RecorderClient:
    """`Recorders` over the socket at `path`."""

    def __init__(self, path: Path, *, patience_s: float = _STATUS_S) -> None:
        """Name the socket; it is connected when used. `patience_s` is for what is asked each second."""
        self._client = BlockingRpcClient(path)
        self._breaker = Breaker()
        self._patience_s = patience_s

    def member(self, case: str) -> RecorderMember:
        """As the port."""
        fields, public_key = self._ask("member", case)
        return RecorderMember(public_key, tuple(fields["secrets"]))

    def admit(self, case: str, wrapped: bytes) -> str:
        """As the port."""
        return str(self._call("admit", {"case": case}, wrapped)[0]["secret"])

    def preflight(self, case: str, tracks: Sequence[RecordedTrack], *, is_encrypted: bool = False) -> RecorderChecks:
        """As the port."""
        call = {"case": case, "tracks": track_fields(tracks), "is_encrypted": is_encrypted}
        return checks_from(self._call("preflight", call)[0])

    def start(
        self, case: str, tracks: Sequence[RecordedTrack], *, zero_us: int | None = None, is_encrypted: bool = False
    ) -> RecordingStarted:
        """As the port."""
        call = {"case": case, "tracks": track_fields(tracks), "zero_us": zero_us, "is_encrypted": is_encrypted}
        fields, _ = self._call("start", call, timeout_s=_START_S)
        return RecordingStarted(fields["zero_us"], tuple((track, kind, codec) for track, kind, codec in fields["tracks"]))

    def status(self, case: str) -> RecordingStatus:
        """As the port."""
        return status_from(self._ask("status", case)[0])

    def pause(self, case: str) -> None:
        """As the port."""
        self._ask("pause", case)

    def resume(self, case: str) -> None:
        """As the port."""
        self._ask("resume", case)

    def end(self, case: str, at_ms: int) -> int:
        """As the port."""
        return int(self._call("end", {"case": case, "at_ms": at_ms}, timeout_s=self._patience_s)[0]["end_ms"])

    def stop(self, case: str, reason: str, *, patience_ms: int = STOP_PATIENCE_MS) -> RecordingStopped:
        """As the port."""
        call = {"case": case, "reason": reason, "patience_ms": patience_ms}
        fields, _ = self._call("stop", call, timeout_s=patience_ms / 1000 + _STOP_S)
        return RecordingStopped(fields["segments"], fields["duration_ms"], fields["media_bytes"])

    def _ask(self, method: str, case: str) -> Answer:
        """What a recorder that is well answers at once."""
        return self._breaker.call(lambda: self._client.call(method, {"case": case}, timeout_s=self._patience_s))

    def _call(self, method: str, fields: Mapping[str, Any], blob: bytes = b"", *, timeout_s: float = TIMEOUT_S) -> Answer:
        return self._breaker.call(lambda: self._client.call(method, fields, blob, timeout_s=timeout_s), is_quick=False)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
