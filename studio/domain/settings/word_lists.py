"""The words that a community's moderators have settled, and what they would have done."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class WordAction(StrEnum):
    REFUSE = "refuse"
    HOLD = "hold"
    ALLOW = "allow"  # a phrase in which the community's other words may stand


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTrial:
    """What words would have done to the `requests` of the last `days`. `examples` are jobs, by id, newest first."""

    days: int
    requests: int
    refused: int
    held: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsShown:
    """A community's words as they are now. `trial`: what `tried` would do, or does since it was `applied`."""

    words: Mapping[str, str]
    tried: tuple[str, ...] = ()
    action: str = ""
    trial: WordTrial | None = None
    applied: bool = False
