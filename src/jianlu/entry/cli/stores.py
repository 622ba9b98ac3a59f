"""`jianlu stores`: the places in which sealed objects are kept: how they stand, what a bucket really does, and a scrub at once.

What is looked at is `vault/stores/scrub.py`, how a bucket is tried `backends/blobs/s3/probe.py`; here are only arguments and text.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from pydantic import ValidationError

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.cli._output import AsJson, HomePath, home_path, show, stages
from jianlu.entry.serve.scrubbing import scrubber_of, the_only_one
from jianlu.runtime.settings import StoreSettings
from jianlu.vault.ports import Store
from jianlu.vault.stores.copies import Probed, require_fit
from jianlu.vault.stores.places import KeptAway, kept_away
from jianlu.vault.stores.reports import StoreReport, store_reports
from jianlu.wiring import open_home, open_workbench, probe_store, store_at

app = App(name="stores", help="Where sealed objects are kept, with their copies and locks.")

_LABELS = {
    "": "未探测 / not probed",
    "compliance": "合规锁 / locks",
    "none": "无锁 / no locks",
    "pretends": "假锁 / pretends to lock",
    "unfit": "不可用 / unfit",
}


@app.command(name="list")
def list_all(*, home: HomePath = None, json: AsJson = False) -> int:
    """Each store: what the probe called it, copies complete or behind, last scrub, running cases that may not be there.

    Exit 0 when all are complete, else 75.
    """
    with open_workbench(home_path(home)) as bench:
        found, away = store_reports(bench.vault), kept_away(tenant_id(bench.settings.tenant.id), using=bench.vault)
    text = "\n".join(line for each in found for line in (_line(each), *_away(away[each.store.name])))
    told = [{**_document(each), "kept_away": [asdict(one) for one in away[each.store.name]]} for each in found]
    show({"stores": told}, text, as_json=json)
    return 0 if all(each.is_complete for each in found) else 75


@app.command
def probe(
    store: Annotated[str, Parameter(help="A store of the home, or the address of a bucket: s3+https://HOST/BUCKET/PREFIX.")],
    *,
    credentials: Annotated[Path | None, Parameter(help="For an address: file with access key and secret, a line each.")] = None,
    authorities: Annotated[Path | None, Parameter(help="For an address: authorities (PEM) of its certificate.")] = None,
    region: Annotated[str, Parameter(help="For an address.")] = "us-east-1",
    lock: Annotated[
        bool, Parameter(help="For an address: whether it is to lock; then a bucket that does not is refused.")
    ] = True,
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Try every step of a lock on a bucket and say which held; exit 5 when it does not do what it is to do."""
    is_address = store.startswith("s3+")
    tried = _at_address(store, credentials, authorities, region, lock=lock) if is_address else _of_home(store, home)
    probed = probe_store(tried) or Probed(())
    lines = [f"  {step.outcome if not step.is_held else '✓':<24} {step.code}" for step in probed.steps]
    document = {"store": tried.name, "label": probed.label, "steps": [asdict(step) for step in probed.steps]}
    label = probed.label if probed.steps else "none"
    show({**document, "label": label}, "\n".join([f"{tried.address}: {_LABELS[label]}", *lines]), as_json=json)
    if probed.steps:
        require_fit(tried, probed)
    return 0


@app.command
def scrub(*, home: HomePath = None, json: AsJson = False) -> int:
    """Read and hash every copy in every store now, and mend what is missing or altered; while the service runs it does so by itself."""
    folder = home_path(home)
    with open_home(folder) as opened, the_only_one(folder), stages() as progress:
        walk = scrubber_of(opened.settings, opened.vault)
        walk.begin()
        while walk.turn() is not None:
            at = [each.state.scrub_at for each in store_reports(opened.vault)]
            progress.at("scrub", sum(at), opened.vault.ledger.size * len(at))
        found = store_reports(opened.vault)
    show({"stores": [_document(each) for each in found]}, "\n".join(_line(each) for each in found), as_json=json)
    return 0 if all(each.is_complete for each in found) else 90


def _of_home(name: str, home: Path | None) -> Store:
    with open_workbench(home_path(home)) as bench:
        for each in bench.vault.stores:
            if each.name == name:
                return each
    raise NotFoundError(f"the home has no store {name}: see `jianlu stores list`")


def _at_address(address: str, credentials: Path | None, authorities: Path | None, region: str, *, lock: bool) -> Store:
    if credentials is None:
        raise InvalidError("a bucket that is no store of the home needs --credentials FILE: access key and secret, a line each")
    try:
        wanted = StoreSettings(
            name="asked",
            address=address,
            credentials=str(credentials.absolute()),
            authorities=str(authorities.absolute()) if authorities else "",
            region=region,
            lock="compliance" if lock else "none",
        )
    except ValidationError as error:
        raise InvalidError("the address of a bucket is s3+https://HOST[:PORT]/BUCKET[/PREFIX]") from error
    return store_at(Path("/"), wanted)


def _document(report: StoreReport) -> dict[str, object]:
    store = report.store
    described = {
        "name": store.name,
        "address": store.address,
        "where": store.where,
        "place": store.place,
        "first": report.is_first,
    }
    return {**described, "behind": report.behind, "complete": report.is_complete, **_state(report)}


def _away(cases: list[KeptAway]) -> list[str]:
    return [f"    不得存放 / may not be here: {each.case} ({', '.join(each.clauses)})" for each in cases]


def _state(report: StoreReport) -> dict[str, object]:
    return {name: value for name, value in asdict(report.state).items() if name != "store"}


def _line(report: StoreReport) -> str:
    state = report.state
    copies = f"{state.objects} 件 / objects, {state.bytes / 1e6:.1f} MB"
    behind = "齐全 / complete" if report.is_complete else f"落后 / behind by {report.behind}"
    scrubbed = state.scrubbed_at or "尚未 / not yet"
    lost = f"; 无法修复 / lost {state.scrub_lost}" if state.scrub_lost else ""
    problem = f"\n    {state.problem}" if state.problem else ""
    place = report.store.place or "未声明地点 / place not declared"
    return (
        f"{report.store.name:<16} {report.store.address}  [{_LABELS[state.label]}]  {place}\n"
        f"    {copies}; {behind}; 上次校验 / last scrub {scrubbed}{lost}{problem}"
    )
