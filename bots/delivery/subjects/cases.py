"""The message of a case on the desk channel, and the question to the owner of a picture."""

from collections.abc import Iterator

from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import is_direct, language_of_person
from bots.delivery.transport import Place
from bots.presentation.compose.cases import compose_case, compose_question
from bots.texts.languages.readers import reading_in
from studio.db import settings
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.identities.people import person_of
from studio.db.tables import PersonRow
from studio.domain.cases import CaseDetails, CaseState
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Person
from studio.ports import Desk


class CaseDrafts:
    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk

    def compose(self, case_id: str) -> Draft:
        """Without a desk channel a case has no message: /cases lists it still. Raises `NotFoundError`."""
        details = self._desk.read(case_id)
        case = details.case
        subject = Subject.of_case(case)
        with self._database.read() as session:
            rules = settings.community_rules(session, case.platform, case.community)
            ref = message_of(session, subject.kind, case.id)
            owner = session.get(PersonRow, case.addressee) if case.addressee else None
            language = language_of_person(session, person_of(owner)) if owner else rules.reading_language
        is_closed = case.state is CaseState.CLOSED
        if subject.kind is DeliveryKind.QUESTION:
            places = tuple(_where_to_ask(details, person_of(owner) if owner else None, ref))
        else:
            desk = rules.desk_channel or (ref.channel if ref else "")
            places = (Place(community=case.community, channel=desk),) if desk else ()
            language = rules.reading_language
        with reading_in(language):
            is_question = subject.kind is DeliveryKind.QUESTION
            message = compose_question(details) if is_question else compose_case(details)
        is_shown = bool(places) and (ref is not None or not is_closed)
        return Draft(
            subject=subject,
            message=message if is_shown else None,
            places=places,
            since=case.opened_at,
            ref=ref if is_shown else None,
            final=is_closed,
            is_replaced=not is_closed and subject.kind is DeliveryKind.CASE and bool(rules.desk_channel),
            language=language,
        )


def _where_to_ask(details: CaseDetails, owner: Person | None, ref: MessageRef | None) -> Iterator[Place]:
    """By direct message, else where the other person asked, unless that was in private."""
    case, job = details.case, details.job
    if owner is not None:
        yield Place(community=case.community, person=owner)
    elif ref is not None:
        yield Place(community=case.community, channel=ref.channel)
    if owner and job and job.address.platform is case.platform and not is_direct(job.address):
        address = job.address
        if address.by_token:
            return
        yield Place(
            community=address.community, channel=address.channel, thread=address.thread, mentions=(owner,)
        )
