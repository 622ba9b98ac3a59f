"""`jianlu witness`: make and run a witness that cosigns other people's ledgers; on a machine of its own, without a home.

What a witness does is `ledger/anchors/witness.py`; how it is served `entry/witness.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from starlette.applications import Starlette

from jianlu.core.errors import InvalidError
from jianlu.entry.cli._output import AsJson, show
from jianlu.entry.witness import listen_at, run_witness
from jianlu.ledger.anchors.witness import Witness, create_witness, known_ledgers, seen_checkpoints, trust_ledger
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.logging import configure_logging

app = App(name="witness", help="A witness: cosigns checkpoints of ledgers, and refuses one that was forked or set back.")


@app.command
def init(folder: Path, *, name: str, json: AsJson = False) -> int:
    """Make a witness in FOLDER that signs as NAME (an address without scheme, such as witness.example/w1)."""
    key = create_witness(folder, name)
    text = (
        f"见证者已建立 / witness made: {folder}\n  公钥 / key  {key.text}\n"
        "一、让它认识账本 / 1. have it know a ledger:    jianlu witness trust FOLDER --ledger VKEY   (VKEY: trust.json)\n"
        "二、启动 / 2. start it:                       jianlu witness serve FOLDER --port 8444\n"
        "三、把公钥和网址写入机构设置 / 3. give the institution key and address: [witnesses] in its jianlu.toml; the key for trust.json too"
    )
    show({"folder": str(folder), "key": key.text}, text, as_json=json)
    return 0


@app.command
def trust(
    folder: Path, *, ledger: Annotated[str, Parameter(help="The ledger's public key (vkey).")], json: AsJson = False
) -> int:
    """Have the witness in FOLDER know a ledger; start the witness again then."""
    key = trust_ledger(folder, ledger)
    show({"ledger": key.text}, f"认识的账本 / knows the ledger: {key.name}\n重启见证者后生效 / restart the witness", as_json=json)
    return 0


@app.command
def status(folder: Path, *, json: AsJson = False) -> int:
    """Say which ledgers the witness in FOLDER knows and what it saw of each last; also while it runs."""
    seen = {checkpoint.origin: checkpoint for checkpoint in seen_checkpoints(folder)}
    forks = sorted(path.name for path in (folder / "forks").glob("*"))
    names = sorted({key.name for key in known_ledgers(folder)})
    rows = [{"ledger": name, "size": seen[name].size if name in seen else None} for name in names]
    lines = [f"{row['ledger']}: {'-' if row['size'] is None else row['size']}" for row in rows]
    lines += [f"!! 分叉证据 / proof of a fork: {folder / 'forks' / name}" for name in forks]
    show({"ledgers": rows, "forks": forks}, "\n".join(lines) or "不认识任何账本 / knows no ledger yet", as_json=json)
    return 0


@app.command
def serve(
    folder: Path,
    *,
    listen: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port; 0 takes a free one and says which.")] = 8444,
    certificate: Annotated[Path | None, Parameter(help="TLS certificate chain (PEM); without it plain HTTP.")] = None,
    private_key: Annotated[Path | None, Parameter(help="Its private key.")] = None,
) -> int:
    """Run the witness in FOLDER until Ctrl+C or SIGTERM."""
    if (certificate is None) != (private_key is None):
        raise InvalidError("TLS needs both --certificate and --private-key")
    configure_logging()
    with listen_at(listen, port) as listening, Witness(folder, SystemClock()) as witness:
        place = f"{listen}:{listening.getsockname()[1]}"

        @asynccontextmanager
        async def said(_: Starlette) -> AsyncIterator[None]:
            print(f"见证者已启动 / the witness runs at {place}\n公钥 / key: {witness.key.text}", flush=True)
            yield

        run_witness(witness, listening, certificate=certificate, private_key=private_key, lifespan=said)
    return 0
