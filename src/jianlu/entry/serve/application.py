"""The application of the web process: the API and every page over an open home, and what both are given.

No process, socket or thread is made here; `web.py` runs it, and a test may run it with other rooms and recorders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from jianlu import __version__
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.api.app import create_app
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.reader import CaseReader
from jianlu.deliver.console.copies import copy_routes
from jianlu.deliver.console.destructions import destruction_routes
from jianlu.deliver.console.integrations import integration_routes
from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.oversight import oversight_routes
from jianlu.deliver.console.policies import policy_routes
from jianlu.deliver.console.proofs import proof_routes
from jianlu.deliver.console.reviews import review_routes
from jianlu.deliver.console.rights import rights_routes
from jianlu.deliver.console.scripts import script_routes
from jianlu.deliver.console.search import search_routes
from jianlu.deliver.console.watching import watching_routes
from jianlu.deliver.oversight.certificates import Proved, prove_from
from jianlu.deliver.search.ports import search_ports
from jianlu.entry.reactions import reaction_to
from jianlu.entry.serve.access import access_of
from jianlu.entry.serve.destruction_pages import DestructionPages
from jianlu.entry.serve.integration_pages import IntegrationPages
from jianlu.entry.serve.live import session_ports
from jianlu.entry.serve.organisation import directory_digest, organisation_of
from jianlu.entry.serve.oversight_pages import OversightPages
from jianlu.entry.serve.pages import Pages, console_settings
from jianlu.entry.serve.proof_pages import ProofPages
from jianlu.entry.serve.review_pages import ReviewPages
from jianlu.entry.serve.reviews import review_ports
from jianlu.entry.serve.rights_pages import RightsPages
from jianlu.entry.serve.script_pages import ScriptPages
from jianlu.entry.serve.search_pages import SearchPages
from jianlu.ledger.anchors.trusted_time import expiry_now
from jianlu.runtime.clock import SystemClock
from jianlu.vault.custody.time_reading import ClockWatch
from jianlu.vault.desk import CaseDesk
from jianlu.wiring import Home, identity_ports, time_authorities


def application(
    home: Home, deps: Deps, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    """The API and the pages; `lifespan` is what lives as long as they are served."""
    app = create_app(deps, lifespan=lifespan)
    pages = Pages(deps, console_settings(home, deps.version, deps.administration_port))
    oversight, rights = OversightPages(deps), RightsPages(deps)
    mount_console(
        app,
        pages,
        oversight_routes(pages, oversight),
        copy_routes(pages, oversight),
        watching_routes(pages, oversight),
        destruction_routes(pages, DestructionPages(deps)),
        proof_routes(pages, ProofPages(deps)),
        rights_routes(pages, rights.requests),
        policy_routes(pages, rights),
        review_routes(pages, ReviewPages(deps)),
        script_routes(pages, ScriptPages(deps)),
        search_routes(pages, SearchPages(deps, pages.settings.time_zone)),
        integration_routes(pages, IntegrationPages(deps)),
    )
    return app


def deps_of(home: Home, desk: CaseDesk, url: str, *, administration_port: int = 0) -> Deps:
    """What routes and pages use, over the home as its settings say; `url` is where people reach it, administration where it has a port."""
    tenant = tenant_id(home.settings.tenant.id)
    authorities = time_authorities(home.path, home.settings)
    access = access_of(home, desk, tenant)
    sessions = session_ports(home, desk, access)
    reader = CaseReader(home.vault, desk, tenant)
    return Deps(
        settings=home.settings,
        organisation=organisation_of(home.path, home.settings.organisation, url),
        scim_token_digest=directory_digest(home.path, home.settings.organisation),
        tenant=tenant,
        version=__version__,
        public_url=url,
        administration_port=administration_port,
        database=home.vault.index,
        clock=SystemClock(),
        identity=identity_ports(home.vault.index, home.vault.keys, home.settings),
        status_of=lambda error: reaction_to(error).http_status,
        home=home.path,
        sessions=sessions,
        reader=reader,
        access=access,
        search=search_ports(home.vault, tenant, sessions.rules.languages),
        reviews=review_ports(home, sessions, reader),
        prove=lambda positions: _proved(home, positions),
        clock_watch=ClockWatch(SystemClock()),
        expiry=lambda ledger_at: expiry_now(home.ledger_directory, authorities, SystemClock(), ledger_at),
    )


def _proved(home: Home, positions: Sequence[int]) -> Proved:
    if home.ledger.published.size <= max(positions, default=-1):
        home.ledger.publish()
    return prove_from(home.ledger_directory, home.package.ledger_key, positions)
