"""API keys at the edge: `Authorization: Bearer jlk_...`, which operation needs which scope, how many calls a key has left.

A call that carries a key is the key's and nobody else's: cookies beside it are not looked at, so that other sites cannot forge it and no
page can borrow it. How keys are kept is `govern/apikeys`; what the account may do is the access model's.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from jianlu.core.errors import DeniedError
from jianlu.govern.apikeys.model import KEY_PREFIX, KeyHolder

_SCHEME = "bearer "

ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(("templates",), "template.read"),
    **dict.fromkeys(("cases",), "case.list"),
    **dict.fromkeys(("case", "progress", "read_case_file"), "case.read"),
    "case_access": "case.disclose",
    "search": "search.run",
    **dict.fromkeys(("reviews", "review_statistics", "review_draws", "check_review_draw"), "review.list"),
    "review_export": "review.export",
    "make_request": "request.make",
    "access_requests": "request.read",
    "access_log": "access.read",
    "entries": "ledger.read",
    "read_stores": "store.list",
    **dict.fromkeys(("session", "stream"), "session.read"),
    **dict.fromkeys(("manifest", "init", "segment"), "case.play"),
    "make_case": "case.make",
    "package": "package.export",
    **dict.fromkeys(("supervision", "read_wall", "read_team_reviews", "wall_stream"), "supervision.read"),
    **dict.fromkeys(("scripts", "script", "version"), "script.read"),
    **dict.fromkeys(("script_version_changes", "script_acts"), "script.read"),
    **dict.fromkeys(("propose", "propose_shipped", "script_draft", "save_script_draft"), "script.propose"),
    **dict.fromkeys(("discard_script_draft", "propose_script_draft"), "script.propose"),
    "withdraw": "script.withdraw",
    **dict.fromkeys(("invite", "revoke"), "session.invite"),
    "take_seat": "session.join",
    **dict.fromkeys(
        ("leave_seat", "preflight", "consent", "answer", "attest", "send_message", "deposit", "refuse"), "session.take_part"
    ),
    **dict.fromkeys(("start_step", "complete_step", "redo_step", "show_document", "end"), "session.take_part"),
    **dict.fromkeys(("start", "pause", "resume", "handover", "abandon"), "session.lead"),
    **dict.fromkeys(("announce", "admit_recorder", "hand_over", "start_share", "end_share"), "session.take_part"),
    **dict.fromkeys(("waive_check", "advise", "note_alerts"), "session.supervise"),
    "publish": "session.send",
    **dict.fromkeys(("renegotiate", "trickle", "close"), "session.take_part"),
    "subscribe": "session.watch",
    "make_endpoint": "session.outside",
    "queue": "queue.read",
    "take_next": "queue.take",
    "serve_ticket": "queue.serve",
    "ice": "ice.read",
    **dict.fromkeys(("webhooks", "webhook", "deliveries"), "webhook.list"),
    "make_webhook": "webhook.make",
    **dict.fromkeys(("change_webhook", "remove_webhook", "rotate_webhook", "try_webhook", "replay_webhook"), "webhook.change"),
}
"""The scope that a key needs, by operation. What is not here no key does: signing in, keys, approvals, which two people decide."""


def bearer_key(request: HTTPConnection) -> str:
    """The claimed key of a call; empty where it carries none."""
    claimed = request.headers.get("authorization", "")
    is_key = claimed[: len(_SCHEME)].lower() == _SCHEME and claimed[len(_SCHEME) :].startswith(KEY_PREFIX)
    return claimed[len(_SCHEME) :] if is_key else ""


def require_scope(holder: KeyHolder, request: Request) -> None:
    """DeniedError unless the key's scopes name what this operation does."""
    route = request.scope.get("route")
    name = route.name if isinstance(route, APIRoute) and route.path.startswith("/api/v1/") else ""
    action = ACTIONS.get(name, "")
    if not action:
        raise DeniedError("no API key does this: a person does, signed in")
    if not holder.may(action):
        raise DeniedError(f"this API key has no scope for {action}: use one that names it, or ask for one")
