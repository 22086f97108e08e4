"""How many cases wait on the moderators' desk, for its button."""

from collections.abc import Mapping

from bots.texts.translation import translate_plural
from bots.web import texts
from studio.db.cases import desk_cases
from studio.db.database import Database
from studio.domain.people import Person, Platform

MOST_COUNTED = 99


def count_open(database: Database, platform: Platform, community: str) -> int:
    """At most `MOST_COUNTED`."""
    anybody = Person(platform=platform, community=community, user_id="", display_name="")
    with database.read() as session:
        return len(desk_cases(session, anybody, limit=MOST_COUNTED))


def count_message(count: int) -> Mapping[str, object]:
    """What the button shows, and what it says to screen readers."""
    return {"count": count, "text": translate_plural(*texts.OPEN_CASES, count)}
