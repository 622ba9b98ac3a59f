"""One demand on "the picture" in a session where each person has a camera: one obligation per camera.

Packs say what the law says, that people are seen; how many cameras see them is the session's. Why a demand for two faces in one
picture becomes one face on each person's own: `specs/plan.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Track

PICTURE = "picture"
"""The track that packs name: the one camera, or every camera where each person has their own."""


def on_every_camera(params: Mapping[str, Any], tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """`params` once for each camera of `tracks`, in their order; once and unchanged where they name no picture or there is only one.

    Raises InvalidError when more people must be seen than there are cameras.
    """
    cameras = [track.id for track in tracks if track.kind == "video"]
    if params.get("track") != PICTURE or PICTURE in cameras or not cameras:
        return [dict(params)]
    alone = {"faces_min": 1} if "faces_min" in params else {}
    if params.get("faces_min", 1) > len(cameras):
        raise InvalidError(
            f"{params['faces_min']} people must be seen and the session has {len(cameras)} camera(s):"
            " state a camera for each in [[pictures]], or none where one picture shows everybody"
        )
    return [{**params, "track": camera, **alone} for camera in cameras]
