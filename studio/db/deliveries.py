"""Reading which message shows a subject; `bots.delivery.deliveries` writes it."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Platform


def message_of(session: Session, kind: DeliveryKind, subject_id: str) -> MessageRef | None:
    """None while there is no message, also while it is being sent."""
    return ref_of(session.get(DeliveryRow, (kind, subject_id)))


def forget_message(session: Session, kind: DeliveryKind, subject_id: str) -> None:
    """The subject is shown by a new message from now on."""
    session.execute(delete(DeliveryRow).where(DeliveryRow.kind == kind, DeliveryRow.subject == subject_id))


def find_subject(
    session: Session, platform: Platform, message: str, *, channel: str | None = None
) -> Subject | None:
    """What a message shows. Where messages are numbered by channel, name the channel."""
    query = select(DeliveryRow).where(DeliveryRow.message == message, DeliveryRow.platform == platform)
    if channel is not None:
        query = query.where(DeliveryRow.channel == channel)
    row = session.scalars(query.limit(1)).first()
    return Subject(DeliveryKind(row.kind), row.subject, platform) if row else None


def ref_of(row: DeliveryRow | None) -> MessageRef | None:
    """None while there is no message."""
    if row is None or not row.message:
        return None
    return MessageRef(channel=row.channel, message=row.message, thread=row.thread, final=row.final)
