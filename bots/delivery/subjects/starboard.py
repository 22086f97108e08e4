"""The message of a starred picture."""

from collections.abc import Callable

from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import language_of_community
from bots.delivery.transport import Place
from bots.presentation.compose.starboard import compose_starboard
from bots.queries.starboard_entry import load_starboard_entry
from bots.texts.languages.readers import reading_in
from studio.db import queries
from studio.db.database import Database
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.identifiers import split_picture_id
from studio.errors import NotFoundError

# From a community and a message of it: a link to the message, empty where there is none.
LinkTo = Callable[[str, MessageRef], str]


class StarboardDrafts:
    """`pixelated`: the platform has no spoilers, so what a moderator hid is shown as a coarse copy."""

    def __init__(self, database: Database, link_to: LinkTo, *, pixelated: bool) -> None:
        self._database = database
        self._link_to = link_to
        self._pixelated = pixelated

    def compose(self, picture_id: str) -> Draft:
        """Without a message for a picture that was deleted or hidden, or has too few stars. Raises `NotFoundError`."""
        entry, ref = load_starboard_entry(self._database, picture_id)
        split = split_picture_id(picture_id)
        if split is None:
            raise NotFoundError("picture", id=picture_id[:14])
        with self._database.read() as session:
            job = queries.find_job(session, split[0])
            language = language_of_community(session, job.person.platform, job.person.community)
        message = None
        if entry:
            url = self._link_to(job.person.community, entry.shown_at) if entry.shown_at else ""
            with reading_in(language):
                message = compose_starboard(entry, url=url, pixelated=self._pixelated)
        channel = entry.channel if entry else ref.channel if ref else ""
        return Draft(
            subject=Subject(DeliveryKind.STARBOARD, picture_id, job.person.platform),
            nonce=f"star-{picture_id}",
            message=message,
            places=(Place(community=job.person.community, channel=channel),),
            since=job.ended_at or job.created_at,
            ref=ref,
            needs_files=True,
            language=language,
        )
