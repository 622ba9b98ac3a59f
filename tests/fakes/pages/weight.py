"""What a page weighs in a browser: itself, its code, styles and pictures, unpacked; neither the player nor what is asked of the interface.

Told of by sentences, as the rest of the walk.
"""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

PAGE_BYTES_MAX = 300_000

_LOADED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map((each) => ({name: new URL(each.name).pathname, bytes: each.decodedBodySize}))"""
_PLAYER = ("/static/playback.", "/static/pyodide")
"""The player's own code; the Python that checks a package, which is fetched when one is dropped."""

_ASKED = "/api/"
"""What is shown, not what shows it: media, and documents that grow with a session."""


def weighs(page: Page) -> Iterator[str]:
    """Whether the page is lighter than its bound."""
    loaded = {str(each["name"]): int(each["bytes"]) for each in page.evaluate(_LOADED)}
    counted = {name: size for name, size in loaded.items() if not name.startswith(_PLAYER) and not name.startswith(_ASKED)}
    if sum(counted.values()) == 0:
        yield "nothing was loaded: what is weighed is no page"
    if sum(counted.values()) > PAGE_BYTES_MAX:
        heaviest = sorted(counted, key=lambda name: -counted[name])[:6]
        yield f"it weighs {sum(counted.values())} bytes: {', '.join(f'{name} {counted[name]}' for name in heaviest)}"
