"""A partner's program: it has an API key, the client package and nothing else of ours, and leads a case to its verified package.

Two participants of one case: the agent's side calls with the key, the customer's joins by invitation. Media is a file that aiortc sends
by WHIP to the addresses that the API gave out.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from jianlu_client import models
from jianlu_client.client import Client
from jianlu_client.problems import Denied
from jianlu_client.signalling import Signalled

T = TypeVar("T")
DEVICES = models.Preflight(checks={"camera": "ok", "microphone": "ok", "speaker": "skipped", "network": "skipped"})
_LOOKS_A_SECOND = 5
_PAUSE = threading.Event()


class Continuous(MediaStreamTrack):
    """A track of a file that begins again at its end, with a clock that goes on: one that jumps back is another recording to a recorder."""

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = source.kind
        self._source = source
        self._last = self._step = self._offset = 0

    async def recv(self) -> Any:
        """The next frame, its time moved on."""
        frame: Any = await self._source.recv()
        moved = int(frame.pts) + self._offset
        if moved <= self._last and self._step:
            self._offset += self._last + self._step - moved
            moved = self._last + self._step
        self._step, self._last = moved - self._last or self._step, moved
        frame.pts = moved
        return frame


class FileSender:
    """Sends a media file over and over by WHIP, from a loop of its own."""

    def __init__(self, media: Path) -> None:
        self._media = media
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: RTCPeerConnection | None = None
        self._read: list[MediaStreamTrack] = []

    def publish(self, signal: Callable[[str], Signalled]) -> None:
        """Send to where `signal` takes the offer: a WHIP address that was given out, or the caller's own feed."""
        self._run(self._answered(signal(self._run(self._offer())).sdp))

    def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            self._run(self._connection.close())
        for track in self._read:
            track.stop()  # ends the thread that reads the file, which would go on putting frames into a loop that is gone
        self._run(_drained())  # what that thread handed over last is taken, or a later test is told that it never was
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    async def _offer(self) -> str:
        made = self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        player = MediaPlayer(str(self._media), loop=True)
        self._read = [each for each in (player.audio, player.video) if each is not None]
        for track in self._read:
            sender = made.addTrack(Continuous(track))
            transceiver = next(each for each in made.getTransceivers() if each.sender is sender)
            transceiver.direction = "sendonly"
            if track.kind == "video":
                codecs = RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([each for each in codecs if each.name.lower() in ("vp8", "rtx")])
        await made.setLocalDescription(await made.createOffer())
        return str(made.localDescription.sdp)

    async def _answered(self, answer: str) -> None:
        assert self._connection is not None
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


async def _drained() -> None:
    """Every task that the loop has been given has run to its end."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=10)
        for late in others:
            late.cancel()


@dataclass
class Partner:
    """The agent's side with its key, the customer's without; `media` is what both send."""

    agent: Client
    customer: Client
    media: Path
    case: str = ""
    senders: list[FileSender] = field(default_factory=list)

    def prepare(self, request: models.NewCase) -> None:
        """Make the case, sit down, invite, join, test devices, send media, agree at the door."""
        self.case = self.agent.make_case(request).case
        self.agent.take_seat(self.case, models.InvitationFor(seat="agent"))
        invitation = self.agent.invite(self.case, models.InvitationFor(seat="customer"))
        assert self.customer.join(models.Joining(token=invitation.token)).seat == "customer"
        for caller in (self.agent, self.customer):
            caller.preflight(self.case, DEVICES)
            self.senders.append(FileSender(self.media))
        whip = self.agent.make_endpoint(self.case, models.EndpointFor(kind="whip", feed="agent"))
        address = whip.url.rpartition("/")[2]
        self.senders[0].publish(lambda offer: self.agent.whip(address, offer, bearer=whip.bearer))
        self.senders[1].publish(lambda offer: self.customer.publish(self.case, "customer", offer))
        for asked in self.agent.session(self.case).consents:
            if asked.moment == "door" and asked.by == "customer":
                self.customer.consent(self.case, models.ConsentDecision(purpose=asked.purpose, decision="given"))

    def hold(self) -> None:
        """Start, carry out every step of the script, end."""
        self.agent.start(self.case)
        view = self.until(lambda view: view.state == "live", "the session is live")
        for step in [each.id for each in view.steps if each.state != "done"]:
            self._do(step)
        self.agent.end(self.case)

    def _do(self, step: str) -> None:
        found = next(each for each in self.agent.start_step(self.case, step).steps if each.id == step)
        for document in found.documents:
            self.agent.show_document(self.case, step, models.DocumentShown(document=document.id))
            self.until(partial(_is_long_enough, step, document.id), "a document is shown long enough")
        for asked in found.answers:
            option = next(each.id for each in asked.options if each.effect == "go_on")
            self.customer.answer(self.case, step, models.AnswerGiven(question=asked.id, answer=option))
        for purpose in found.consents:
            self.customer.consent(self.case, models.ConsentDecision(purpose=purpose, decision="given"))
        for wanted in found.attestations:
            self.agent.attest(self.case, models.Attestation(clause=wanted.clause, statement=wanted.what["zh"]))
        self.until(lambda view: any(each.id == step and each.can_complete for each in view.steps), f"{step} can be completed")
        self.agent.complete_step(self.case, step)

    def await_result(self) -> models.Result:
        """The verdicts, once it is judged and packaged."""
        for _ in range(400 * _LOOKS_A_SECOND):
            progress = self.agent.progress(self.case)
            assert progress.jobs.stage != "failed", progress
            if progress.result is not None:
                return progress.result
            _PAUSE.wait(1 / _LOOKS_A_SECOND)
        raise AssertionError(f"no package: {progress}")

    def ask_for_export(self) -> bool:
        """Whether the package can be had at once; else a second person was asked, as the denial says."""
        try:
            self.agent.package(self.case)
        except Denied:
            self.agent.make_request(
                models.NewRequest(
                    kind="approval",
                    action="package.export",
                    case=self.case,
                    reason="kept in our own archive",
                    place="CN",
                    recipient="own",
                )
            )
            return False
        return True

    def until(self, is_so: Callable[[models.SessionView], bool], what: str) -> models.SessionView:
        """The first view of which that is so."""
        for _ in range(240 * _LOOKS_A_SECOND):
            if is_so(view := self.agent.session(self.case)):
                return view
            _PAUSE.wait(1 / _LOOKS_A_SECOND)
        raise AssertionError(f"{what}: {view.state}, {view.health}, {view.gates}")

    def close(self) -> None:
        """Say goodbye everywhere."""
        for sender in self.senders:
            sender.close()
        self.agent.disconnect()
        self.customer.disconnect()


def _is_long_enough(step: str, document: str, view: models.SessionView) -> bool:
    found = next(each for each in view.steps if each.id == step)
    return not any(block.code == "document" and block.about == document for block in found.blocked_by)
