"""What people and communities have settled, read and written as the frozen types of the studio."""

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.sessions.read_memo import note, read_once
from studio.db.sql_dialects import insert_into, lock_names
from studio.db.tables import CommunityRow, PersonRow, PreferencesRow
from studio.domain.people import DIRECT_MESSAGES, Person, Platform
from studio.domain.settings import communities, preferences
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.languages import Language
from studio.domain.settings.preferences import Preferences
from studio.serialization import from_data, to_data

# Built once: nearly every command asks for them.
_PREFERENCES = select(PreferencesRow.data).where(PreferencesRow.person_key == bindparam("person_key"))
_RULES = select(CommunityRow.data).where(
    CommunityRow.platform == bindparam("platform"), CommunityRow.community == bindparam("community")
)


def preferences_of(session: Session, person_key: str) -> Preferences:
    def load() -> Preferences:
        return _preferences(session.scalar(_PREFERENCES, {"person_key": person_key}))

    return read_once(session, ("preferences", person_key), load)


def note_preferences(session: Session, person_key: str, data: Any) -> None:
    """What `preferences_of` would read, from a row that was read together with others; None: there is none."""
    note(session, ("preferences", person_key), _preferences(data))


def note_rules(session: Session, platform: str, community: str, data: Any) -> None:
    """What `community_rules` would read of the community itself; None: there is no row."""
    note(session, ("rules", platform, community), _rules(data))


def save_preferences(session: Session, person_key: str, chosen: Preferences) -> None:
    """The person's row must be there."""
    session.merge(PreferencesRow(person_key=person_key, data=to_data(chosen)))


def community_rules(session: Session, platform: Platform, community: str) -> CommunityRules:
    """Direct messages that are a community of their own have those of the home server, where one is named."""
    if community.startswith(DIRECT_MESSAGES) and (home := home_server(session, platform)):
        return _rules_of(session, platform, home).for_one_person()
    return _rules_of(session, platform, community)


def _rules_of(session: Session, platform: Platform, community: str) -> CommunityRules:
    def load() -> CommunityRules:
        return _rules(session.scalar(_RULES, {"platform": platform, "community": community}))

    return read_once(session, ("rules", platform, community), load)


def _preferences(data: Any) -> Preferences:
    return preferences.DEFAULT if data is None else from_data(Preferences, data)


def _rules(data: Any) -> CommunityRules:
    return communities.DEFAULT if data is None else from_data(CommunityRules, data)


def home_server(session: Session, platform: Platform) -> str | None:
    """The community whose rules hold for people who are alone with the bot."""
    return _rules_of(session, platform, DIRECT_MESSAGES).home_server


def rules_home(session: Session, platform: Platform, community: str) -> str:
    """The community whose moderators decide what is allowed in this one: mostly its own."""
    if community.startswith(DIRECT_MESSAGES):
        return home_server(session, platform) or community
    return community


def save_home_server(session: Session, platform: Platform, home: str | None) -> None:
    """None: the instance's own rules hold for people who are alone with the bot. Processes may do it at once."""
    values = {
        "data": to_data(CommunityRules(home_server=home)),
        "changed_by": platform,
        "changed_at": now(),
    }
    new = insert_into(session, CommunityRow).values(platform=platform, community=DIRECT_MESSAGES, **values)
    keys = [CommunityRow.platform, CommunityRow.community]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_=values))


def find_paused_communities(session: Session) -> list[tuple[str, str]]:
    """Platform and id of each community that its moderators paused.

    With a home server all direct messages of its platform, as `DIRECT_MESSAGES`.
    """
    rules = {
        (row.platform, row.community): from_data(CommunityRules, row.data)
        for row in session.scalars(select(CommunityRow))
    }
    paused = {key for key, of_community in rules.items() if of_community.paused}
    for (platform, community), of_community in rules.items():
        if community == DIRECT_MESSAGES and (platform, of_community.home_server) in paused:
            paused.add((platform, community))
    return sorted(paused)


def save_community_rules(session: Session, rules: CommunityRules, *, by: Person) -> None:
    row = CommunityRow(
        platform=by.platform,
        community=by.community,
        data=to_data(rules),
        changed_by=by.key,
        changed_at=now(),
    )
    session.merge(row)


def record_platform_language(session: Session, person_key: str, language: Language) -> None:
    """What the person's platform says now. Nothing is recorded of somebody who never asked for anything."""
    if session.get(PersonRow, person_key, with_for_update=True) is not None:
        chosen = preferences_of(session, person_key)
        save_preferences(session, person_key, replace(chosen, platform_language=language))


def record_server_language(session: Session, platform: Platform, community: str, language: Language) -> None:
    """What the platform says now of a server."""
    new = {
        "platform": platform,
        "community": community,
        "data": to_data(communities.DEFAULT),
        "changed_by": platform,
        "changed_at": now(),
    }
    lock_names(session, f"rules:{platform}:{community}")
    session.execute(insert_into(session, CommunityRow).values(**new).on_conflict_do_nothing())
    row = session.get_one(CommunityRow, (platform, community), populate_existing=True)
    row.data = to_data(replace(from_data(CommunityRules, row.data), platform_language=language))
