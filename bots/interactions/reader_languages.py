"""In which language somebody is answered: the one that they chose, else what their platform says of them."""

import asyncio
import logging

from bots.process.thread_pools import Pool, ThreadPools
from bots.texts.languages.readers import use_language
from studio.bounded_dict import BoundedDict
from studio.db.database import Database
from studio.db.settings import (
    community_rules,
    preferences_of,
    record_platform_language,
    record_server_language,
)
from studio.db.tables import PersonRow
from studio.domain.people import Platform
from studio.domain.settings.languages import Language, first_language
from studio.errors import ChatelierError

_PATIENCE_SECONDS = 0.5  # the first answer to a press may not wait for long
_REMEMBERED = 5000

log = logging.getLogger(__name__)


class ReaderLanguages:
    """Remembers what the platform says in the database, for messages that answer no request of their reader."""

    def __init__(self, database: Database, pools: ThreadPools) -> None:
        self._database = database
        self._pools = pools
        self._known: BoundedDict[str, Language] = BoundedDict(_REMEMBERED)
        self._servers: BoundedDict[tuple[Platform, str], Language] = BoundedDict(_REMEMBERED)

    async def adopt(self, person_key: str, locale: str | None = None) -> None:
        """The running task speaks to this person from here on. Never raises.

        `locale` is the platform's, None where it says nothing. While the database does not answer, the last known
        language is used.
        """
        of_platform = first_language([locale]) if locale else None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._known[person_key] = await self._pools.run(
                    Pool.DATABASE, _language_of_person, self._database, person_key, of_platform
                )
        except (ChatelierError, TimeoutError) as error:
            log.info("language not looked up: %s", type(error).__name__)
        use_language(self._known.get(person_key) or of_platform or Language.ENGLISH)

    async def note_server(self, platform: Platform, community: str, locale: str | None) -> None:
        """What the platform says of a server, for the messages that everybody reads there. Never raises."""
        key, language = (platform, community), first_language([locale])
        if self._servers.get(key) is language:
            return
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._pools.run(Pool.DATABASE, _note_server, self._database, *key, language)
        except (ChatelierError, TimeoutError) as error:
            log.info("language of a server not recorded: %s", type(error).__name__)
        else:
            self._servers[key] = language


def _language_of_person(database: Database, person_key: str, of_platform: Language | None) -> Language:
    with database.read() as session:
        chosen = preferences_of(session, person_key)
        is_new = of_platform is not (chosen.platform_language or Language.ENGLISH)
        is_noted = is_new and session.get(PersonRow, person_key) is not None
    if of_platform is not None and is_noted:
        with database.begin() as session:
            record_platform_language(session, person_key, of_platform)
    return chosen.language or of_platform or chosen.reading_language


def _note_server(database: Database, platform: Platform, community: str, language: Language) -> None:
    with database.read() as session:
        known = community_rules(session, platform, community).platform_language
    if language is not (known or Language.ENGLISH):
        with database.begin() as session:
            record_server_language(session, platform, community, language)
