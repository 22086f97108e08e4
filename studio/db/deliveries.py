"""Reading which message shows a subject; `bots.delivery.deliveries` writes it."""

from sqlalchemy.orm import Session

from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, MessageRef


def message_of(session: Session, kind: DeliveryKind, subject_id: str) -> MessageRef | None:
    """None while there is no message, also while it is being sent."""
    row = session.get(DeliveryRow, (kind, subject_id))
    return ref_of(row) if row is not None and row.message else None


def ref_of(row: DeliveryRow) -> MessageRef:
    return MessageRef(channel=row.channel, message=row.message, thread=row.thread, final=row.final)
