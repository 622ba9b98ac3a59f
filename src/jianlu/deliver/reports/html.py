"""The report as one self-contained HTML page: no script, no external resource, escaped throughout.

The layout is `report.html.j2`; what it says is decided in `content.py`.
"""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from jianlu.deliver.reports.model import ReportContent


def render_html(content: ReportContent) -> bytes:
    """The page as UTF-8; the same content gives the same bytes. Time codes link into `../media/session.mp4`."""
    template = files("jianlu.deliver.reports").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(report=content).encode()
