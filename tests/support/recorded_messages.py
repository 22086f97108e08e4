"""Which message is recorded for a subject."""

from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.domain.deliveries import MessageRef, Subject


def find_message(database: Database, subject: Subject) -> MessageRef | None:
    with database.read() as session:
        return message_of(session, subject.kind, subject.id)
