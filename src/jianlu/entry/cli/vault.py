"""`jianlu vault`: the vault is the truth, the database is an index.

Rebuilding every row about evidence, and the search index, from vault and ledger alone; sealing anew in another suite.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from jianlu.capture.cases.case_rows import recount_cases
from jianlu.core.errors import UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show, stages
from jianlu.entry.resealing import open_for_resealing, reseal_home
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


@app.command
def reseal(
    *,
    suite: Annotated[str, Parameter(help="international or sm; the settings of the home must say the same.")],
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Seal every object of cases that are closed anew in another suite, and remove what it was before; the service may run.

    Killed, the same command goes on. Exit 75 while cases are open: run it again when they are closed; 90 when an object is not what the
    ledger says.
    """
    with open_for_resealing(home_path(home), suite) as (vault, tenant), stages() as progress:
        done = reseal_home(vault, tenant, lambda units, due: progress.at("reseal", units, due))
    lines = [
        f"{done.objects:8} 件已重新密封 / sealed anew",
        f"{done.removed:8} 件旧密封已移除 / former ones removed",
        f"{done.kept['hold']:8} 件旧密封因保全保留 / former ones kept by a hold",
        f"{done.kept['lock']:8} 件旧密封因存储锁保留 / former ones kept by a lock",
        f"{done.open:8} 个案件未结束，结束后再运行 / cases open: run this again",
        *(f"{unit}: {problem}" for unit, problem in done.failed.items()),
    ]
    show({**asdict(done), "suite": suite, "whole": done.is_whole}, "\n".join(lines), as_json=json)
    return 90 if done.failed else 0 if done.is_whole else 75
