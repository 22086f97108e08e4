"""The cases on a moderator's desk."""

from studio.db import cases
from studio.db.database import Database
from studio.domain.cases import CaseDetails
from studio.domain.people import Person
from studio.errors import NotAllowedError, NotFoundError
from studio.ports import Desk


def read_for(database: Database, desk: Desk, moderator: Person, case_id: str) -> CaseDetails:
    """A case of the moderator's own desk. Raises `NotAllowedError` for somebody who does not moderate, and
    `NotFoundError` for a case of another desk.
    """
    if not moderator.moderates:
        raise NotAllowedError("moderators_only")
    with database.read() as session:
        if cases.find_case(session, case_id, viewer=moderator).addressee:
            raise NotFoundError("case", id=case_id[:12])
    return desk.read(case_id)


def open_cases(database: Database, moderator: Person) -> list[str]:
    """The ids of the cases on the moderator's desk."""
    with database.read() as session:
        return [case.id for case in cases.desk_cases(session, moderator)]
