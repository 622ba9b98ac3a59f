"""`jianlu vault`: the vault is the truth, the database is an index.

One command, which rebuilds every row about evidence, and the search index, from the vault and the ledger alone.
"""

from __future__ import annotations

from dataclasses import asdict

from cyclopts import App

from jianlu.capture.cases.case_rows import recount_cases
from jianlu.core.errors import UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show, stages
from jianlu.entry.search_index import rebuild_search
from jianlu.judge.review.work_list import recount_reviews
from jianlu.vault.reindex import reindex as rebuild
from jianlu.wiring import open_home

app = App(name="vault", help="Sealed objects and their index.")


@app.command
def reindex(*, home: HomePath = None, json: AsJson = False) -> int:
    """Delete every row about evidence, and the search index, and rebuild them from vault and ledger alone; count totals of lists again."""
    with open_home(home_path(home), requires_index=False) as opened, stages() as progress:
        try:
            done = rebuild(opened.vault, progress=lambda entries, due: progress.at("reindex", entries, due))
            tenant = tenant_id(opened.settings.tenant.id)
            recount_cases(opened.vault.index)
            recount_reviews(opened.vault.index)
            found = rebuild_search(opened.vault, tenant, progress=lambda cases, due: progress.at("search", cases, due))
        except UnavailableError as error:
            raise UnavailableError(
                f"{error}; a damaged SQLite index may be deleted first: nothing but the index is lost"
            ) from error
    document = {**asdict(done), "searchable": found}
    show(
        document, "已重建索引 / index rebuilt: " + ", ".join(f"{name} {value}" for name, value in document.items()), as_json=json
    )
    return 0
