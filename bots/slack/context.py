"""What the components of the front end work with: ports, threads, settings, and the workspaces."""

from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from bots.process.thread_pools import ThreadPools
from bots.slack.api.client import SlackClient
from bots.slack.api.request import SlackRequest
from bots.slack.files.image_uploads import ImageUploads
from bots.slack.settings import SlackSettings
from studio.ports import Ports

AGENT_SCOPE = "assistant:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    team: str
    bot_user: str
    bot: str
    enterprise: str | None = None


@dataclass(slots=True, kw_only=True)
class Features:
    """What a workspace shows, as far as this process knows. It learns from what Slack refuses."""

    carousel: bool = True  # several images as cards side by side
    feedback: bool = True  # buttons for good and not good
    agent_view: bool = True  # suggested prompts and a status, with the scope for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What the front end holds of one workspace. Slack counts requests, and keeps files, for each by itself."""

    client: SlackClient
    identity: AppIdentity
    image_uploads: ImageUploads
    features: Features = field(default_factory=Features)

    @property
    def has_agent_view(self) -> bool:
        """Whether direct messages with the app are threads with prompts and a status, one for each request."""
        return self.features.agent_view and AGENT_SCOPE in self.client.granted


class WorkspaceRegistry(Protocol):
    async def of(self, community: str) -> Workspace:
        """By the community of an address (``T…``, or ``E…:T…`` on an Enterprise Grid) or of a person (``T…``).

        Raises `NotInstalledError`, and `SlackUnavailableError` while the database is unavailable.
        """

    def forget(self, community: str) -> None:
        """Its installation has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackContext:
    """`session` carries the requests of all components; its opener closes it."""

    ports: Ports
    pools: ThreadPools
    workspaces: WorkspaceRegistry
    settings: SlackSettings
    session: aiohttp.ClientSession


class SlackComponent:
    """A component with everything of the context at hand."""

    def __init__(self, context: SlackContext) -> None:
        self._context = context
        self._ports = context.ports
        self._pools = context.pools
        self._workspaces = context.workspaces
        self._settings = context.settings

    async def _client(self, request: SlackRequest) -> SlackClient:
        """Of the request's workspace. Raises `NotInstalledError` and `SlackUnavailableError`."""
        return (await self._workspaces.of(request.community)).client
