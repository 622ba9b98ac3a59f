"""Doors of what people write: case files, rule packs, scenes, scripts, policies, settings, tables of days, cursors of lists."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jianlu.capture.cases.scenes import load_scene, load_script
from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.deliver.scripts.reading import script_reading
from jianlu.entry.cli._day_table import read_table
from jianlu.govern.access.policies import read_policies
from jianlu.govern.policy.case_file import parse_case_file
from jianlu.govern.policy.conditions import parse_condition
from jianlu.govern.policy.load_packs import load_pack
from jianlu.process.models.registry import read_registry
from jianlu.runtime.cursors import opened_cursor
from jianlu.runtime.key_settings import read_key_settings
from jianlu.runtime.settings import parse_settings
from tests.property.parsers.doors_formats import text_of
from tests.property.parsers.law import Door
from tests.property.parsers.vectors import ROOT, VECTORS, Material, lines, shipped

_DAYS = b"number,trigger,day,evidence,evidence_digest\nsale-0001,contract_end,2036-11-30,surrender form 12,%s\n" % (b"ab" * 32)


def doors(material: Material) -> Iterator[Door]:
    """Every door of these."""
    yield Door("case-file", parse_case_file, shipped("src/jianlu/entry/sample/assets/case.toml"))
    conditions = (
        b'{"all":[{"fact":"case.place","starts_with":["CN"]},{"not":{"at_least":60,"fact":"customer.age"}},{"condition":"c"}]}',
        b'{"any":[{"fact":"product.design","one_of":["ordinary"]},{"fact":"customer.age","known":true},{"at_most":{"value":"v"},"fact":"customer.age"}]}',
    )
    yield Door("condition", lambda content: parse_condition(parse_canonical(content)), conditions)
    yield from _folders(material.folder)
    yield from _files(material.folder)
    settings = shipped("deploy/jianlu.toml") + material.file("jianlu.toml")
    yield Door("settings", lambda content: parse_settings(text_of(content)), settings)
    yield Door("cursor", lambda content: opened_cursor(text_of(content)), (b"MjAyNi0xMS0yMlQwOTozMDowMC4wMDBaIGNhYWE",))
    yield Door("script-read-aloud", _read_aloud, lines("script/good.json"))
    yield from _policies()


def _read_aloud(content: bytes) -> Any:
    """A draft in words: a page shows it however unfinished it is."""
    document = parse_canonical(content)
    if not isinstance(document, dict):
        raise InvalidError("no draft")
    return script_reading(document)


def _folders(folder: Path) -> Iterator[Door]:
    """Packs and scenes are folders: one file of each is damaged at a time."""
    small = folder / "xx-small"
    shutil.copytree(VECTORS / "packs" / "xx-small", small)
    for path in sorted(small.rglob("*.toml")):
        name = path.relative_to(small).as_posix()
        yield Door(
            f"pack-{name.removesuffix('.toml').replace('/', '-')}", _changed(path, lambda: load_pack(small)), (path.read_bytes(),)
        )
    scenes = folder / "scenes"
    shutil.copytree(ROOT / "scenes", scenes)
    scene = scenes / "insurance-counter"
    yield Door("scene", _changed(scene / "scene.toml", lambda: load_scene(scene)), shipped("scenes/insurance-counter/scene.toml"))
    script = scenes / "account-opening" / "script.toml"
    yield Door("script", _changed(script, lambda: load_script(script, "script.toml")), shipped("scenes/*/script.toml"))


def _changed(path: Path, load: Callable[[], Any]) -> Callable[[bytes], Any]:
    """`load` with other content in the file at `path`; what was there comes back, since other doors read the same folder."""
    known = path.read_bytes()

    def open_it(content: bytes) -> Any:
        path.write_bytes(content)
        try:
            return load()
        finally:
            path.write_bytes(known)

    return open_it


def _files(folder: Path) -> Iterator[Door]:
    def through(name: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
        path = folder / name

        def open_it(content: bytes) -> Any:
            path.write_bytes(content)
            return read(path)

        return open_it

    keys = (
        b'[keys]\nbackend = "file"\n',
        b'[keys]\nbackend = "openbao"\nurl = "https://127.0.0.1:8200"\nkey = "k"\ntoken_file = "t"\n',
    )
    yield Door("key-settings", through("keys.toml", lambda path: read_key_settings(path, key="k")), keys)
    yield Door("model-registry", through("models.toml", read_registry), shipped("src/jianlu/process/models/models.toml"))
    yield Door("day-table", through("days.csv", lambda path: read_table(path, bytes(32))), (_DAYS,))


def _policies() -> Iterator[Door]:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "policies").glob("*.cedar"))}
    schema = (ROOT / "policies" / "schema.cedarschema").read_text(encoding="utf-8")
    default = {"00-default.cedar": texts["00-default.cedar"]}

    def read(content: bytes) -> Any:
        return read_policies({**default, "changed.cedar": content.decode("utf-8", "replace")}, schema)

    small = b";".join(shipped("policies/40-*.cedar")[0].split(b";")[:3]) + b";\n"
    yield Door("policies", read, (small,), bytes_max=8 << 10, is_costly=True)
