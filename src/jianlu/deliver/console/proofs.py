"""The pages of proofs and rules: ledger, verification by strangers, rule packs, the plan of a case; and the style guide.

`/verify` is for anybody and reads nothing of ours but the published keys and the verifier; what is checked there stays in the browser.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jianlu.deliver.console.ports import ConsolePorts
from jianlu.deliver.console.proof_ports import ProofPorts
from jianlu.deliver.console.render import page
from jianlu.deliver.console.work import staff_or_none, to_sign_in

_VERSION_MAX = 20


def proof_routes(pages: ConsolePorts, proofs: ProofPorts) -> APIRouter:
    """`/verify` and what it loads, for anybody; `/ledger`, `/packs`, `/cases/{case}/plan`, `/style-guide` for members of staff."""
    router = APIRouter(include_in_schema=False)

    @router.get("/verify")
    def verify(request: Request) -> Response:
        return page(request, "verify", settings=pages.settings, viewer=staff_or_none(pages, request))

    @router.get("/verify/trust.json")
    def trust() -> Response:
        return Response(proofs.trust_file(), media_type="application/json", headers={"cache-control": "no-cache"})

    @router.get("/verify/verifier.pyz")
    def verifier() -> Response:
        headers = {"cache-control": "no-cache", "content-disposition": 'attachment; filename="verifier.pyz"'}
        return Response(proofs.verifier(), media_type="application/octet-stream", headers=headers)

    @router.get("/ledger")
    def ledger(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found, vouched = proofs.ledger(request), proofs.vouched(request)
        return page(request, "ledger", settings=pages.settings, viewer=viewer, ledger=found, vouched=vouched)

    @router.get("/packs")
    def packs(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "packs", settings=pages.settings, viewer=viewer, packs=proofs.packs(request)["packs"])

    @router.get("/packs/{pack}")
    def pack(request: Request, pack: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        wanted = [request.query_params.get(name, "")[:_VERSION_MAX] for name in ("version", "against")]
        found = proofs.pack(request, pack, *wanted)
        return page(request, "pack", settings=pages.settings, viewer=viewer, **found)

    @router.get("/cases/{case}/plan")
    def plan(request: Request, case: str) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        found = proofs.plan(request, case)
        return page(request, "plan", settings=pages.settings, viewer=viewer, ref=case, **found)

    @router.get("/style-guide")
    def style_guide(request: Request) -> Response:
        viewer = staff_or_none(pages, request)
        if viewer is None:
            return to_sign_in(request)
        return page(request, "style-guide", settings=pages.settings, viewer=viewer)

    return router
