"""Prompts that were proposed to somebody, before one of them is painted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_SUGGESTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`data` is the command that waits for one of the `prompts`."""

    id: str
    person_key: str
    command: str
    prompts: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsProposed:
    """Prompts of which a person may have one painted."""

    proposal: Proposal
