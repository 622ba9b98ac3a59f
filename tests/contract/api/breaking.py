"""What a change of the description takes from programs that were written for the one before: the rules, and where they are broken.

A request may ask for less and take more; an answer may hold more. So, against the last released description:

- no operation goes, nor its id, nor the scope that it asks of a key; no parameter or field of a request goes, becomes required, appears as
  required, or takes fewer values (type, enumeration, bounds, pattern);
- no field of an answer goes or becomes optional, and none changes its type; no status of success changes.

A header that was optional and is no longer looked at breaks nobody who sends it, nor does a body that may be left out, nor what is said of
a stream as a whole, which nobody parses. A pattern for a part of a path is no breakage either: what does not fit was never found. More
statuses of errors, more fields of answers, more words in an answer's enumeration and optional fields of requests are none: the client is
told to expect them (`specs/api/README.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
_TIGHTER_WHEN_LESS = ("maxLength", "maximum", "maxItems", "maxProperties")
_TIGHTER_WHEN_MORE = ("minLength", "minimum", "minItems", "minProperties")


def breaking(old: Json, new: Json) -> list[str]:
    """Every place where `new` breaks what `old` promised, in words."""
    return sorted(set(_Comparison(old, new).found()))


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new

    def found(self) -> Iterator[str]:
        for path, item in self._old["paths"].items():
            for method, before in item.items():
                name = f"{method.upper()} {path}"
                after = self._new["paths"].get(path, {}).get(method)
                if after is None:
                    yield f"{name} is gone"
                else:
                    yield from self._operation(name, before, after)

    def _operation(self, name: str, before: Json, after: Json) -> Iterator[str]:
        if before["operationId"] != after["operationId"]:
            yield f"{name} is called {after['operationId']} now: clients have methods by that name"
        if "x-scope" in before and before["x-scope"] != after.get("x-scope"):
            yield f"{name} asks for the scope {after.get('x-scope')} now: keys that were made for it lack that"
        for scheme in before.get("security", ()):
            if scheme not in after.get("security", ()) and after.get("security"):
                yield f"{name} takes {', '.join(scheme)} no more"
        yield from self._parameters(name, before, after)
        yield from self._bodies(name, before, after)
        yield from self._answers(name, before, after)

    def _parameters(self, name: str, before: Json, after: Json) -> Iterator[str]:
        had = {(each["in"], each["name"]): each for each in before.get("parameters", ())}
        has = {(each["in"], each["name"]): each for each in after.get("parameters", ())}
        for key, each in had.items():
            where = f"{name}: parameter {key[1]}"
            if key not in has:
                if key[0] != "header" or each.get("required"):
                    yield f"{where} is gone"
                continue
            if has[key].get("required") and not each.get("required"):
                yield f"{where} is required now"
            now = dict(has[key]["schema"])
            if key[0] == "path":
                now.pop("pattern", None)
            yield from self._taken(where, each["schema"], now)
        yield from (
            f"{name}: parameter {key[1]} is new and required" for key in has.keys() - had.keys() if has[key].get("required")
        )

    def _bodies(self, name: str, before: Json, after: Json) -> Iterator[str]:
        had, has = (each.get("requestBody", {}).get("content", {}) for each in (before, after))
        if has and not had and after["requestBody"].get("required"):
            yield f"{name} needs a body now"
        for media, content in had.items():
            if media not in has:
                yield f"{name} takes {media} no more"
            elif "schema" in content:
                yield from self._taken(f"{name} body", content["schema"], has[media]["schema"])

    def _answers(self, name: str, before: Json, after: Json) -> Iterator[str]:
        for code, answer in before["responses"].items():
            if not code.startswith("2"):
                continue
            if code not in after["responses"]:
                yield f"{name} answers {code} no more"
                continue
            had, has = answer.get("content", {}), after["responses"][code].get("content", {})
            for media, content in had.items():
                if media not in has:
                    yield f"{name} {code} gives {media} no more"
                elif content.get("schema") and media != "text/event-stream":
                    yield from self._given(f"{name} {code}", content["schema"], has[media].get("schema", {}), ())

    def _taken(self, where: str, before: Json, after: Json, seen: tuple[str, ...] = ()) -> Iterator[str]:
        """Whatever was taken must be taken still."""
        before, after, seen, is_again = self._followed(before, after, seen)
        if is_again:
            return
        if options := before.get("anyOf"):
            for option in options:
                if not self._fits_any(option, after.get("anyOf", [after]), seen):
                    yield f"{where} takes {_kind(option)} no more"
            return
        if after.get("anyOf"):
            if not self._fits_any(before, after["anyOf"], seen):
                yield f"{where} takes {_kind(before)} no more"
            return
        if before.get("type") != after.get("type") and after.get("type"):
            yield f"{where} is {after.get('type')} instead of {before.get('type')}"
        if after.get("enum") and not set(before.get("enum") or [None]) <= set(after["enum"]):
            yield f"{where} takes fewer words"
        yield from (f"{where}: {bound} is tighter" for bound in _TIGHTER_WHEN_LESS if _less(after.get(bound), before.get(bound)))
        yield from (f"{where}: {bound} is tighter" for bound in _TIGHTER_WHEN_MORE if _more(after.get(bound), before.get(bound)))
        if after.get("pattern") and after.get("pattern") != before.get("pattern"):
            yield f"{where} has another pattern"
        yield from self._fields_taken(where, before, after, seen)
        if "items" in before and "items" in after:
            yield from self._taken(f"{where}[]", before["items"], after["items"], seen)

    def _fields_taken(self, where: str, before: Json, after: Json, seen: tuple[str, ...]) -> Iterator[str]:
        had, has = before.get("properties", {}), after.get("properties", {})
        for field, each in had.items():
            if field not in has and after.get("additionalProperties") is False:
                yield f"{where}.{field} is gone"
            elif field in has:
                yield from self._taken(f"{where}.{field}", each, has[field], seen)
        yield from (
            f"{where}.{field} is required now" for field in set(after.get("required", ())) - set(before.get("required", ()))
        )

    def _given(self, where: str, before: Json, after: Json, seen: tuple[str, ...]) -> Iterator[str]:
        """Whatever was given must be given still."""
        before, after, seen, is_again = self._followed(before, after, seen)
        if is_again:
            return
        if before.get("anyOf") or after.get("anyOf"):
            had, has = ({_kind(each) for each in side.get("anyOf", [side])} for side in (before, after))
            if not has <= had:
                yield f"{where} may be {', '.join(sorted(has - had))} now"
            return
        if before.get("type") != after.get("type"):
            yield f"{where} is {after.get('type')} instead of {before.get('type')}"
        for field, each in before.get("properties", {}).items():
            if field not in after.get("properties", {}):
                yield f"{where}.{field} is gone"
                continue
            if field in before.get("required", ()) and field not in after.get("required", ()):
                yield f"{where}.{field} may be absent now"
            yield from self._given(f"{where}.{field}", each, after["properties"][field], seen)
        if "items" in before and "items" in after:
            yield from self._given(f"{where}[]", before["items"], after["items"], seen)

    def _fits_any(self, before: Json, options: list[Json], seen: tuple[str, ...]) -> bool:
        return any(not list(self._taken("", before, option, seen)) for option in options)

    def _followed(self, before: Json, after: Json, seen: tuple[str, ...]) -> tuple[Json, Json, tuple[str, ...], bool]:
        """Both sides behind their references; whether this was looked at on the way here."""
        mark = f"{before.get('$ref')} {after.get('$ref')}"
        is_again = "$ref" in before and mark in seen
        return _behind(self._old, before), _behind(self._new, after), (*seen, mark), is_again


def _behind(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    return schema


def _kind(schema: Json) -> str:
    return str(schema.get("$ref", schema.get("type", "anything"))).rpartition("/")[2]


def _less(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after < before)


def _more(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after > before)
