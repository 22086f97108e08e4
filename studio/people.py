"""Who acts, and where an answer goes."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Platform(StrEnum):
    DISCORD = "discord"
    SLACK = "slack"
    WEB = "web"
    CLI = "cli"


class Role(StrEnum):
    MEMBER = "member"
    TRUSTED = "trusted"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One identity on one platform."""

    platform: Platform
    community: str
    user_id: str
    display_name: str
    roles: frozenset[Role] = field(default_factory=lambda: frozenset({Role.MEMBER}))

    @property
    def key(self) -> str:
        """The identity as one string, e.g. ``discord:8123:77``; stable when the display name changes."""
        return f"{self.platform}:{self.community}:{self.user_id}"

    @property
    def moderates(self) -> bool:
        return Role.MODERATOR in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an answer goes. `token` is an interaction token, worthless after `token_expires_at`."""

    platform: Platform
    community: str
    channel: str
    thread: str | None = None
    message: str | None = None
    token: str | None = field(default=None, repr=False)
    token_expires_at: datetime | None = None
