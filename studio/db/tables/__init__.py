"""The tables. Times are aware UTC; JSON columns hold what `studio.serialization` writes."""

from studio.db.tables.cases import BanRow, CaseRow, EvidenceRow, NoticeRow
from studio.db.tables.collections import CollectedRow, FolderPictureRow, FolderRow
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
from studio.db.tables.jobs import (
    BalanceRow,
    CommunityTurnRow,
    JobRow,
    JobSourceRow,
    LedgerRow,
    LineageRow,
    PictureRow,
    ShareRow,
    StarRow,
    StorageUseRow,
    UploadRow,
)
from studio.db.tables.people import CommunityRow, LinkCodeRow, PersonRow, PreferencesRow
from studio.db.tables.picture_search import (
    POSTGRESQL_VECTOR,
    create_picture_search,
)
from studio.db.tables.proposals import ProposalRow
from studio.db.tables.styles import SavedStyleRow
from studio.db.tables.triggers import (
    create_triggers,
    drop_triggers,
    fill_balances,
    fill_job_sources,
    fill_storage_use,
    fill_uploads,
)

__all__ = [
    "DELETED",
    "ERASURE",
    "POSTGRESQL_VECTOR",
    "REASSIGNED",
    "SEPARATE",
    "BalanceRow",
    "BallotRow",
    "BanRow",
    "Base",
    "CaseRow",
    "CollectedRow",
    "CommunityRow",
    "CommunityTurnRow",
    "DeliveryRow",
    "DigestRow",
    "EndedSessionRow",
    "Erasure",
    "EvidenceRow",
    "FolderPictureRow",
    "FolderRow",
    "GatheringMemberRow",
    "GatheringPartRow",
    "GatheringRow",
    "JobRow",
    "JobSourceRow",
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
    "ProposalRow",
    "RecapRow",
    "RowNumber",
    "SavedStyleRow",
    "ShareRow",
    "SignInRow",
    "StarRow",
    "StorageUseRow",
    "UploadRow",
    "UtcDateTime",
    "create_picture_search",
    "create_triggers",
    "drop_triggers",
    "fill_balances",
    "fill_job_sources",
    "fill_storage_use",
    "fill_uploads",
]
