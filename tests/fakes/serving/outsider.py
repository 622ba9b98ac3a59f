"""A third party's program: it knows the service by its published description alone and leads a case from sign-in to the package.

It imports nothing of ours. Every answer is held to the description: its status must be listed, its JSON must fit the schema. Media is
sent by WHIP with aiortc, as any WebRTC stack would.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from tests.fakes.moving_picture import Picture

T = TypeVar("T")
DEVICES = {"checks": {"camera": "ok", "microphone": "ok", "speaker": "skipped", "network": "skipped"}}
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_LOOKS_A_SECOND = 5
_PAUSE = threading.Event()


class Described:
    """The published description: operations by their ids, and schemas to hold answers to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }

    def responses(self, operation: str) -> dict[str, Any]:
        """The listed answers by status, references followed."""
        listed = self.operations[operation][2]["responses"]
        return {status: self._followed(answer) for status, answer in listed.items()}

    def misfit(self, value: Any, schema: Mapping[str, Any], where: str = "$") -> str:
        """Where and how `value` does not fit; "" when it does. The part of JSON Schema that the description uses."""
        schema = self._followed(schema)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            tries = [self.misfit(value, each, where) for each in options]
            return "" if "" in tries else tries[0]
        kind = schema.get("type")
        if kind and (not isinstance(value, _KINDS[kind]) or (kind == "integer" and isinstance(value, bool))):
            return f"{where} is no {kind}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{where} is none of {schema['enum']}"
        if "const" in schema and value != schema["const"]:
            return f"{where} is not {schema['const']}"
        if kind == "array":
            parts = [self.misfit(each, schema.get("items", {}), f"{where}[{at}]") for at, each in enumerate(value)]
            return next((part for part in parts if part), "")
        return self._misfit_of_object(value, schema, where) if kind == "object" else ""

    def _misfit_of_object(self, value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> str:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        if missing := set(schema.get("required", ())) - set(value):
            return f"{where} lacks {sorted(missing)}"
        for name, each in value.items():
            if name not in known and others is False:
                return f"{where} has {name}, which nobody described"
            wanted = known.get(name, others if isinstance(others, dict) else {})
            if found := self.misfit(each, wanted, f"{where}.{name}"):
                return found
        return ""

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self._document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                found = found[key]
            schema = found
        return schema


class Caller:
    """One client with cookies of its own."""

    def __init__(self, url: str, authority: Path, described: Described) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        self._client = httpx.Client(base_url=url, verify=context, timeout=60)
        self.described = described

    def ask(
        self, operation: str, body: Any = None, *, text: str = "", headers: Mapping[str, str] | None = None, **path: Any
    ) -> httpx.Response:
        """Call an operation by its id; the answer is checked against the description."""
        method, template, described = self.described.operations[operation]
        address = re.sub(r"\{(\w+)\}", lambda name: str(path[name.group(1)]), template)
        sent = {each["name"]: "1" for each in described.get("parameters", ()) if each["in"] == "header" and each.get("required")}
        media = list(described.get("requestBody", {}).get("content", {}))
        if text:
            sent["Content-Type"] = media[0]
        content = {"content": text} if text else {} if body is None else {"json": body}
        answer = self._client.request(method, address, headers={**sent, **(headers or {})}, **content)
        listed = self.described.responses(operation)
        assert str(answer.status_code) in listed, (
            f"{operation} answers {answer.status_code}, which nobody described: {answer.text[:300]}"
        )
        found = listed[str(answer.status_code)].get("content", {})
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind in found and kind.endswith("json"):
            misfit = self.described.misfit(answer.json(), found[kind].get("schema", {}))
            assert not misfit, f"{operation}: {misfit}"
        return answer

    def call(self, operation: str, body: Any = None, **more: Any) -> Any:
        """The JSON of a success; None where there is none."""
        answer = self.ask(operation, body, **more)
        assert answer.is_success, f"{operation}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None

    def close(self) -> None:
        self._client.close()


class Sender:
    """Sends a camera's and a microphone's stand-in by WHIP, from a loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: RTCPeerConnection | None = None

    def publish(self, caller: Caller, case: str, feed: str) -> None:
        """Send the feed; in the place of an earlier connection, if there was one."""
        self.stop()
        offer = self._run(self._offer())
        answer = caller.ask("publish", text=offer, case=case, feed=feed)
        assert answer.status_code == 201, answer.text
        self._run(self._answered(answer.text))

    def stop(self) -> None:
        """Say goodbye and send no more."""
        if self._connection is not None:
            self._run(self._connection.close())
            self._connection = None

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    async def _offer(self) -> str:
        made = self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for track in (AudioStreamTrack(), Picture()):
            sender = made.addTrack(track)
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


@dataclass
class Call:
    """A case that the third party leads: the agent's and the customer's programs, and a second person's for what takes two."""

    agent: Caller
    customer: Caller
    second: Caller
    case: str = ""
    senders: dict[str, Sender] = field(default_factory=dict)
    password: str = ""

    def prepare(self, name: str, password: str, request: Mapping[str, Any]) -> None:
        """Sign in, make the case, sit down, invite, join, test devices, send media, agree at the door."""
        self.agent.call("sign_in", {"name": name, "password": password})
        self.password = password
        self.case = self.agent.call("make_case", request)["case"]
        self.agent.call("take_seat", {"seat": "agent"}, case=self.case)
        invitation = self.agent.call("invite", {"seat": "customer"}, case=self.case)
        assert self.customer.call("join", {"token": invitation["token"]}) == {"case": self.case, "seat": "customer"}
        for seat, caller in (("agent", self.agent), ("customer", self.customer)):
            caller.call("preflight", DEVICES, case=self.case)
            self.senders[seat] = Sender()
            self.senders[seat].publish(caller, self.case, seat)
        for asked in self.view()["consents"]:
            if asked["moment"] == "door" and asked["by"] == "customer":
                self.customer.call("consent", {"purpose": asked["purpose"], "decision": "given"}, case=self.case)

    def start(self) -> None:
        """Start once, as the description says; then wait until people see each other."""
        self.agent.call("start", case=self.case)
        self.until(lambda view: view["state"] == "live", "the session is live")

    def view(self) -> dict[str, Any]:
        """The session as the agent sees it."""
        found: dict[str, Any] = self.agent.call("session", case=self.case)
        return found

    def until(self, is_so: Callable[[dict[str, Any]], bool], what: str, *, patience_s: float = 240) -> dict[str, Any]:
        """The first view of which that is so."""
        for _ in range(int(patience_s * _LOOKS_A_SECOND)):
            if is_so(view := self.view()):
                return view
            _PAUSE.wait(1 / _LOOKS_A_SECOND)
        raise AssertionError(f"{what}: not in {patience_s} s; {view['state']}, {view['health']}, {view['gates']}")

    def do_step(self, step: str) -> None:
        """One step of the script as it stands in the view."""
        view = self.agent.call("start_step", case=self.case, step=step)
        found = next(each for each in view["steps"] if each["id"] == step)
        for document in found["documents"]:
            self.agent.call("show_document", {"document": document["id"]}, case=self.case, step=step)
            self.until(partial(_is_long_enough, step, document["id"]), "a document is shown long enough")
        for asked in found["answers"]:
            option = next(each["id"] for each in asked["options"] if each["effect"] == "go_on")
            self.customer.call("answer", {"question": asked["id"], "answer": option}, case=self.case, step=step)
        for purpose in found["consents"]:
            self.customer.call("consent", {"purpose": purpose, "decision": "given"}, case=self.case)
        for wanted in found["attestations"]:
            self.agent.call("attest", {"clause": wanted["clause"], "statement": wanted["what"]["zh"]}, case=self.case)
        self.until(lambda view: _can_complete(view, step), f"{step} can be completed")
        self.agent.call("complete_step", case=self.case, step=step)

    def do_all(self) -> None:
        """Every step that is left."""
        for step in [each["id"] for each in self.view()["steps"] if each["state"] != "done"]:
            self.do_step(step)

    def await_package(self, *, patience_s: float = 400) -> bytes:
        """What came out of it, once it is judged and packaged."""
        for _ in range(int(patience_s * _LOOKS_A_SECOND)):
            progress = self.agent.call("progress", case=self.case)
            assert progress["jobs"]["stage"] != "failed", progress
            if progress["result"] is not None:
                return self.exported()
            _PAUSE.wait(1 / _LOOKS_A_SECOND)
        raise AssertionError(f"no package in {patience_s} s: {progress}")

    def exported(self) -> bytes:
        """The package, for which the agent asks and a second person approves, both proving anew who they are: the talk was long."""
        for each in (self.agent, self.second):
            each.call("step_up", {"password": self.password})
        wanted = {"kind": "approval", "action": "package.export", "case": self.case, "reason": "the customer asks for their copy"}
        wanted |= {"place": "CN", "recipient": "subject"}
        made = self.agent.call("make_request", wanted)
        self.second.call("approve_request", request_id=made["request"])
        answer = self.agent.ask("package", case=self.case)
        assert answer.is_success, answer.text
        return answer.content

    def close(self) -> None:
        for sender in self.senders.values():
            sender.close()
        for caller in (self.agent, self.customer, self.second):
            caller.close()


def _can_complete(view: Mapping[str, Any], step: str) -> bool:
    return any(each["id"] == step and each["can_complete"] for each in view["steps"])


def _is_long_enough(step: str, document: str, view: Mapping[str, Any]) -> bool:
    """Nothing but time and what comes later keeps the step, or the document counts as shown."""
    found = next(each for each in view["steps"] if each["id"] == step)
    return not any(block["code"] == "document" and block["about"] == document for block in found["blocked_by"])
