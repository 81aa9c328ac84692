"""From type hints to JSON Schema, from JSON to the hinted type, and from a result to JSON."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Annotated, Literal, Union, get_args, get_origin

MISSING = dataclasses.MISSING


class Mismatch(ValueError):
    """A value is not of the type that is hinted. Says where and why."""


# ---- JSON Schema ----


def schema(hint: Any) -> dict[str, Any]:
    """The JSON Schema of a type: dataclass, TypedDict, list, dict, tuple, Optional, Literal, Enum, datetime, date and the
    plain ones. What is a description: `Annotated[int, "…"]`, `field(metadata={"description": "…"})`, or a line
    `name: …` in the docstring of the class."""
    if get_origin(hint) is Annotated:
        plain, *notes = get_args(hint)
        words = [note for note in notes if isinstance(note, str)]
        return schema(plain) | ({"description": words[0]} if words else {})
    if dataclasses.is_dataclass(hint):
        return _dataclass_schema(hint)
    if typing.is_typeddict(hint):
        return _typed_dict_schema(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    origin, args = get_origin(hint) or hint, get_args(hint)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(arg) for arg in args]}
    if origin is tuple and args and args[-1] is not Ellipsis:
        items = [schema(arg) for arg in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (list, tuple, set, frozenset, Sequence):
        return {"type": "array"} | ({"items": schema(args[0])} if args else {})
    if origin in (dict, Mapping):
        return {"type": "object"} | ({"additionalProperties": schema(args[1])} if args else {})
    if origin not in _PLAIN:
        raise TypeError(f"an input of type {hint!r} has no JSON Schema: use a dataclass, a TypedDict or plain types")
    return dict(_PLAIN[origin])


_PLAIN: dict[Any, dict[str, Any]] = {
    Any: {},
    object: {},
    inspect.Parameter.empty: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def _dataclass_schema(kind: Any) -> dict[str, Any]:
    hints, said = typing.get_type_hints(kind, include_extras=True), _described(kind)
    properties, required = {}, []
    for field in _fields(kind):
        one = schema(hints[field.name])
        if words := field.metadata.get("description") or said.get(field.name):
            one["description"] = words
        if field.default is not MISSING:
            one["default"] = jsonable(field.default)
        elif field.default_factory is MISSING:
            required.append(field.name)
        properties[field.name] = one
    return _object(kind, properties, required) | {"additionalProperties": False}


def _typed_dict_schema(kind: Any) -> dict[str, Any]:
    hints, said = typing.get_type_hints(kind, include_extras=True), _described(kind)
    properties = {name: schema(_bare(hint)) for name, hint in hints.items()}
    for name, words in said.items():
        if name in properties:
            properties[name]["description"] = words
    return _object(kind, properties, sorted(kind.__required_keys__))


def _object(kind: Any, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    said = (kind.__doc__ or "").strip().partition("\n\n")[0]
    # A dataclass without a docstring is given its signature for one.
    words = {} if not said or said.startswith(f"{kind.__name__}(") else {"description": " ".join(said.split())}
    return {"type": "object"} | words | {"properties": properties} | ({"required": required} if required else {})


def _described(kind: Any) -> dict[str, str]:
    """Lines `name: words` of the docstring; what is indented deeper goes on."""
    found: dict[str, str] = {}
    name, depth = "", 0
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        indent = len(line) - len(line.lstrip())
        if begin := re.match(r"\s*(\w+):\s+(\S.*)", line):
            name, depth = begin[1], indent
            found[name] = begin[2].strip()
        elif name and line.strip() and indent > depth:
            found[name] += " " + line.strip()
        else:
            name = ""
    return found


def _fields(kind: Any) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(kind) if field.init]


def _bare(hint: Any) -> Any:
    """Without `Required` and `NotRequired`."""
    return get_args(hint)[0] if get_origin(hint) in (typing.Required, typing.NotRequired) else hint


# ---- reading ----


def is_object(hint: Any) -> bool:
    """Whether the type is read from a JSON object."""
    return dataclasses.is_dataclass(hint) or typing.is_typeddict(hint) or (get_origin(hint) or hint) is dict


def read(hint: Any, value: Any, at: str = "") -> Any:
    """The JSON value as the hinted type."""
    if get_origin(hint) is Annotated:
        return read(get_args(hint)[0], value, at)
    if dataclasses.is_dataclass(hint):
        return hint(**_members(hint, [field.name for field in _fields(hint)], _required(hint), value, at, closed=True))  # type: ignore[operator]
    if typing.is_typeddict(hint):
        return _members(hint, list(typing.get_type_hints(hint)), hint.__required_keys__, value, at, closed=False)
    origin, args = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return _any_of(args, value, at)
    if origin is Literal:
        return value if value in args else _wrong(f"one of {list(args)}", value, at)
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        known = [member.value for member in origin]
        return origin(value) if value in known else _wrong(f"one of {known}", value, at)
    if origin in (list, tuple, set, frozenset, Sequence):
        return _array(origin, args, value, at)
    if origin in (dict, Mapping):
        members = value if isinstance(value, dict) else _wrong("an object", value, at)
        return {key: read(args[1] if args else Any, one, f"{at}.{key}") for key, one in members.items()}
    return _plain(origin, value, at)


def _members(hint: Any, known: list[str], required: Any, value: Any, at: str, closed: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        _wrong("an object", value, at)
    if unknown := [key for key in value if key not in known and closed]:
        raise Mismatch(f"{_place(at)}no `{unknown[0]}` is known, there are: {', '.join(known)}")
    if missing := [key for key in known if key in required and key not in value]:
        raise Mismatch(f"{_place(at)}`{missing[0]}` is missing")
    hints = typing.get_type_hints(hint, include_extras=True)
    return {key: read(_bare(hints.get(key, Any)), one, f"{at}.{key}") for key, one in value.items()}


def _required(kind: Any) -> set[str]:
    return {f.name for f in _fields(kind) if f.default is MISSING and f.default_factory is MISSING}


def _any_of(hints: Sequence[Any], value: Any, at: str) -> Any:
    reasons = []
    for hint in hints:
        try:
            return read(hint, value, at)
        except Mismatch as mismatch:
            reasons.append(mismatch)
    raise reasons[0]


def _array(origin: Any, args: Sequence[Any], value: Any, at: str) -> Any:
    if not isinstance(value, list):
        _wrong("a list", value, at)
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(value) != len(args):
            _wrong(f"a list of {len(args)}", value, at)
        return tuple(read(hint, one, f"{at}[{index}]") for index, (hint, one) in enumerate(zip(args, value)))
    read_all = [read(args[0] if args else Any, one, f"{at}[{index}]") for index, one in enumerate(value)]
    return read_all if origin in (list, Sequence) else origin(read_all)


def _plain(kind: Any, value: Any, at: str) -> Any:
    if kind in (Any, object, inspect.Parameter.empty):
        return value
    if kind in (None, type(None)):
        return value if value is None else _wrong("null", value, at)
    if kind in (datetime, date):
        try:
            return kind.fromisoformat(value)
        except (TypeError, ValueError):
            _wrong("a date" if kind is date else "an instant, as in 2026-01-01T00:00:00Z", value, at)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        _wrong({str: "a text", int: "an integer", float: "a number", bool: "true or false"}.get(kind, kind), value, at)
    return value


def _wrong(expected: object, value: Any, at: str) -> Any:
    shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…"
    raise Mismatch(f"{_place(at)}{expected} is expected, it is {shown}")


def _place(at: str) -> str:
    return f"`{at.lstrip('.')}`: " if at else ""


# ---- writing ----


def written(value: Any) -> Any:
    """What `json.dumps` asks for what it does not know: dataclasses, instants, enums, sets."""
    plain = jsonable(value)
    if plain is value:
        raise TypeError(f"{value!r} has no JSON")
    return plain


def jsonable(value: Any) -> Any:
    """The value in types that JSON has, or as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return value
