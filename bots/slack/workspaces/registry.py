"""The workspaces that the app is in: the one whose token was set, or all that installed it."""

import asyncio
import time
from collections import OrderedDict, defaultdict

import aiohttp
from slack_sdk.oauth.installation_store.models import Bot
from sqlalchemy import select

from bots.process.thread_pools import Pool, ThreadPools
from bots.slack.api.client import NotInstalledError, SlackApiRefusedError, SlackClient, SlackUnavailableError
from bots.slack.context import AppIdentity, Features, Workspace
from bots.slack.files.image_uploads import ImageUploads
from bots.slack.settings import SlackSettings
from bots.slack.texts import texts
from bots.slack.workspaces.installation_store import InstallationStore, Rotation
from bots.texts.translation import translate
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.domain.people import Platform
from studio.errors import ConfigurationError, DatabaseUnavailableError


async def load_identity(client: SlackClient) -> AppIdentity:
    """Raises `ConfigurationError` for a token that Slack does not take, and `SlackUnavailableError`."""
    try:
        answer = await client.call("auth.test")
    except SlackApiRefusedError as error:
        raise ConfigurationError(translate(texts.WRONG_BOT_TOKEN, code=error.code)) from error
    return AppIdentity(
        team=str(answer["team_id"]),
        bot_user=str(answer["user_id"]),
        bot=str(answer.get("bot_id", "")),
        enterprise=answer.get("enterprise_id") or None,
    )


_KEPT_WORKSPACES = 500
_LOOK_AGAIN_SECONDS = 60.0


class SingleWorkspace:
    """The one workspace of the token: everything that Slack sends belongs to it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def of(self, community: str) -> Workspace:
        return self._workspace

    def forget(self, community: str) -> None:
        """Its token was set by an administrator, who has to set another."""


async def open_workspace(
    client: SlackClient, pools: ThreadPools, database: Database, settings: SlackSettings
) -> SingleWorkspace:
    """Raises `ConfigurationError` for a token that Slack does not take, and `SlackUnavailableError`."""
    identity = await load_identity(client)
    image_uploads = ImageUploads(client, pools, database, community=identity.team)
    features = Features(carousel=settings.carousel)
    return SingleWorkspace(
        Workspace(client=client, identity=identity, image_uploads=image_uploads, features=features)
    )


class InstalledWorkspaces:
    """All workspaces that installed the app. Each is looked up again after a minute."""

    def __init__(
        self,
        database: Database,
        pools: ThreadPools,
        installations: InstallationStore,
        rotation: Rotation,
        *,
        session: aiohttp.ClientSession,
        settings: SlackSettings,
    ) -> None:
        self._database = database
        self._pools = pools
        self._installations = installations
        self._rotation = rotation
        self._session = session
        self._settings = settings
        self._known: OrderedDict[str, tuple[float, Workspace]] = OrderedDict()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, community: str) -> Workspace:
        async with self._locks[community]:
            found_at, workspace = self._known.get(community, (0.0, None))
            if workspace and time.monotonic() - found_at < _LOOK_AGAIN_SECONDS:
                return workspace
            try:
                bot = await self._bot(community)
            except DatabaseUnavailableError as error:
                if workspace:
                    return workspace
                raise SlackUnavailableError("database unavailable: installations not read") from error
            workspace = self._update(workspace, bot, community)
            self._known[community] = (time.monotonic(), workspace)
            self._known.move_to_end(community)
            while len(self._known) > _KEPT_WORKSPACES:
                self._locks.pop(self._known.popitem(last=False)[0], None)
            return workspace

    def forget(self, community: str) -> None:
        """Also what is known under the workspace's own name, or under its organisation's."""
        for known in [
            workspace for workspace in self._known if community in (workspace, *workspace.split(":"))
        ]:
            del self._known[known]

    async def _bot(self, community: str) -> Bot:
        bot = await self._installations.find(community)
        if bot is None and ":" not in community:
            address = await self._pools.run(Pool.DATABASE, _address_of, self._database, community)
            bot = await self._installations.find(address) if address else None
            community = address or community
        if bot is None:
            raise NotInstalledError
        return await self._rotation.renew(community, bot)

    def _update(self, workspace: Workspace | None, bot: Bot, community: str) -> Workspace:
        """A renewed token goes to the existing client, which knows the pauses that Slack asked for."""
        if workspace:
            workspace.client.web.token = bot.bot_token
            return workspace
        client = SlackClient.open(bot.bot_token, self._settings.api_url, self._session, is_distributed=True)
        client.granted = frozenset(bot.bot_scopes or ())
        identity = AppIdentity(
            team=community.rpartition(":")[2],
            bot_user=bot.bot_user_id,
            bot=bot.bot_id,
            enterprise=bot.enterprise_id,
        )
        image_uploads = ImageUploads(client, self._pools, self._database, community=community)
        features = Features(carousel=self._settings.carousel)
        return Workspace(client=client, identity=identity, image_uploads=image_uploads, features=features)


def _address_of(database: Database, team: str) -> str | None:
    """The community of a workspace's latest job, with its organisation: people's keys leave it out."""
    query = select(JobRow.address).where(JobRow.platform == Platform.SLACK, JobRow.community == team)
    with database.read() as session:
        address = session.scalar(query.order_by(JobRow.created_at.desc()).limit(1))
        return str(address["community"]) if address else None
