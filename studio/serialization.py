"""Dataclasses to JSON and back, for rows of the database and for Redis."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_data(value: Any) -> dict[str, Any]:
    """The value as plain JSON data. Unset optional fields are left out, so that old rows stay short."""
    data: dict[str, Any] = _adapter(type(value)).dump_python(value, mode="json", exclude_none=True)
    return data


def from_data(kind: type[T], data: object) -> T:
    """Rebuild a value. Fields this version does not know are ignored; missing ones take their defaults."""
    value: T = _adapter(kind).validate_python(data)
    return value


def to_json(value: Any) -> str:
    return json.dumps(to_data(value), separators=(",", ":"), ensure_ascii=False)
