"""The home server: its rules, bans and limits hold for people who are alone with the bot, too.

Discord says that both are one account, so nobody has to link them.
"""

from studio.db.database import Database
from studio.db.identities.linked_identities import lock_identities, same_human
from studio.db.identities.people import lock_person
from studio.db.settings import home_server, save_home_server
from studio.db.tables import PersonRow
from studio.domain.people import Person, Platform
from studio.services.identity_linking import link_people


def record_home_server(database: Database, home: str | None) -> None:
    """For every process of the instance. Raises `DatabaseUnavailableError`."""
    with database.read() as session:
        known = home_server(session, Platform.DISCORD)
    if known != home:
        with database.begin() as session:
            save_home_server(session, Platform.DISCORD, home)


def link_to_home(database: Database, person: Person, home: str) -> None:
    """One human with the member of the home server, if they were ever seen there. Raises `DatabaseUnavailableError`."""
    key = Person.key_of(Platform.DISCORD, home, person.user_id)
    with database.read() as session:
        if session.get(PersonRow, key) is None or same_human(session, key, person.key):
            return
    with database.begin() as session:
        lock_identities(session, key, person.key)
        lock_person(session, person, present=False)
        link_people(session, key, person.key)
