"""The tables. Times are aware UTC; JSON columns hold what `studio.serialization` writes."""

from studio.db.tables.cases import BanRow, CaseRow, NoticeRow
from studio.db.tables.collections import CollectedRow
from studio.db.tables.columns import (
    DELETED,
    ERASURE,
    REASSIGNED,
    SEPARATE,
    Base,
    Erasure,
    JsonData,
    RowNumber,
    UtcDateTime,
)
from studio.db.tables.events import DeliveryRow, DigestRow, OutboxRow, RecapRow
from studio.db.tables.gatherings import BallotRow, GatheringMemberRow, GatheringPartRow, GatheringRow
from studio.db.tables.identities import EndedSessionRow, NameRow, OriginRow, SignInRow
from studio.db.tables.jobs import JobRow, LedgerRow, LineageRow, PictureRow, ShareRow, StarRow
from studio.db.tables.people import CommunityRow, LinkCodeRow, PersonRow, PreferencesRow
from studio.db.tables.styles import SavedStyleRow

__all__ = [
    "DELETED",
    "ERASURE",
    "REASSIGNED",
    "SEPARATE",
    "BallotRow",
    "BanRow",
    "Base",
    "CaseRow",
    "CollectedRow",
    "CommunityRow",
    "DeliveryRow",
    "DigestRow",
    "EndedSessionRow",
    "Erasure",
    "GatheringMemberRow",
    "GatheringPartRow",
    "GatheringRow",
    "JobRow",
    "JsonData",
    "LedgerRow",
    "LineageRow",
    "LinkCodeRow",
    "NameRow",
    "NoticeRow",
    "OriginRow",
    "OutboxRow",
    "PersonRow",
    "PictureRow",
    "PreferencesRow",
    "RecapRow",
    "RowNumber",
    "SavedStyleRow",
    "ShareRow",
    "SignInRow",
    "StarRow",
    "UtcDateTime",
]
