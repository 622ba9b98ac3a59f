"""What those need who see, hear or point less well: a page's defects by axe-core, and what is too small for a finger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[3] / "web/node_modules/axe-core/axe.min.js"
TOUCH_PX = 44


def defects(page: Page, where: str) -> list[str]:
    """What axe-core finds on the page, rule by rule with the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    told: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{where}: {rule['id']} {[node['target'] for node in rule['nodes']][:3]}" for rule in told["violations"]]


def small_targets(page: Page, where: str) -> list[str]:
    """What a finger has to touch and is smaller than 44 px, apart from links in running text."""
    script = """least => [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden]), textarea')]
      .filter(each => each.checkVisibility() && !each.closest('p, dd, .skip, .only-heard') && !each.classList.contains('skip'))
      .map(each => [each, (each.closest('label') ?? (each.matches('.opens') ? each.closest('tr') : each)).getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.height < least - 0.5 || box.width < least - 0.5))
      .map(([each, box]) => [each.tagName, each.className, each.textContent.trim().slice(0, 20), box.width, box.height].join(' '))"""
    found: list[str] = page.evaluate(script, TOUCH_PX)
    return [f"{where}: {each}" for each in found]
