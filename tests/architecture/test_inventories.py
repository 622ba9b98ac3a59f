"""`docs/security/inventories.md` names every setting that holds an address of somebody else, and no setting that is none.

A connection that is added later and not written down breaks the build.
"""

from __future__ import annotations

import re
import tomllib

from tests.architecture.tree import ROOT

ADDRESSES = {
    *(
        "url",
        "urls",
        "issuer",
        "scanner",
        "janus",
        "listen",
        "administration",
        "addresses",
        "stores",
        "witnesses",
        "is_on",
        "webhook",
    ),
    *("endpoint", "server", "host", "proxy", "collector"),
}
"""How settings are called that hold one, or switch one on."""

BY_LIST = {("time", "authorities")}
"""Tables whose rows hold one."""

DOCUMENT = ROOT / "docs/security/inventories.md"


def settings() -> dict[str, dict[str, object]]:
    """Every setting there is, by section, as a new home has it."""
    return {
        name: section
        for name, section in tomllib.loads((ROOT / "src/jianlu/runtime/jianlu.toml").read_text(encoding="utf-8")).items()
        if isinstance(section, dict)
    }


def test_every_setting_that_holds_an_address_is_in_the_inventory_and_none_that_is_not_there() -> None:
    known = {(name, key) for name, section in settings().items() for key in section}
    told = set(re.findall(r"^\| `\[(\w+)\] (\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE))
    held = {(name, key) for name, key in known if key in ADDRESSES} | BY_LIST
    assert held - told == set(), "write down who is at the other end"
    assert told - known == set()
