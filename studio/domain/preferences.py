"""What a person has settled for themselves."""

from dataclasses import dataclass
from enum import StrEnum


class RemixConsent(StrEnum):
    """Who may build on one's pictures."""

    ANYONE = "anyone"
    ASK = "ask"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """None leaves it to the house. `direct_messages`: finished pictures come by direct message as well."""

    remix: RemixConsent = RemixConsent.ANYONE
    direct_messages: bool = False
    model: str | None = None
    style: str | None = None
    aspect: str | None = None
    count: int | None = None


DEFAULT = Preferences()
