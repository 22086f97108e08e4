"""What an address says of its place, and in which language one reads there."""

from sqlalchemy.orm import Session

from studio.db.settings import community_rules, preferences_of
from studio.domain.people import Address, Person, Platform
from studio.domain.settings.languages import Language


def is_direct(address: Address) -> bool:
    """Whether it was asked for in direct messages to the bot, where nobody else reads."""
    if address.platform is Platform.SLACK:
        return address.channel.startswith("D")
    return address.platform is Platform.DISCORD and not address.community.isdecimal()


def language_of(session: Session, address: Address, person: Person) -> Language:
    """Of what somebody asked for there: their own in direct messages, else that of the community."""
    if is_direct(address):
        return language_of_person(session, person)
    return language_of_community(session, person.platform, person.community)


def language_of_person(session: Session, person: Person) -> Language:
    return preferences_of(session, person.key).reading_language


def language_of_community(session: Session, platform: Platform, community: str) -> Language:
    return community_rules(session, platform, community).reading_language
