"""A sealed talk of eighty seconds for the playback page, most of it missing.

The customer is lost from the sixth second, everybody from the tenth; all are back at the seventieth. Recorded by the real recorder,
judged by the real rules, handed out as the interface does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import FileResponse, JSONResponse, Response

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.findings import findings_bytes
from jianlu.core.formats.plan import plan_bytes
from jianlu.core.formats.verdicts import verdicts_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.verdicts.clauses import judge
from jianlu.deliver.playback.manifest import playback_manifest
from jianlu.deliver.playback.media import open_init, open_segment
from jianlu.vault.case_log import CaseLog, open_case_log
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.console_pages import CASE, ROW, TablePages, app_of
from tests.fakes.conversation import Line, obligation, phrase, plan_of, said
from tests.fakes.eventually import eventually
from tests.fakes.playback.live_recording import feeds_of, record_live
from tests.fakes.vault.home import TENANT, memory_vault

SECONDS = 80
ALONE_S, LOST_S, BACK_S = 6, 10, 70
"""From when the customer is missing, from when everybody is, and from when all are back."""

_WORDS = ("保险不是存款", "请您确认是否清楚", "我清楚", "本产品的犹豫期是十五天", "身故保险金按合同给付")


@contextmanager
def handed_out(folder: Path) -> Iterator[str]:
    """The console over the sealed talk on loopback; yields its address."""
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        _seal(log, folder)
        pages = TablePages(rows=[{**ROW, "state": "sealed", "jobs": {"stage": "done", "done": 1, "due": 1, "error": ""}}])
        app = app_of(pages)
        _add_media(app, log, folder)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, name="sealed-talk")
        thread.start()
        try:
            eventually(lambda: server.started, "the pages are served")
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _seal(log: CaseLog, folder: Path) -> None:
    clips = {
        "agent": Clip("libvpx", "libopus", seconds=SECONDS, audio_tracks=1, dropped=(LOST_S, BACK_S), size=(320, 180)),
        "customer": Clip("libvpx", "libopus", seconds=SECONDS, audio_tracks=1, dropped=(ALONE_S, BACK_S), size=(320, 180)),
    }
    lines = [Line(("agent", "customer")[n % 2], _WORDS[n % len(_WORDS)], at_ms=n * 700) for n in range(110)]
    talk = said(*lines)
    points = {"step": "risk", "speaker": "agent", "after": [], "before": []}
    obligations = [
        obligation(f"clause-{n:02d}", "require_step", {**points, "points": ["known" if n % 3 else "unsaid"]}) for n in range(40)
    ]
    plan = plan_of(obligations, [phrase("known", _WORDS[0]), phrase("unsaid", "投资连结保险的收益具有不确定性")])
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {})
    record_live(log, feeds_of({seat: make_media(folder / f"{seat}.mkv", clip) for seat, clip in clips.items()}))
    log.append(EventType.STEP_COMPLETED, {"step": "risk", "no": 1, "attempt": 1, "from_ms": 1000, "to_ms": 72_000})
    written = canonical_bytes({"format": "jianlu/message/v1", "by": "customer", "text": "请再说一遍保费"})
    log.seal_and_append(EventType.MESSAGE_RECORDED, "message-1", written, {"by": "customer", "at_ms": 3000})
    inspections = talk.inspections(plan)
    for found in inspections:
        body = {"inspector": found.inspector.value, "engine": "x", "engine_version": "1", "model": "", "status": "ran"}
        log.seal_and_append(EventType.FINDINGS_RECORDED, f"findings-{found.inspector.value}", findings_bytes(found), body)
    clauses = judge(plan, log.events, inspections)
    log.seal_and_append(EventType.VERDICTS_JUDGED, "verdicts", verdicts_bytes(clauses), {"met": 1})


def _add_media(app: FastAPI, log: CaseLog, folder: Path) -> None:
    root = f"/api/v1/cases/{CASE}"
    package = folder / "sale-0001.jlp"
    package.write_bytes(b"PK what a package begins with")

    @app.get(f"{root}/playback")
    def manifest() -> Response:
        return JSONResponse(playback_manifest(log, address=f"{root}/playback"))

    @app.get(f"{root}/playback/{{role}}/init.mp4")
    def init(role: str) -> Response:
        clip = open_init(log, role)
        return Response(clip.content, media_type=clip.mime)

    @app.get(f"{root}/playback/{{role}}/{{no}}.m4s")
    def segment(role: str, no: int) -> Response:
        clip = open_segment(log, role, no)
        return Response(clip.content, media_type=clip.mime)

    @app.get(f"{root}/package")
    def whole() -> Response:
        return FileResponse(package, media_type="application/zip", filename="sale-0001.jlp")
