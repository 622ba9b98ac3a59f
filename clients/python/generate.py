"""Makes `models.py` and `operations.py` from the published description: `python clients/python/generate.py`, after it changed.

Only what a program can call: operations that take an API key, a seat by invitation, or nothing. Words of answers become plain strings, so
that a newer server's do not break an older client; words of requests stay literals.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "specs" / "api" / "openapi.json"
PACKAGE = Path(__file__).resolve().parent / "src" / "jianlu_client"
ALSO = ("me", "health", "join", "leave", "enter_queue", "ticket_status", "leave_queue")
WIDTH = 118
Json = Mapping[str, Any]


def generated(document: Json) -> dict[str, str]:
    """The text of each generated module by its name."""
    operations = [each for each in _operations(document) if _is_callable(each[2])]
    requests = _reached(document, [body for _, _, each in operations if (body := _body(each))])
    answers = _reached(document, [schema for _, _, each in operations for schema in _answers(each)])
    models = [
        _model(name, document["components"]["schemas"][name], is_answer=name in answers) for name in sorted(requests | answers)
    ]
    return {"models.py": _MODELS + "\n\n".join(models), "operations.py": _operations_text(operations)}


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _is_callable(operation: Json) -> bool:
    schemes = {name for each in operation["security"] for name in each}
    is_stream = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    return not is_stream and bool(
        "api_key" in schemes or "seat" in schemes or "bearer" in schemes or operation["operationId"] in ALSO
    )


def _body(operation: Json) -> Json | None:
    found: Json | None = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return found


def _answers(operation: Json) -> list[Json]:
    content = _success(operation)[1]
    return (
        [content["application/json"]["schema"]]
        if "application/json" in content and content["application/json"].get("schema")
        else []
    )


def _success(operation: Json) -> tuple[str, Json]:
    code = next(each for each in operation["responses"] if each.startswith("2"))
    return code, operation["responses"][code].get("content", {})


def _reached(document: Json, schemas: list[Json]) -> set[str]:
    found: set[str] = set()
    pending = [name for schema in schemas for name in _names(schema)]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += _names(document["components"]["schemas"][name])
    return found


def _names(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
        return own + [name for value in schema.values() for name in _names(value)]
    return [name for each in schema for name in _names(each)] if isinstance(schema, list) else []


def _type(schema: Json, *, is_answer: bool) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(each, is_answer=is_answer) for each in options))
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        is_discriminator = "const" in schema or len(values) == 1
        return f"Literal[{', '.join(map(repr, values))}]" if not is_answer or is_discriminator else type(values[0]).__name__
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_type(schema.get('items', {}), is_answer=is_answer)}]"
    if kind == "object" or "patternProperties" in schema:
        values = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
        return f"dict[str, {_type(values, is_answer=is_answer) if isinstance(values, dict) else 'Any'}]"
    known = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
    return known.get(str(kind), "Any")


def _model(name: str, schema: Json, *, is_answer: bool) -> str:
    said = _docstring(schema.get("description", name), 4)
    if schema.get("type") != "object":
        return f"{name} = {_type(schema, is_answer=is_answer)}\n"
    fields = [
        _field(field, each, is_required=field in schema.get("required", ()), is_answer=is_answer)
        for field, each in schema.get("properties", {}).items()
    ]
    return f"class {name}(Model):\n{said}\n" + ("\n" + "".join(fields) if fields else "")


def _field(name: str, schema: Json, *, is_required: bool, is_answer: bool) -> str:
    kind, own = _type(schema, is_answer=is_answer), _own(name)
    alias = f'alias="{name}"' if own != name else ""
    if is_required:
        return f"    {own}: {kind}" + (f" = Field({alias})\n" if alias else "\n")
    default = schema.get("default")
    if isinstance(default, dict | list):
        factory = f"lambda: {default!r}" if default else type(default).__name__
        return f"    {own}: {kind} = Field(default_factory={factory}{', ' + alias if alias else ''})\n"
    if default is None and "None" not in kind.split(" | "):
        kind += " | None"
    return f"    {own}: {kind} = " + (f"Field({default!r}, {alias})\n" if alias else f"{default!r}\n")


def _operations_text(operations: list[tuple[str, str, Json]]) -> str:
    methods = [_method(*each) for each in operations]
    names = sorted({name for _, _, each in operations for name in _names([_body(each) or {}, *_answers(each)])})
    return _OPERATIONS.format(names="".join(f"    {name},\n" for name in names)) + "\n".join(methods)


def _method(method: str, path: str, operation: Json) -> str:
    name = operation["operationId"]
    listed = operation.get("parameters", [])
    of_path = re.findall(r"\{(\w+)\}", path)
    of_query = [each for each in listed if each["in"] == "query"]
    given = ["self", *(f"{each}: str" for each in of_path)]
    sent = [f"path={{{', '.join(f'{each!r}: {each}' for each in of_path)}}}"] if of_path else []
    named: list[str] = []
    if body := _body(operation):
        given.append(f"body: {_type(body, is_answer=False)}")
        sent.append("body=body")
    elif content := operation.get("requestBody", {}).get("content", {}):
        media = next(iter(content))
        given.append("content: bytes" if media == "application/pdf" else "content: str")
        sent += ["content=content", f"media={media!r}"]
    for each in of_query:
        own = _own(each["name"])
        kind = _type(each["schema"], is_answer=True).replace("Phase", "str").replace("Verdict", "str")
        named.append(f"{own}: {kind}" + ("" if each.get("required") else f" = {each['schema'].get('default')!r}"))
    if of_query:
        pairs = ", ".join(f"{each['name']!r}: {_own(each['name'])}" for each in of_query)
        sent.append(f"query={{{pairs}}}")
    headers = []
    if path.startswith(("/whip/", "/whep/")):
        named.append("bearer: str")
        headers.append("'Authorization': f'Bearer {bearer}'")
    if any(each["name"] == "If-Match" for each in listed):
        named.append("if_match: str = '*'")
        headers.append("'If-Match': if_match")
    if headers:
        sent.append(f"headers={{{', '.join(headers)}}}")
    if method == "POST" and any(each["name"] == "Idempotency-Key" for each in listed):
        named.append("idempotency_key: str = ''")
        sent.append("idempotency_key=idempotency_key")
    kind, result = _result(operation)
    said = " ".join(operation["description"].split())
    scope = f" Scope: `{operation['x-scope']}`." if "x-scope" in operation else ""
    signature = ", ".join(given + (["*", *named] if named else []))
    calling = f"self.call({', '.join([repr(method), repr(path), *sent])})"
    return f"    def {name}({signature}) -> {kind}:\n{_docstring(said + scope, 8)}\n        {result.format(call=calling)}\n"


def _result(operation: Json) -> tuple[str, str]:
    _, content = _success(operation)
    if answers := _answers(operation):
        kind = _type(answers[0], is_answer=True)
        return kind, f"return cast({kind!r}, parsed({kind}, {{call}}))"
    if any(each.startswith("application/sdp") for each in content):
        return "Signalled", "return signalled({call})"
    if any("trickle" in each for each in content):
        return "str", "return {call}.text"
    if not content:
        return ("Any", "return {call}.json()") if operation["operationId"] in _PLAIN else ("None", "{call}")
    return "bytes", "return {call}.content"


def _own(name: str) -> str:
    """As Python calls it: no keyword, no capitals within."""
    plain = re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


_PLAIN = ("templates", "version", "manifest", "propose_shipped")


def _docstring(text: str, indent: int) -> str:
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    lines = textwrap.wrap(text, WIDTH - indent)
    pad = " " * indent
    if len(lines) <= 1:
        return f'{pad}"""{text}"""'
    return f'{pad}"""' + f"\n{pad}".join(lines) + f'\n{pad}"""'


_MODELS = '''"""What the API takes and gives, made from its description by `generate.py`: change that, not this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Fields that this client does not know yet are left out."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


'''
_OPERATIONS = '''"""Every operation that a program can call, made from the description by `generate.py`: change that, not this."""

from __future__ import annotations

from typing import Any, cast

from jianlu_client.models import (
{names})
from jianlu_client.signalling import Signalled, signalled
from jianlu_client.transport import Transport, parsed


class Operations(Transport):
    """One method an operation; a `Problem` is raised where the answer is one."""

'''


def formatted(text: str) -> str:
    """As the project's formatter writes it."""
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "130", "--stdin-filename", "generated.py", "-"]
    sorted_text = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "I,F401", "--fix", "-q", "--stdin-filename", "generated.py", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return subprocess.run(command, input=sorted_text, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the generated modules."""
    document = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    for name, text in generated(document).items():
        (PACKAGE / name).write_text(formatted(text), encoding="utf-8")


if __name__ == "__main__":
    main()
