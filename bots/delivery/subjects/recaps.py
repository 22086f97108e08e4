"""The weekly recap of a community, read when it is sent, so that it shows nothing that was deleted meanwhile."""

import hashlib
from datetime import UTC, datetime

from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import language_of_community
from bots.delivery.transport import Place
from bots.presentation.compose.gatherings.recaps.recap import compose_recap
from bots.texts.languages.readers import reading_in
from studio.clock import now
from studio.db.database import Database
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.events import RecapDue
from studio.recaps.weekly_recap import read_recap
from studio.services.weekly_digest import WEEK


def draft_recap(database: Database, event: RecapDue) -> Draft | None:
    """None after a week in which nothing happened. Blocking."""
    since = datetime.fromisoformat(event.week).replace(tzinfo=UTC)
    with database.read() as session:
        recap = read_recap(session, event.platform, event.community, since=since, until=since + WEEK)
        language = language_of_community(session, event.platform, event.community)
    if recap.is_empty:
        return None
    key = f"{event.community}:{event.channel}:{event.week}"
    subject = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
    with reading_in(language):
        message = compose_recap(recap)
    return Draft(
        subject=Subject(DeliveryKind.RECAP, subject, event.platform),
        message=message,
        language=language,
        places=(Place(community=event.community, channel=event.channel),),
        since=now(),
    )
