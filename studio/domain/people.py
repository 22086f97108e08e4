"""Who acts, and where an answer goes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Platform(StrEnum):
    DISCORD = "discord"
    SLACK = "slack"
    WEB = "web"
    CLI = "cli"


DIRECT_MESSAGES = "dm:"  # begins the name of such a community, before the person's id


class Role(StrEnum):
    MEMBER = "member"
    TRUSTED = "trusted"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One identity on one platform. The times and `guest` are known where the platform tells them."""

    platform: Platform
    community: str
    user_id: str
    display_name: str
    roles: frozenset[Role] = field(default_factory=lambda: frozenset({Role.MEMBER}))
    platform_roles: frozenset[str] = (
        frozenset()
    )  # the platform's own role ids, which a community may map to tiers
    account_created_at: datetime | None = None
    joined_at: datetime | None = None
    guest: bool = False  # from another organisation, as over Slack Connect

    @property
    def key(self) -> str:
        """The identity as one string, e.g. ``discord:8123:77``; stable when the display name changes."""
        return self.key_of(self.platform, self.community, self.user_id)

    @property
    def home(self) -> tuple[Platform, str]:
        return self.platform, self.community

    @classmethod
    def key_of(cls, platform: Platform, community: str, user_id: str) -> str:
        return f"{platform}:{community}:{user_id}"

    @staticmethod
    def community_of(key: str) -> str:
        """Of a person's key."""
        return key.partition(":")[2].rpartition(":")[0]

    @property
    def is_alone(self) -> bool:
        """In direct messages that are a community of their own, as on Discord."""
        return self.community.startswith(DIRECT_MESSAGES)

    @property
    def moderates(self) -> bool:
        return Role.MODERATOR in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A person as the records know them, to tell namesakes apart. `last_seen_at` None: not since it is written down."""

    person: Person
    first_seen_at: datetime
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an answer goes. `token` is an interaction token, worthless after `token_expires_at`.

    `parent` is the channel or forum that `channel` is a thread of, where threads have ids of their own.
    `age_restricted`: the platform, or of a job's address the community's rules, keep minors out of the channel.
    `private`: not everybody of the community may read there, as in direct messages.
    `by_token`: a place that the bot is not in, where it may answer with the interaction's token alone.
    """

    platform: Platform
    community: str
    channel: str
    thread: str | None = None
    parent: str | None = None
    message: str | None = None
    token: str | None = field(default=None, repr=False)
    token_expires_at: datetime | None = None
    private: bool = False
    age_restricted: bool = False
    by_token: bool = False

    @property
    def home(self) -> tuple[Platform, str]:
        """The community whose members meet there, as `Person.home`.

        On an Enterprise Grid a Slack workspace is addressed together with its organisation.
        """
        is_slack = self.platform is Platform.SLACK
        return self.platform, self.community.rpartition(":")[2] if is_slack else self.community

    @property
    def is_direct(self) -> bool:
        """In direct messages to the bot, where nobody else reads."""
        if self.platform is Platform.SLACK:
            return self.channel.startswith("D")
        return self.platform is Platform.DISCORD and not self.community.isdecimal() and not self.by_token

    def closes_within(self, margin: timedelta, *, at: datetime) -> bool:
        """Whether the bot will soon be able to answer there no more."""
        expires_at = self.token_expires_at
        return self.by_token and (expires_at is None or expires_at - at < margin)

    @property
    def places(self) -> tuple[str, ...]:
        """What may be named to mean this place, the nearest first."""
        return tuple(place for place in (self.thread, self.channel, self.parent) if place)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaidSigns:
    """How many joined, were refused and were reported in the last quarter of an hour."""

    joins: int
    refusals: int
    reports: int
