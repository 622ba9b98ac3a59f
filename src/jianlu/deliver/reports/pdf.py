"""The report as PDF, set by Typst with an embedded Chinese font. Content goes in as JSON and is never read as markup.

The layout is `report.typ`; what it says is decided in `content.py`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import typst

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.instants import parse_instant
from jianlu.deliver.reports.model import ReportContent

_FONTS_PACKAGE = "pylopdf_fonts_zh_cn"


def render_pdf(content: ReportContent) -> bytes:
    """The document; the same content gives the same bytes: its date is the report's, and no font of the machine is used.

    Raises UnavailableError when the font package is not installed.
    """
    template = files("jianlu.deliver.reports").joinpath("report.typ").read_bytes()
    try:
        fonts = Path(str(files(_FONTS_PACKAGE)))
    except ModuleNotFoundError as error:
        raise UnavailableError(f"the report needs the fonts of {_FONTS_PACKAGE}: run `make setup` again") from error
    document: bytes = typst.compile(  # type: ignore[misc]  # its stub ties the kind of `input` to that of the paths
        template,
        font_paths=[fonts],
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(asdict(content), ensure_ascii=False)},
        timestamp=int(parse_instant(content.created_at).timestamp()),
    )
    return document
