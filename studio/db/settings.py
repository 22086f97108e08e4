"""What people and communities have settled, read and written as the frozen types of the studio."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.tables import CommunityRow, PreferencesRow
from studio.domain.people import Person, Platform
from studio.domain.settings import communities, preferences
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.preferences import Preferences
from studio.serialization import from_data, to_data


def preferences_of(session: Session, person_key: str) -> Preferences:
    row = session.get(PreferencesRow, person_key)
    return from_data(Preferences, row.data) if row else preferences.DEFAULT


def save_preferences(session: Session, person_key: str, chosen: Preferences) -> None:
    """The person's row must be there."""
    session.merge(PreferencesRow(person_key=person_key, data=to_data(chosen)))


def community_rules(session: Session, platform: Platform, community: str) -> CommunityRules:
    row = session.get(CommunityRow, (platform, community))
    return from_data(CommunityRules, row.data) if row else communities.DEFAULT


def find_paused_communities(session: Session) -> list[tuple[str, str]]:
    """Platform and id of each community that its moderators paused."""
    rows = session.scalars(select(CommunityRow))
    return [(row.platform, row.community) for row in rows if from_data(CommunityRules, row.data).paused]


def save_community_rules(session: Session, rules: CommunityRules, *, by: Person) -> None:
    row = CommunityRow(
        platform=by.platform,
        community=by.community,
        data=to_data(rules),
        changed_by=by.key,
        changed_at=now(),
    )
    session.merge(row)
