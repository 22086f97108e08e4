"""Who installed the app: workspaces and organisations with their tokens, kept in the studio's database."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models import Bot, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from sqlalchemy.exc import InterfaceError, OperationalError

from bots.process.thread_pools import Pool, ThreadPools
from bots.slack.db_tables import BOTS, INSTALLATIONS, STATES
from bots.slack.workspaces.departures import cancel_departure, departed_community, record_departure
from studio.db.database import Database
from studio.errors import DatabaseUnavailableError

STATE_LASTS_SECONDS = 10 * 60
_ROTATE_BEFORE_SECONDS = 2 * 60 * 60  # Slack's tokens last twelve hours

log = logging.getLogger(__name__)
_quiet = logging.getLogger("slack_sdk.oauth")
_quiet.setLevel(logging.WARNING)  # at debug it logs the states of those who are installing

P = ParamSpec("P")
T = TypeVar("T")


class InstallationStore(AsyncInstallationStore):
    """slack_sdk's store of installations, called on a database thread. All methods raise `DatabaseUnavailableError`."""

    def __init__(self, database: Database, pools: ThreadPools, *, client_id: str) -> None:
        self._pools = pools
        self._database = database
        self._store = SQLAlchemyInstallationStore(
            client_id=client_id,
            engine=database.engine,
            bots_table_name=BOTS.name,
            installations_table_name=INSTALLATIONS.name,
            logger=_quiet,
        )

    async def async_save(self, installation: Installation) -> None:
        """Records of a workspace that comes back are kept."""
        await self._run(self._store.save, installation)
        cancel = partial(cancel_departure, enterprise=installation.enterprise_id, team=installation.team_id)
        await self._run(cancel, self._database)

    async def save_bot(self, bot: Bot) -> None:
        await self._run(self._store.save_bot, bot)

    async def find(self, community: str) -> Bot | None:
        """The app as installed to a workspace, or to its whole organisation: ``T…`` or ``E…:T…``."""
        enterprise, _, team = community.rpartition(":")
        find = self._store.find_bot
        bot = await self._run(partial(find, enterprise_id=enterprise or None, team_id=team))
        if bot is None and enterprise:
            of_all = partial(find, enterprise_id=enterprise, team_id=None, is_enterprise_install=True)
            bot = await self._run(of_all)
        return bot

    async def forget(self, *, enterprise: str | None, team: str | None) -> None:
        """The app was uninstalled: all tokens of the workspace or organisation. Its records are erased later."""
        await self._run(self._store.delete_all, enterprise_id=enterprise, team_id=team)
        await self._record_departure(enterprise, team)

    async def forget_bot(self, *, enterprise: str | None, team: str | None) -> None:
        await self._run(self._store.delete_bot, enterprise_id=enterprise, team_id=team)
        await self._record_departure(enterprise, team)

    async def forget_person(self, *, enterprise: str | None, team: str | None, user: str) -> None:
        delete = partial(self._store.delete_installation, enterprise_id=enterprise, team_id=team)
        await self._run(delete, user_id=user)

    async def _record_departure(self, enterprise: str | None, team: str | None) -> None:
        community = departed_community(enterprise=enterprise, team=team)
        await self._run(record_departure, self._database, community)

    async def _run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await self._pools.run(Pool.DATABASE, work, *arguments, **named)
        except (OperationalError, InterfaceError) as error:
            raise DatabaseUnavailableError from error


class States(AsyncOAuthStateStore):
    """The OAuth states of installations in progress: each is valid once, for ten minutes."""

    def __init__(self, database: Database, pools: ThreadPools) -> None:
        self._pools = pools
        self._store = SQLAlchemyOAuthStateStore(
            STATE_LASTS_SECONDS, database.engine, logger=_quiet, table_name=STATES.name
        )

    async def async_issue(self, *_: object, **__: object) -> str:
        return await self._pools.run(Pool.DATABASE, self._store.issue)

    async def async_consume(self, state: str) -> bool:
        return await self._pools.run(Pool.DATABASE, self._store.consume, state)


class Rotation:
    """Tokens that expire are renewed two hours before, once, even by several processes."""

    def __init__(self, installations: InstallationStore, rotator: AsyncTokenRotator) -> None:
        self._installations = installations
        self._rotator = rotator
        self._lock = asyncio.Lock()

    async def renew(self, community: str, bot: Bot) -> Bot:
        """The bot with a token that lasts. Where Slack does not renew it, the old one is tried to its end."""
        if (
            bot.bot_token_expires_at is None
            or bot.bot_token_expires_at > time.time() + _ROTATE_BEFORE_SECONDS
        ):
            return bot
        async with self._lock:
            latest = await self._installations.find(community) or bot
            try:
                fresh = await self._rotator.perform_bot_token_rotation(
                    bot=latest, minutes_before_expiration=_ROTATE_BEFORE_SECONDS // 60
                )
            except SlackTokenRotationError:
                log.warning("token rotation failed: Slack refused it")
                # Another process may have been quicker: a token is renewed from the one before it only once.
                return await self._installations.find(community) or latest
            if fresh is None:
                return latest
            await self._installations.save_bot(fresh)
            log.info("token rotated")
            return fresh
