"""The greeting of a community that the bot was added to."""

import hashlib
from collections.abc import Sequence

from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import language_of_community
from bots.delivery.transport import Place
from bots.presentation.compose.help import compose_greeting
from bots.texts.languages.readers import reading_in
from studio.clock import now
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.people import Platform


def draft_greeting(
    database: Database, platform: Platform, community: str, places: Sequence[Place], *, invitation: str = ""
) -> Draft | None:
    """None where it was greeted before, however often the bot left and came back. Blocking.

    `invitation` as in `compose_greeting`.
    """
    digest = hashlib.blake2b(f"{platform}:{community}".encode(), digest_size=6).hexdigest()
    subject = Subject(DeliveryKind.GREETING, digest, platform)
    with database.read() as session:
        if message_of(session, subject.kind, subject.id) is not None:
            return None
        language = language_of_community(session, platform, community)
    with reading_in(language):
        message = compose_greeting(invitation=invitation)
    return Draft(subject=subject, message=message, language=language, places=tuple(places), since=now())
