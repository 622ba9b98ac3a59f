"""A served home whose media is on loopback, and calls through it by the third party's program of `outsider.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aioice.ice
import pytest

from tests.architecture.tree import ROOT
from tests.fakes.serving.outsider import Call, Caller, Described
from tests.fakes.serving.running import PASSWORD, Served, make_served_home, served, wait_for
from tests.fakes.sessions.world import SALE_FACTS

ACCOUNTS = ("mei:agent", "chen:supervisor,compliance", "xu:compliance")
TRANSFER: Mapping[str, Any] = {
    "template": "transfer-confirmation",
    "title": "大额转账确认",
    "facts": {
        "case.place": "CN",
        "case.channel": "remote_video",
        "case.institution": "建安银行",
        "product.amount_yuan": 500_000,
        "product.purpose": "购房款",
        "customer.age": 45,
        "session.biometrics": [],
    },
    "people": {"agent": {"name": "林静"}, "customer": {"name": "王小明", "phone": "+86 21 5555 0101"}},
}


SALE: Mapping[str, Any] = {**TRANSFER, "template": "insurance-remote", "title": "分红型两全保险", "facts": dict(SALE_FACTS)}
"""A template that one recorder records."""


def description() -> Described:
    """What is published, as it lies in the repository."""
    return Described(json.loads((ROOT / "specs" / "api" / "openapi.json").read_text(encoding="utf-8")))


def make_calling_home(path: Path, *, webhooks: str = "", **serve: object) -> Path:
    """A quiet home with accounts and both recorders, whose media stays on loopback; `webhooks` is that section of its settings."""
    home = make_served_home(path, accounts=ACCOUNTS, **{"recorders": 2, **serve})
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    assert "\naddresses = []" in text
    text = text.replace("\naddresses = []", '\naddresses = ["127.0.0.1"]')
    if webhooks:
        before, _, after = text.partition("\n[webhooks]\n")
        text = before + webhooks + "".join(f"\n[{each}" for each in after.split("\n[")[1:])
    settings.write_text(text, encoding="utf-8")
    return home


@contextmanager
def calling_home(path: Path, *, webhooks: str = "", **serve: object) -> Iterator[Served]:
    """`jianlu serve` on such a home; peers of this process use the loopback address, which aioice leaves out by default."""
    with pytest.MonkeyPatch.context() as patch, served(make_calling_home(path, webhooks=webhooks, **serve)) as running:
        patch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
        wait_for(lambda: any("ready" in line for line in running.printed))
        approve_scripts(running)
        yield running


def approve_scripts(running: Served) -> None:
    """Put the shipped scripts in force, by two people."""
    with running.client(signed_in="chen") as chen, running.client(signed_in="xu") as xu:
        proposed = chen.post("/api/v1/scripts/shipped").json()["scripts"]
        for each in proposed:
            answer = xu.post(f"/api/v1/scripts/{each['script']}/versions/{each['version']}/approve")
            assert answer.status_code == 200, answer.text


@contextmanager
def a_call(running: Served, number: str, *, account: str = "mei", request: Mapping[str, Any] = TRANSFER) -> Iterator[Call]:
    """A prepared confirmation of a transfer (or another case), led by `account`."""
    described, authority = description(), running.home / "tls" / "ca.crt"
    agent, customer, second = (Caller(running.url, authority, described) for _ in range(3))
    call = Call(agent, customer, second)
    try:
        call.second.call("sign_in", {"name": "chen", "password": PASSWORD})
        call.prepare(account, PASSWORD, {**request, "number": number})
        yield call
    finally:
        call.close()
