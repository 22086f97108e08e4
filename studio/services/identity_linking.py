"""Makes one human of two identities, and two of one: one gallery, one account of credits, one ballot, one ban."""

from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import credit_ledger
from studio.db.gatherings.ballot_rows import merge_humans
from studio.db.identities import linked_identities
from studio.db.settings import home_server
from studio.domain.people import DIRECT_MESSAGES, Person


def link_people(session: Session, person_key: str, other_key: str) -> None:
    """Both have rows, held until the commit (`linked_identities.lock_identities`). Nothing happens if they are one."""
    into, other = (linked_identities.human_of(session, key) for key in (person_key, other_key))
    if into == other:
        return
    credit_ledger.merge(session, into, other, person_key=other_key, at=now())
    linked_identities.link(session, person_key, other_key)
    merge_humans(session, into, other)


def identities_of_account(session: Session, person: Person) -> tuple[str, ...]:
    """The keys that stay together whatever is parted, the person's own first.

    Two for somebody who is linked as a member of the home server and as the person alone with the bot: bans hold in
    both, and the next command would link them again.
    """
    home = home_server(session, person.platform)
    if home is None or not (person.is_alone or person.community == home):
        return (person.key,)
    elsewhere = home if person.is_alone else f"{DIRECT_MESSAGES}{person.user_id}"
    other = Person.key_of(person.platform, elsewhere, person.user_id)
    linked = other in linked_identities.identities(session, person.key)
    return (person.key, other) if linked else (person.key,)


def part_people(session: Session, *person_keys: str) -> None:
    """These stand apart from all others and remain one human. Their rows and accounts are held until the commit."""
    first, *rest = person_keys
    for key in rest:
        linked_identities.unlink(session, key)
    credit_ledger.unlink(session, first, at=now())
    for key in rest:
        linked_identities.link(session, first, key)
