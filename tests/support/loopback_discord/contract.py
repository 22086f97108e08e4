"""What Discord says of its own API: each request of the bot's is held against it, where the document is at hand."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS31Validator

DOCUMENT = Path(__file__).resolve().parents[4] / "shared" / "discord_openapi.json"


@dataclass(kw_only=True)
class Contract:
    """`problems` gathers what was wrong with the requests seen so far, `seen` the operations."""

    document: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._operations = sorted(self._compiled(), key=lambda operation: operation[1].count("{"))
        self._validators: dict[str, OAS31Validator] = {}

    def _compiled(self) -> Iterator[tuple[re.Pattern[str], str, Mapping[str, Any]]]:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\\{[^}]+\\\}", r"[^/]+", re.escape(template))
            yield re.compile(pattern), template, operations

    def check(self, method: str, path: str, body: object, *, multipart: bool) -> None:
        """`body` is the JSON of a request, or of its ``payload_json`` part."""
        for pattern, template, operations in self._operations:
            if pattern.fullmatch(path) and method.lower() in operations:
                self.seen.add(f"{method} {template}")
                self._check_body(f"{method} {template}", operations[method.lower()], body, multipart)
                return
        self.problems.append(f"{method} {path} is not in Discord's API")

    def _check_body(self, name: str, operation: Mapping[str, Any], body: object, multipart: bool) -> None:
        content = operation.get("requestBody", {}).get("content", {})
        kind = "multipart/form-data" if multipart else "application/json"
        if body is None or not content:
            if body not in (None, {}) and not content:
                self.problems.append(f"{name} takes no body")
            return
        if kind not in content:
            self.problems.append(f"{name} does not take {kind}")
            return
        validator = self._validator(f"{name} {kind}", content[kind]["schema"])
        for error in validator.iter_errors(body):
            place = "/".join(map(str, error.absolute_path))
            # A file's place in the request is a number, says Discord's reference and sends discord.py.
            if place.startswith("attachments/") and place.endswith("/id") and isinstance(error.instance, int):
                continue
            self.problems.append(f"{name}: {place}: {error.message[:300]}")

    def _validator(self, name: str, schema: Mapping[str, Any]) -> OAS31Validator:
        if name not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[name] = OAS31Validator(whole)
        return self._validators[name]


def load_contract() -> Contract | None:
    """None where the document is not at hand."""
    return Contract(document=json.loads(DOCUMENT.read_text())) if DOCUMENT.exists() else None
