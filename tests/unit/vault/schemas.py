"""Every table of the program in one schema, gathered from the packages that own them, to hold against the migrations."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData

import jianlu


def every_schema() -> MetaData:
    """The tables of every module called `_tables`, and of `runtime.jobs`."""
    together = MetaData()
    for module in pkgutil.walk_packages(jianlu.__path__, "jianlu."):
        if module.name.endswith("._tables") or module.name == "jianlu.runtime.jobs":
            for schema in vars(importlib.import_module(module.name)).values():
                if isinstance(schema, MetaData):
                    [table.to_metadata(together) for table in schema.tables.values()]
    return together
