"""What an address says of its place, and in which language one reads there."""

from sqlalchemy.orm import Session

from studio.db.settings import community_rules, preferences_of
from studio.domain.people import Address, Person, Platform
from studio.domain.settings.languages import Language


def is_direct(address: Address) -> bool:
    """Whether it was asked for in direct messages to the bot, where nobody else reads."""
    return address.is_direct


def language_of(session: Session, address: Address, person: Person) -> Language:
    """Of what somebody asked for there: their own in direct messages and where the bot is not, else the community's."""
    if is_direct(address) or address.by_token:
        return language_of_person(session, person)
    return language_of_community(session, person.platform, person.community)


def language_of_person(session: Session, person: Person) -> Language:
    return preferences_of(session, person.key).reading_language


def language_of_community(session: Session, platform: Platform, community: str) -> Language:
    return community_rules(session, platform, community).reading_language
