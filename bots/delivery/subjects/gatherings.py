"""The message of a gathering, and what is said in its thread or to one person."""

from collections.abc import Mapping

from bots.delivery.attachments import Attachment
from bots.delivery.subjects.draft import Draft
from bots.delivery.subjects.places import language_of, language_of_person
from bots.delivery.transport import Place
from bots.presentation.compose.gatherings.management import with_management, with_page
from bots.presentation.compose.gatherings.registry import find_presenter
from bots.presentation.compose.gatherings.remarks import compose_remark
from bots.queries.gathering_view import GatheringView, load_gathering_view
from bots.texts.languages.readers import reading_in
from studio.db.database import Database
from studio.db.identities.people import find_person
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.events import GatheringRemark
from studio.domain.people import Person
from studio.domain.settings.languages import Language
from studio.errors import NotFoundError
from studio.ports import Ports


class GatheringDrafts:
    """`pixelated`: the platform has no spoilers. `web_url`: where the pages of gatherings are; empty: nowhere."""

    def __init__(self, database: Database, *, pixelated: bool, web_url: str = "") -> None:
        self._database = database
        self._web_url = web_url
        self._pixelated = pixelated

    def compose(self, gathering_id: str) -> Draft:
        """Raises `NotFoundError`."""
        view = load_gathering_view(self._database, gathering_id, pixelated=self._pixelated)
        gathering = view.gathering
        presenter = find_presenter(gathering.kind)

        def draw(ports: Ports, limit_bytes: int) -> Mapping[str, Attachment]:
            drawings = presenter.draw(ports, view, limit_bytes)
            return {name: Attachment(data=made.data, suffix=made.suffix) for name, made in drawings.items()}

        language = self._language_there(view)
        with reading_in(language):
            managed = with_management(presenter.message(view), view, presenter.name)
            message = with_page(managed, view, self._web_url)
        return Draft(
            subject=Subject(DeliveryKind.GATHERING, gathering.id, gathering.address.platform),
            message=message,
            language=language,
            places=(_place_of(view),),
            since=gathering.opened_at,
            ref=view.message_ref,
            final=gathering.is_over,
            is_replaced=not gathering.is_over,
            draw=draw,
        )

    def remark(self, remark: GatheringRemark) -> Draft | None:
        """What is said once; None where there is no place for it. Raises `NotFoundError`."""
        view = load_gathering_view(self._database, remark.gathering_id, pixelated=self._pixelated)
        person = self._find(remark.person) if remark.person else None
        places: tuple[Place, ...] = (_thread_of(view, person),)
        if remark.private:
            if person is None:
                return None
            direct = Place(community=view.gathering.address.community, person=person)
            places = (direct, *places) if remark.or_in_thread else (direct,)
        language = self._language_there(view)
        if remark.private and person is not None:
            with self._database.read() as session:
                language = language_of_person(session, person)
        with reading_in(language):
            message = compose_remark(view, remark, person)
        return Draft(
            subject=Subject(DeliveryKind.REMARK, view.gathering.id, view.gathering.address.platform),
            nonce=f"{view.gathering.id}-{remark.number}",
            message=message,
            places=places,
            since=view.gathering.opened_at,
            language=language,
        )

    def _language_there(self, view: GatheringView) -> Language:
        """Direct messages are a community of their own."""
        with self._database.read() as session:
            return language_of(session, view.gathering.address, view.host)

    def _find(self, key: str) -> Person | None:
        """None for somebody who was forgotten meanwhile."""
        try:
            with self._database.read() as session:
                return find_person(session, key)
        except NotFoundError:
            return None


def _place_of(view: GatheringView) -> Place:
    address = view.gathering.address
    return Place(community=address.community, channel=address.channel, thread=address.thread)


def _thread_of(view: GatheringView, person: Person | None) -> Place:
    """The thread beside the gathering's message; the channel while there is none."""
    address, ref = view.gathering.address, view.message_ref
    mentions = (person,) if person else ()
    if ref is None:
        return Place(
            community=address.community, channel=address.channel, thread=address.thread, mentions=mentions
        )
    return Place(
        community=address.community,
        channel=ref.channel,
        thread=ref.thread,
        reply_to=ref,
        in_thread=True,
        mentions=mentions,
    )
