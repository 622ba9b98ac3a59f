"""What is wrong with a page as it is served, by its markup alone: policy, controls without a name, order of headings, doubled ids."""

from __future__ import annotations

from html.parser import HTMLParser


class Judge(HTMLParser):
    """Reads a page; its lists say what was found."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.files: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[str] = []
        self.langs: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.links: list[str] = []
        self._open_labels = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.forbidden += [f"<{tag} {name}>" for name in found if name == "style" or name.startswith(("on", "hx-on"))]
        if tag == "style" or (tag == "script" and "src" not in found and found.get("type") != "application/json"):
            self.forbidden.append(f"<{tag}>")
        self.files += [found[name] for name in ("src", "href") if tag in ("script", "link") and name in found]
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" and "href" in found else []
        self.langs += [found.get("lang", "")] if tag == "html" else []
        if tag in ("h1", "h2", "h3", "h4"):
            self.levels.append(int(tag[1]))
        if tag == "label":
            self.labels.add(found.get("for", ""))
            self._open_labels += 1
        is_named_elsewhere = found.get("type") == "hidden" or "aria-label" in found or self._open_labels > 0
        if tag in ("input", "select", "textarea") and not is_named_elsewhere:
            self.controls.append(found.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open_labels -= tag == "label"

    @property
    def unnamed(self) -> list[str]:
        """Controls that no label names."""
        return [control for control in self.controls if control not in self.labels]

    @property
    def jumps(self) -> list[tuple[int, int]]:
        """Headings that skip a level on the way down."""
        return [(one, other) for one, other in zip(self.levels, self.levels[1:], strict=False) if other > one + 1]


def judged(text: str) -> Judge:
    """The page `text`, read."""
    judge = Judge()
    judge.feed(text)
    return judge
