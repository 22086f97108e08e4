"""Makes one human of two identities: one gallery, one account of credits, one ballot, one ban."""

from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import credit_ledger
from studio.db.gatherings.ballot_rows import merge_humans
from studio.db.identities import linked_identities


def link_people(session: Session, person_key: str, other_key: str) -> None:
    """Both have rows, held until the commit (`linked_identities.lock_identities`). Nothing happens if they are one."""
    into, other = (linked_identities.human_of(session, key) for key in (person_key, other_key))
    if into == other:
        return
    credit_ledger.merge(session, into, other, person_key=other_key, at=now())
    linked_identities.link(session, person_key, other_key)
    merge_humans(session, into, other)
