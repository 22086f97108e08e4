"""What one message is to show, read from the database in one go; and the message with its files, ready to be sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bots.delivery.attachments import Attachment
from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.message_files import load_files
from bots.delivery.transport import OutgoingMessage, Place
from bots.presentation.compose.job_message import with_missing_files
from bots.presentation.message import Message, Paragraph, PersonName
from bots.queries.job_view import JobView
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.settings.languages import Language
from studio.ports import Ports

Draw = Callable[[Ports, int], Mapping[str, Attachment]]
_NOTHING_MADE: Mapping[str, Attachment] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """How a subject is shown now. Without a `message` it is not shown, and the message that there is goes.

    `places` are tried in this order for a new message; the first is also where an edit belongs. `ref` is the message
    that there is. `since`: no message of the subject is older. `final`: this is how the subject ends.
    `is_replaced`: a new message is sent when somebody deleted it. `needs_files`: it is nothing without its pictures.
    `pings`: its person is told when they first see the end. `job_view` is the job that a job's message shows.
    `draw` makes the message's drawings, each of at most so many bytes. Blocking. `language` is that of its readers.
    """

    subject: Subject
    message: Message | None
    places: tuple[Place, ...]
    since: datetime
    ref: MessageRef | None = None
    nonce: str = ""
    final: bool = False
    is_replaced: bool = False
    needs_files: bool = False
    pings: bool = False
    job_view: JobView | None = None
    draw: Draw | None = None
    language: Language = Language.ENGLISH


# From the id of a subject. Blocking; raises `NotFoundError`.
Compose = Callable[[str], Draft]


def prepare(
    ports: Ports,
    draft: Draft,
    place: Place,
    *,
    limit_bytes: int,
    made: Mapping[str, Attachment] = _NOTHING_MADE,
) -> OutgoingMessage:
    """The draft's message with its files, each of at most `limit_bytes`. `made` are previews. Blocking.

    Raises `StorageError`, and `DestinationUnreachableError` where what it needs is gone.
    """
    message = draft.message
    if message is None:
        raise ValueError("a draft without a message cannot be sent")
    if draft.subject.kind is DeliveryKind.QUESTION and place.mentions:
        message = replace(message, parts=(_address_line(place), *message.parts))
    drawn = draft.draw(ports, limit_bytes) if draft.draw else {}
    loaded = load_files(ports, message, limit_bytes=limit_bytes, made={**made, **drawn})
    if loaded.missing:
        if draft.needs_files:
            raise DestinationUnreachableError
        message = with_missing_files(message, loaded.missing)
    return OutgoingMessage(
        subject=draft.subject,
        nonce=draft.nonce or draft.subject.nonce,
        place=place,
        message=message,
        files=loaded.files,
        final=draft.final,
    )


def _address_line(place: Place) -> Paragraph:
    """Whom a question in a channel is for."""
    return Paragraph((*(PersonName(person) for person in place.mentions), ":"))
