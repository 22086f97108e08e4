"""What a person has settled for themselves."""

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.settings.languages import Language


class RemixConsent(StrEnum):
    """Who may build on one's pictures."""

    ANYONE = "anyone"
    ASK = "ask"
    NOBODY = "nobody"


class BuiltOn(StrEnum):
    """When somebody hears that others built on their pictures."""

    OFF = "off"
    NOW = "now"  # as soon as the new picture is done
    DAILY = "daily"  # once for all of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """None leaves it to the instance. `direct_messages`: finished pictures come by direct message as well.

    `platform_language` is no choice of theirs: it is what their platform said last, for messages that answer nothing.
    """

    remix: RemixConsent = RemixConsent.ANYONE
    direct_messages: bool = False
    model: str | None = None
    style: str | None = None
    aspect: str | None = None
    count: int | None = None
    built_on: BuiltOn = BuiltOn.OFF  # nobody gets direct messages unasked
    recap: bool = True  # whether recaps and leaderboards may name them
    language: Language | None = None  # None: what their platform says
    platform_language: Language | None = None

    @property
    def reading_language(self) -> Language:
        return self.language or self.platform_language or Language.ENGLISH


DEFAULT = Preferences()
