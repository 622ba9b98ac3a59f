"""`jianlu vault`: the vault is the truth, the database is an index.

So far one command, which rebuilds every row about evidence from the vault and the ledger alone.
"""

from __future__ import annotations

from dataclasses import asdict

from cyclopts import App

from jianlu.core.errors import UnavailableError
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show, stages
from jianlu.vault.reindex import reindex as rebuild
from jianlu.wiring import open_home

app = App(name="vault", help="Sealed objects and their index.")


@app.command
def reindex(*, home: HomePath = None, json: AsJson = False) -> int:
    """Delete every row about evidence and rebuild it from vault and ledger alone."""
    with open_home(home_path(home), requires_index=False) as opened, stages() as progress:
        try:
            done = rebuild(opened.vault, progress=lambda entries, due: progress.at("reindex", entries, due))
        except UnavailableError as error:
            raise UnavailableError(
                f"{error}; a damaged SQLite index may be deleted first: nothing but the index is lost"
            ) from error
    document = asdict(done)
    show(
        document, "已重建索引 / index rebuilt: " + ", ".join(f"{name} {value}" for name, value in document.items()), as_json=json
    )
    return 0
