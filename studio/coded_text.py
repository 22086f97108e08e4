"""What people are told, as the code of a sentence and its values. The sentences are in `bots/texts/coded/`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Scalar = str | int | float | date | datetime | timedelta
Value = Scalar | Sequence[str]


@dataclass(frozen=True, slots=True)
class CodedText:
    """`code` names the sentence, ``not_found.picture``; `values` are all that it says besides.

    As text, for logs, it is the code with its values: ``not_found.picture id=k3v9m2p4qx7a.2``.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{name}={_brief(value)}" for name, value in self.values.items())])


def coded(code: str, /, **values: Value) -> CodedText:
    return CodedText(code, values)


def to_stored(*texts: CodedText) -> str:
    """One text of the database for several sentences. Equal sentences make equal texts."""
    data = [[text.code, {name: _encode(value) for name, value in text.values.items()}] for text in texts]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def from_stored(stored: str) -> tuple[CodedText, ...] | None:
    """None for the plain sentence that earlier versions stored."""
    try:
        data = json.loads(stored)
        return tuple(
            CodedText(code, {name: _decode(value) for name, value in values.items()}) for code, values in data
        )
    except (ValueError, TypeError, AttributeError):
        return None


def _brief(value: Value) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, str | int | float | timedelta) else ",".join(value)


def _encode(value: Value) -> Any:
    match value:
        case datetime():
            return {"time": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case timedelta():
            return {"seconds": value.total_seconds()}
        case str() | int() | float():
            return value
        case _:
            return list(value)


def _decode(value: Any) -> Value:
    match value:
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case {"day": str(text)}:
            return date.fromisoformat(text)
        case {"seconds": float() | int() as seconds}:
            return timedelta(seconds=seconds)
        case list():
            return tuple(map(str, value))
        case str() | int() | float():
            return value
        case _:
            raise ValueError("a value of an unknown kind")
