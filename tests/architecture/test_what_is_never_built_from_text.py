"""Nothing is built from what people typed: no markup, no pattern, no code; and fields for passwords leave password managers their work.

Each rule is held against the tree and against a line that breaks it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import PACKAGE, ROOT, Module, modules_under, show

TEMPLATES = PACKAGE / "deliver" / "console" / "templates"
WEB = ROOT / "web" / "src"

_INTO_A_PAGE = re.compile(
    r"\.innerHTML|\.outerHTML\s*=[^=]|insertAdjacentHTML|document\.write|setHTMLUnsafe|srcdoc|createContextualFragment"
)
_PARSED = re.compile(r"parseFromString")
PARSES_PAGES_OF_OURS = {"parts/copy.ts"}
"""It reads a page of the same service, keeps what it finds as an element, and no script of it runs."""

_PATTERN = re.compile(r"new RegExp\(")
PATTERNS_OF_FIXED_NAMES = {"media/sdp.ts"}
"""Names that its own lines call it with."""

_FIELD = re.compile(r"<input\b[^>]*>|h\(\"input\",\s*\{[^}]*\}")
_SECRET = re.compile(r"""name(?:=|:\s*)["'](?:password|again)["']""")
_SAFE = re.compile(r"\{\{[^}]*\|\s*safe[^}]*\}\}|\|\s*safe")


def pattern_complaints(module: Module) -> Iterator[str]:
    """Calls of `re` whose pattern is neither written there nor put together from constants of the module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
            pattern = node.args[0]
            names = [each.id for each in ast.walk(pattern) if isinstance(each, ast.Name)]
            others = [
                each for each in ast.walk(pattern) if isinstance(each, ast.Call | ast.Attribute | ast.Subscript | ast.Await)
            ]
            if others or any(name != name.upper() for name in names):
                yield f"{module.path}:{node.lineno}: a pattern is built from {ast.unparse(pattern)}"


def script_complaints(name: str, text: str) -> Iterator[str]:
    """Lines of the browser's code that make markup or patterns of text."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _INTO_A_PAGE.search(line) or (_PARSED.search(line) and name not in PARSES_PAGES_OF_OURS):
            yield f"{name}:{number}: markup is made of text"
        if _PATTERN.search(line) and name not in PATTERNS_OF_FIXED_NAMES:
            yield f"{name}:{number}: a pattern is made of text"


def template_complaints(name: str, text: str) -> Iterator[str]:
    """Places of a template that do not escape: JSON within a script element, where `block` does it, and our own drawings may."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _SAFE.findall(line):
            is_json = "| block | safe" in found and re.search(r"<script type=\"application/json\"[^>]*>\s*\{\{", line)
            if not is_json and name != "parts/icons.html.j2":
                yield f"{name}:{number}: {found} is not escaped"
        if "autoescape false" in line:
            yield f"{name}:{number}: escaping is switched off"


def secret_fields(text: str) -> list[str]:
    """The fields in which a password is typed."""
    return [field for field in _FIELD.findall(text) if _SECRET.search(field) and 'type="hidden"' not in field]


def password_complaints(name: str, text: str) -> Iterator[str]:
    """Fields for passwords that show what is typed, or are not told as such to a password manager; and what keeps people from pasting."""
    for field in secret_fields(text):
        if not re.search(r"""type(?:=|:\s*)["']password["']""", field):
            yield f"{name}: {field[:60]} shows what is typed"
        if not re.search(r"""autocomplete(?:=|:\s*)["'](?:current|new)-password["']""", field):
            yield f"{name}: {field[:60]} is no password to a manager of passwords"
    if re.search(r"onpaste|[\"']paste[\"']", text):
        yield f"{name}: pasting is watched"


def scripts() -> dict[str, str]:
    return {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in WEB.rglob("*.ts")}


def templates() -> dict[str, str]:
    return {path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.j2")}


def test_no_pattern_of_the_program_is_built_from_input() -> None:
    complaints = [line for module in modules_under("src") for line in pattern_complaints(module)]
    assert not complaints, show(complaints)


def test_no_page_makes_markup_or_patterns_of_text() -> None:
    found = scripts()
    complaints = [line for name, text in found.items() for line in script_complaints(name, text)]
    assert len(found) > 50 and not complaints, show(complaints)


def test_every_template_escapes_but_for_json_and_our_own_drawings() -> None:
    found = templates()
    complaints = [line for name, text in found.items() for line in template_complaints(name, text)]
    assert len(found) > 30 and not complaints, show(complaints)


def test_fields_for_passwords_hide_what_is_typed_and_let_it_be_pasted() -> None:
    found = {**scripts(), **templates()}
    fields = [field for text in found.values() for field in secret_fields(text)]
    complaints = [line for name, text in found.items() for line in password_complaints(name, text)]
    assert len(fields) >= 4 and not complaints, show(complaints)


@pytest.mark.parametrize(
    "line", ["re.compile(asked)", "re.search(f'^{name}$', text)", "re.sub(self.pattern, '', text)", "re.match(get(), x)"]
)
def test_a_pattern_from_elsewhere_is_complained_about(line: str) -> None:
    assert list(pattern_complaints(Module.of(f"import re\n{line}\n")))


def test_a_pattern_of_constants_is_not() -> None:
    assert not list(pattern_complaints(Module.of("import re\n_A = 'a'\nre.compile(rf'{_A}+')\nre.compile('b')\n")))


@pytest.mark.parametrize("line", ["box.innerHTML = name", "box.outerHTML = x", "new RegExp(typed)", "p.parseFromString(text)"])
def test_markup_and_patterns_of_text_are_complained_about(line: str) -> None:
    assert list(script_complaints("parts/example.ts", line))


@pytest.mark.parametrize("line", ["<p>{{ name | safe }}</p>", "{% autoescape false %}", "<b>{{ x | block | safe }}</b>"])
def test_a_template_that_does_not_escape_is_complained_about(line: str) -> None:
    assert list(template_complaints("example.html.j2", line))


@pytest.mark.parametrize(
    "line",
    [
        '<input name="password" type="text" autocomplete="current-password">',
        'h("input", { name: "password", type: "password" })',
        '<form onpaste="return false">',
    ],
)
def test_a_field_that_shows_or_hinders_is_complained_about(line: str) -> None:
    assert list(password_complaints("example", line))
