"""A media process: forwards the live sessions of one shard and lets recorders tap them. It opens neither ledger nor vault.

`python -m jianlu.entry.serve.media --home HOME --shard K` serves calls on HOME/run/media-K.sock and the tap on HOME/run/tap-K.sock.
What forwards is chosen in `wiring.py`; it knows cases only as names of rooms.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from jianlu.core.errors import JianluError
from jianlu.entry.reactions import reaction_to
from jianlu.runtime.logging import configure_logging, logger
from jianlu.runtime.settings import Settings, read_settings
from jianlu.wiring import media_server


def run_media(home: Path, settings: Settings, shard: int) -> int:
    """Serve until SIGTERM or SIGINT; peers are told goodbye. Returns 0."""
    asyncio.run(_serve(home, settings, shard))
    return 0


async def _serve(home: Path, settings: Settings, shard: int) -> None:
    log = logger(f"media-{shard}")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = media_server(home, settings, shard)
    await server.start()
    log.info("media ready", shard=shard, count=len(server.candidates))
    try:
        await stop.wait()
    finally:
        await server.stop()


def main(arguments: Sequence[str]) -> int:
    """The module as a program; options win over the home's settings."""
    parser = argparse.ArgumentParser(description="Forwards the live sessions of one shard.")
    parser.add_argument("--home", type=Path, required=True, help="the home, made by `jianlu init`")
    parser.add_argument("--shard", type=int, default=0, help="the number of this media process, from 0")
    parser.add_argument("--address", action="append", help="an address that browsers reach; several are allowed")
    parser.add_argument("--udp-ports", help='UDP ports such as "40000-40999"; shard K takes the K-th')
    parser.add_argument("--relay", action="store_true", help="take an address on the TURN server of the settings too")
    parser.add_argument("--janus", help="forward through the Janus at this address, such as http://127.0.0.1:8088/janus")
    options = parser.parse_args(arguments)
    configure_logging()
    try:
        settings = read_settings(options.home)
        wanted = {
            "addresses": options.address,
            "udp_ports": options.udp_ports,
            "is_relayed": options.relay or None,
            "janus": options.janus,
        }
        given = {key: value for key, value in wanted.items() if value is not None}
        media = settings.media.model_validate({**settings.media.model_dump(), **given})
        return run_media(options.home, settings.model_copy(update={"media": media}), options.shard)
    except JianluError as error:
        sys.stderr.write(f"{error}\n")
        return reaction_to(error).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
