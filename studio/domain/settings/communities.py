"""What the moderators of a community have settled for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from studio.domain.people import Address, Platform
from studio.domain.settings.channels import NOTHING_OF_ITS_OWN, ChannelRules, combine
from studio.domain.settings.languages import Language
from studio.errors import OutOfCreditsError

PING_AFTER = timedelta(seconds=30)
LOCKDOWN_LASTS = timedelta(hours=1)


class Tier(StrEnum):
    """How far the instance trusts a person, from least to most."""

    NEWCOMER = "newcomer"
    MEMBER = "member"
    TRUSTED = "trusted"
    MODERATOR = "moderator"


class ResultPlacement(StrEnum):
    """Where the result of a variation, edit, expansion, blend or upscale goes, if its source stands in the channel."""

    REPLY = "reply"  # a reply to the message of the source
    THREAD = "thread"  # the thread of that message
    CHANNEL = "channel"  # a message of its own


class Lockdown(StrEnum):
    """What is stopped in a raid, for `LOCKDOWN_LASTS`."""

    NEWCOMERS = "newcomers"  # their requests wait for a moderator
    UPLOADS = "uploads"  # of everybody but moderators
    ALL = "all"


class Hosts(StrEnum):
    """Who may open gatherings: everybody from this tier on, or nobody."""

    MEMBER = "member"
    TRUSTED = "trusted"
    MODERATORS = "moderators"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerLimits:
    """As how many people newcomers count together who came from one address, or with one invite word; at least 1."""

    per_address: int
    per_invite: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCredits:
    """What is `left` for a newcomer of what they share with others of an address or invite (`scope`).

    `until` is the end of their first day, when they share no more.
    """

    scope: str
    left: int
    until: datetime

    def require(self, needed: int, *, at: datetime) -> None:
        """Raises `OutOfCreditsError`. `at` is when they are wanted."""
        if self.left < needed:
            raise OutOfCreditsError(
                needed=needed, balance=self.left, at=at, scope=self.scope, until=self.until
            )


# Of channels, and of what several people read or do: the rules that mean nothing where one is alone with the bot.
_OF_MANY = (
    "channels",
    "desk_channel",
    "log_channel",
    "star_channel",
    "recap_channel",
    "pools",
    "results",
    "ping",
    "gatherings",
    "language",
    "platform_language",
    "by_channel",
    "home_server",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityRules:
    """Channels are the platform's ids. Empty `channels`: everywhere. None leaves it to the administrator.

    `pools` give channels a budget of their own, in credits a month: jobs there draw on it first.
    `tiers` maps a role of the platform to a tier, `monthly_credits` a tier to credits a month, and `stances` a
    category of the policy to an action, which may only be stricter than the administrator's policy. So are
    `thresholds`, by category, `accepted_languages` (empty: all of the administrator's), `other_languages`, an action,
    and `public_figures`, a role to an action.
    `by_channel` says what is different in a channel, `in_place` what holds where somebody asks.
    `words` maps words or phrases to what `WordAction` says, on top of the operator's lists. `ping`: a finished job that
    took longer than `PING_AFTER` pings its owner.
    """

    paused: bool = False
    channels: tuple[str, ...] = ()
    model: str | None = None
    desk_channel: str | None = None  # where moderators see cases
    log_channel: str | None = None  # where the digest goes
    star_channel: str | None = None
    star_threshold: int = 3
    recap_channel: str | None = None  # where everybody reads what happened in the week
    max_pictures: int | None = None
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    monthly_credits: Mapping[Tier, int] = field(default_factory=dict)
    stances: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    accepted_languages: tuple[str, ...] = ()  # ISO 639-1 codes
    other_languages: str | None = None
    public_figures: Mapping[str, str] = field(default_factory=dict)
    pools: Mapping[str, int] = field(default_factory=dict)
    results: ResultPlacement = ResultPlacement.REPLY
    ping: bool = False
    gatherings: Hosts = Hosts.MEMBER
    words: Mapping[str, str] = field(default_factory=dict)
    newcomers_held_until: datetime | None = None
    uploads_paused_until: datetime | None = None
    language: Language | None = None  # of what everybody reads; None: the server's own
    platform_language: Language | None = None  # the server's own, as the platform said last
    newcomers_vote: bool = False  # whether the votes of newcomers count in gatherings
    by_channel: Mapping[str, ChannelRules] = field(default_factory=dict)
    home_server: str | None = None  # of all direct messages together: the community whose rules hold there

    def for_one_person(self) -> "CommunityRules":
        """What holds for somebody who is alone with the bot: all but what is about channels and other people."""
        return replace(self, **{name: getattr(DEFAULT, name) for name in _OF_MANY})

    def in_place(self, address: Address | None) -> ChannelRules:
        """What the channel of an address adds, and that of a thread its own. None: no channel, as for an upload.

        On Discord a channel is age-restricted if Discord says so: its people are asked for their age there.
        """
        if address is None:
            return NOTHING_OF_ITS_OWN
        here = combine(self.by_channel[place] for place in address.places if place in self.by_channel)
        if address.platform is Platform.DISCORD or address.age_restricted:
            here = replace(here, age_restricted=address.age_restricted)
        return here

    @property
    def reading_language(self) -> Language:
        """In which everybody reads who reads together."""
        return self.language or self.platform_language or Language.ENGLISH

    def holds_newcomers(self, at: datetime) -> bool:
        """Whether requests of newcomers wait for a moderator, after a press in a raid."""
        return self.newcomers_held_until is not None and at < self.newcomers_held_until

    def pauses_uploads(self, at: datetime) -> bool:
        return self.uploads_paused_until is not None and at < self.uploads_paused_until


DEFAULT = CommunityRules()
