"""/link: one human, several identities: one gallery, one quota, one ban."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Linked, LinkOffered
from studio.commands.spec import Call, CommandSpec
from studio.db import credit_ledger
from studio.db.identities import linked_identities
from studio.db.identities.people import find_person, lock_person
from studio.db.tables import LinkCodeRow
from studio.domain.identifiers import new_code
from studio.errors import BadParameterError
from studio.ports import Ports
from studio.services.identity_linking import identities_of_account, link_people, part_people

_LASTS = timedelta(minutes=15)
_LENGTH = 10  # 49 random bits
PART = "part"  # no code is that short


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    code: str | None = None


def link(ports: Ports, call: Call, command: Link) -> LinkOffered | Linked:
    """Without a code it gives one; with the code of another identity the two become one; `PART` undoes that.

    Raises `BadParameterError` for a code that is unknown, too old, or one's own, and for parting from nobody else.
    """
    with ports.database.begin() as session:
        session.execute(delete(LinkCodeRow).where(LinkCodeRow.expires_at < now()))
        if (command.code or "").strip().lower() == PART:
            return _unlink(session, call)
        return _link(session, call, command.code) if command.code else _offer(session, call)


def _offer(session: Session, call: Call) -> LinkOffered:
    lock_person(session, call.person)
    session.execute(delete(LinkCodeRow).where(LinkCodeRow.person_key == call.person.key))
    code = new_code(_LENGTH)
    row = LinkCodeRow(code=code, person_key=call.person.key, expires_at=now() + _LASTS)
    session.add(row)
    return LinkOffered(code=code, expires_at=row.expires_at)


def _link(session: Session, call: Call, code: str) -> Linked:
    wanted = code.strip().lower()
    if offered := session.get(LinkCodeRow, wanted):
        linked_identities.lock_identities(session, offered.person_key, call.person.key)
    lock_person(session, call.person)
    row = session.get(LinkCodeRow, wanted, with_for_update=True, populate_existing=True)
    if row is None:
        raise BadParameterError("code", "unknown_code")
    if row.person_key == call.person.key:
        raise BadParameterError("code", "own_code")
    link_people(session, row.person_key, call.person.key)
    session.delete(row)
    session.flush()
    keys = linked_identities.identities(session, call.person.key)
    return Linked(identities=tuple(find_person(session, key) for key in keys))


def _unlink(session: Session, call: Call) -> Linked:
    linked_identities.lock_identities(session, call.person.key)
    lock_person(session, call.person)
    keys = linked_identities.identities(session, call.person.key)
    own = identities_of_account(session, call.person)
    credit_ledger.lock(session, *keys)
    if len(keys) == len(own):
        raise BadParameterError("code", "nothing_linked" if len(own) == 1 else "one_account")
    part_people(session, *own)
    session.execute(delete(LinkCodeRow).where(LinkCodeRow.person_key.in_(own)))
    return Linked(identities=(call.person,))


SPEC = CommandSpec(
    name="link",
    summary="Join your identities on Discord, Slack and the web: one gallery, one quota.",
    example="/link k3v9m2p4qx",
    build=Link,
    handle=link,
    parameters=(
        Parameter(
            name="code",
            kind=Kind.TEXT,
            summary="The code that /link gave you on the other platform; or part, to undo your links.",
            max_length=16,
            positional=True,
        ),
    ),
    paints=False,
    rationed=True,
)
