"""Hangs the console into the application: its pages, its static files, the sample's clips where allowed, and errors as pages.

The order matters: error pages wrap what was mounted before them.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from jianlu.deliver.console.built import BuiltFiles
from jianlu.deliver.console.entrance import entrance_routes
from jianlu.deliver.console.errors import install_error_pages
from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.sample import sample_routes
from jianlu.deliver.console.sessions import session_routes
from jianlu.deliver.console.work import work_routes


def mount_console(app: FastAPI, pages: ConsolePorts, *more: APIRouter) -> None:
    """Call last, after the API's routes and its handlers of errors are in place; `more` are pages with ports of their own."""
    app.mount("/static", BuiltFiles(), name="static")
    for routes in (entrance_routes, work_routes, session_routes, sample_routes):
        app.include_router(routes(pages))
    for router in more:
        app.include_router(router)
    install_error_pages(app, pages)
