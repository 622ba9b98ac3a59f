"""A recorder process: reads the taps of the media processes, cuts and hands segments to the desk, resumes what an earlier one began.

`python -m jianlu.entry.serve.recorder --home HOME --name a` serves HOME/run/recorder-a.sock. One process has a name at a
time. SIGTERM cuts and delivers what is there and leaves recordings to be resumed; a recording ends only when it is told to.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jianlu.capture.recording.live.room_key import fingerprint
from jianlu.capture.recording.live.roster import Roster
from jianlu.capture.sessions.recorders import STOP_PATIENCE_MS, checks_fields, status_fields, tracks_from
from jianlu.core.errors import ConflictError, JianluError, UnavailableError
from jianlu.entry.reactions import reaction_to
from jianlu.runtime.logging import configure_logging, logger
from jianlu.runtime.rpc import Answer, RpcServer
from jianlu.runtime.settings import Settings, read_settings
from jianlu.wiring import RECORDER_NAMES, recorder_ports


def run_recorder(home: Path, settings: Settings, name: str, *, is_edge: bool = False) -> int:
    """Record until SIGTERM or SIGINT. Returns 0; ConflictError when another process has the name.

    On the edge, by `is_edge` or by the settings, the desk may be away for long.
    """
    with _only_one(home, name):
        asyncio.run(_serve(home, settings, name, is_edge or settings.serve.is_edge))
    return 0


async def _serve(home: Path, settings: Settings, name: str, is_edge: bool) -> None:
    log = logger(f"recorder-{name}")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def complain(case: str, fault: BaseException) -> None:
        log.error("recorder fault", case=case, error=type(fault).__name__)

    ports = recorder_ports(home, settings, name, complain=complain, is_edge=is_edge)
    roster = Roster(ports)
    for case in roster.resume_all():
        log.error("state cannot be read", case=case)
    server = recorder_server(home / "run" / f"recorder-{name}.sock", roster)
    await server.start()
    log.info("recorder ready", recorder=name, fingerprint=fingerprint(ports.member.public_key))
    try:
        await stop.wait()
    finally:
        await server.stop()
        await roster.close()


def recorder_server(path: Path, roster: Roster) -> RpcServer:
    """A server of `roster`: the methods of `Recorders`; start it in a running loop."""

    async def member(fields: dict[str, Any], _: bytes) -> Answer:
        found = roster.member(fields["case"])
        return {"secrets": list(found.secrets)}, found.public_key

    async def admit(fields: dict[str, Any], wrapped: bytes) -> Answer:
        return {"secret": await roster.admit(fields["case"], wrapped)}, b""

    async def preflight(fields: dict[str, Any], _: bytes) -> Answer:
        is_encrypted = bool(fields.get("is_encrypted"))
        checks = await roster.preflight(fields["case"], tracks_from(fields["tracks"]), is_encrypted=is_encrypted)
        return checks_fields(checks), b""

    async def start(fields: dict[str, Any], _: bytes) -> Answer:
        zero_us = None if fields.get("zero_us") is None else int(fields["zero_us"])
        is_encrypted = bool(fields.get("is_encrypted"))
        started = await roster.start(fields["case"], tracks_from(fields["tracks"]), zero_us, is_encrypted=is_encrypted)
        return asdict(started), b""

    async def status(fields: dict[str, Any], _: bytes) -> Answer:
        return status_fields(roster.status(fields["case"])), b""

    async def pause(fields: dict[str, Any], _: bytes) -> Answer:
        roster.set_paused(fields["case"], True)
        return {}, b""

    async def resume(fields: dict[str, Any], _: bytes) -> Answer:
        roster.set_paused(fields["case"], False)
        return {}, b""

    async def end(fields: dict[str, Any], _: bytes) -> Answer:
        return {"end_ms": roster.end(fields["case"], int(fields["at_ms"]))}, b""

    async def stop(fields: dict[str, Any], _: bytes) -> Answer:
        patience_ms = int(fields.get("patience_ms", STOP_PATIENCE_MS))
        return asdict(await roster.stop(fields["case"], patience_ms=patience_ms)), b""

    methods = {"member": member, "admit": admit, "preflight": preflight, "start": start, "status": status}
    return RpcServer(path, {**methods, "pause": pause, "resume": resume, "end": end, "stop": stop})


@contextmanager
def _only_one(home: Path, name: str) -> Iterator[None]:
    """Hold the name for this process; the kernel lets it go with the process, however that ends."""
    path = home / "run" / f"recorder-{name}.lock"
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"{path.name} cannot be made ({error.strerror}): check the home's run folder") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(f"another process of this home is recorder {name}: stop it, or start the other one") from error
        yield
    finally:
        os.close(handle)


def main(arguments: Sequence[str]) -> int:
    """The module as a program."""
    parser = argparse.ArgumentParser(description="Records live sessions.")
    parser.add_argument("--home", type=Path, required=True, help="the home, made by `jianlu init`")
    parser.add_argument("--name", choices=RECORDER_NAMES, default=RECORDER_NAMES[0], help="which recorder this is")
    parser.add_argument("--edge", action="store_true", help="the desk may be away for long: record to the disk, deliver later")
    options = parser.parse_args(arguments)
    configure_logging()
    try:
        return run_recorder(options.home, read_settings(options.home), options.name, is_edge=options.edge)
    except JianluError as error:
        sys.stderr.write(f"{error}\n")
        return reaction_to(error).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
