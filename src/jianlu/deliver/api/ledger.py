"""The ledger as its folder lies: checkpoint, anchors, hash tiles and entry bundles under the paths of the folder, for anybody's clients.

Checkpoint, anchors and hash tiles are for everybody: hashes, and whoever keeps them can later show a rollback or a fork (decision 0105).
Entry bundles say which sessions there were and when, without a name, and are for those who may read the ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.tile import parse_tile_path
from jianlu.deliver.api.deps import Deps, TheDeps, staff_calling
from jianlu.deliver.api.rights import on_tenant
from jianlu.govern.access.model import tenant_wide
from jianlu.govern.identity.model import Staff
from jianlu.ledger.anchors.folder import anchor_sizes, read_anchor_file
from jianlu.ledger.read import read_checkpoint, read_tile
from jianlu.verify.trust import TRUST_BYTES_MAX, parse_trust, read_bounded

router = APIRouter(prefix="/ledger", tags=["ledger"])

TRUST_FILE = "trust.json"

_NOTE_TYPE, _TILE_TYPE = "text/plain; charset=utf-8", "application/octet-stream"
_SIZES_SHOWN = 1_000
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_READERS = "private, max-age=31536000, immutable"


@router.get("/checkpoint")
def checkpoint(deps: TheDeps) -> Response:
    """The newest signed checkpoint."""
    return Response(read_checkpoint(_folder(deps)), media_type=_NOTE_TYPE, headers={"cache-control": "no-cache"})


@router.get("/anchors")
def anchors(deps: TheDeps) -> Response:
    """At how many entries checkpoints were stamped or cosigned by others: the newest thousand sizes, one a line, ascending."""
    lines = "".join(f"{size}\n" for size in anchor_sizes(_folder(deps))[-_SIZES_SHOWN:])
    return Response(lines, media_type=_NOTE_TYPE, headers={"cache-control": "no-cache"})


@router.get("/anchors/{place:path}")
def anchor(place: str, deps: TheDeps) -> Response:
    """A file of an anchor: its checkpoint, cosignatures or time-stamp token; or an authority's certificates, or a renewal."""
    content = read_anchor_file(_folder(deps), place)
    if content is None:
        raise NotFoundError("the ledger has no such anchor: /ledger/anchors lists those that there are")
    return Response(content, media_type=_TILE_TYPE, headers={"cache-control": "no-cache"})


@router.get("/tile/entries/{place:path}", dependencies=[Depends(staff_calling), on_tenant("ledger.read")])
def entries(place: str, deps: TheDeps) -> Response:
    """A bundle of entries, for those who may read the ledger."""
    return _tile(deps, f"tile/entries/{place}", _FOR_READERS)


@router.get("/tile/{level}/{place:path}")
def tile(level: str, place: str, deps: TheDeps) -> Response:
    """A tile of hashes."""
    return _tile(deps, f"tile/{level}/{place}", _FOR_EVER)


def ledger_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """What the ledger's page begins with: the keys that the institution publishes; the page checks everything else itself."""
    deps.access.require(staff, "ledger.read", tenant_wide(deps.tenant))
    trust = parse_trust(trust_content(deps))
    return {"keys": [{"origin": key.name, "vkey": key.text} for key in trust.ledgers]}


def trust_content(deps: Deps) -> bytes:
    """The trust file that this installation publishes; NotFoundError when there is none."""
    return read_bounded(deps.home / TRUST_FILE, TRUST_BYTES_MAX)


def _tile(deps: Deps, path: str, kept: str) -> Response:
    try:
        name = parse_tile_path(path)
    except InvalidError as error:
        raise NotFoundError(f"the ledger has no such file: {error}; see c2sp.org/tlog-tiles") from error
    content = read_tile(_folder(deps), name)
    if content is None:
        raise NotFoundError("the ledger has no such tile, or a full one in its place: take the checkpoint's size anew")
    return Response(content, media_type=_TILE_TYPE, headers={"cache-control": kept})


def _folder(deps: Deps) -> Path:
    return deps.home / deps.settings.ledger.path
