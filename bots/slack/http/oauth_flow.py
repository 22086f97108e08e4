"""The OAuth flow: the page that leads to Slack, the redirect back, and uninstalls."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store.models import Installation
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.context import WorkspaceRegistry
from bots.slack.http import install_pages
from bots.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bots.slack.settings import INSTALL_PATH, REDIRECT_PATH, SlackSettings
from bots.slack.workspaces.installation_store import STATE_LASTS_SECONDS, InstallationStore, States
from studio.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)


class InstallFlow(AsyncOAuthFlow):
    """Bolt's flow with our own pages. Its answers never say why Slack or the database refused."""

    allowed: frozenset[str] = frozenset()

    async def run_installation(self, code: str) -> Installation | None:
        """None for a workspace that is not allowed: its token is not stored."""
        installation = await super().run_installation(code)
        if installation is None or not self.allowed:
            return installation
        if self.allowed.isdisjoint((installation.team_id, installation.enterprise_id)):
            log.info("app installation rejected: workspace not allowed")
            return None
        return installation

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        return install_pages.install(url)


def build_flow(
    settings: SlackSettings,
    client: AsyncWebClient,
    installations: InstallationStore,
    states: States,
    workspaces: WorkspaceRegistry,
    installed: Callable[[Installation], None],
) -> InstallFlow:
    """`installed` is called with each new installation, and does not wait."""

    async def show_success(arguments: AsyncSuccessArgs) -> BoltResponse:
        installation = arguments.installation
        for name in (installation.team_id, installation.enterprise_id):
            if name:
                workspaces.forget(name)
        log.info("app installed: workspace=%s", installation.team_id or installation.enterprise_id)
        installed(installation)
        return _page(
            200, install_pages.installed_page(installation.team_name or installation.enterprise_name or "")
        )

    async def show_failure(arguments: AsyncFailureArgs) -> BoltResponse:
        log.info("app installation failed: %s", arguments.reason)
        return _page(arguments.suggested_status_code, install_pages.failure_page(arguments.reason))

    quiet = logging.getLogger("slack_sdk.oauth.flow")
    quiet.setLevel(logging.ERROR)  # as a warning it logs codes that stand for tokens
    flow = InstallFlow(
        client=client,
        logger=quiet,
        settings=AsyncOAuthSettings(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            scopes=[*SCOPES, *OPTIONAL_SCOPES],
            user_scopes=[],
            redirect_uri=f"{settings.public_url}{REDIRECT_PATH}" if settings.public_url else None,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            callback_options=AsyncCallbackOptions(success=show_success, failure=show_failure),
            installation_store=installations,
            installation_store_bot_only=True,
            state_store=states,
            state_expiration_seconds=STATE_LASTS_SECONDS,
            logger=quiet,
        ),
    )
    flow.allowed = settings.allowed_workspaces
    return flow


async def show_page(flow: InstallFlow, path: str, query: str, headers: Mapping[str, str]) -> BoltResponse:
    """The page of `INSTALL_PATH` or `REDIRECT_PATH`."""
    request = AsyncBoltRequest(body="", query=query, headers=dict(headers))
    try:
        if path == INSTALL_PATH:
            return await flow.handle_installation(request)
        return await flow.handle_callback(request)
    except DatabaseUnavailableError:
        return _page(503, install_pages.failure_page("storage_error"))
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("app installation failed: Slack unavailable (%s)", type(error).__name__)
        return _page(502, install_pages.failure_page("slack_away"))


class Uninstall:
    """Workspaces that uninstall the app or revoke its tokens."""

    def __init__(self, installations: InstallationStore, workspaces: WorkspaceRegistry) -> None:
        self._installations = installations
        self._workspaces = workspaces

    async def handle_uninstall(self, body: Mapping[str, Any]) -> None:
        """The event may come late: an installation that is newer than it stays."""
        enterprise, team = _whose(body)
        if await self._is_late(body):
            return
        await self._installations.forget(enterprise=enterprise, team=team)
        self._forget(enterprise, team)
        log.info("app uninstalled: workspace=%s", team or enterprise)

    async def handle_revocation(self, body: Mapping[str, Any]) -> None:
        """The tokens of an installation that is newer than the event stay."""
        enterprise, team = _whose(body)
        if await self._is_late(body):
            return
        tokens: Mapping[str, Any] = body["event"].get("tokens") or {}
        for user in tokens.get("oauth") or ():
            await self._installations.forget_person(enterprise=enterprise, team=team, user=str(user))
        if tokens.get("bot"):
            await self._installations.forget_bot(enterprise=enterprise, team=team)
            log.info("bot token revoked: workspace=%s", team or enterprise)
        self._forget(enterprise, team)

    async def _is_late(self, body: Mapping[str, Any]) -> bool:
        enterprise, team = _whose(body)
        bot = await self._installations.find(f"{enterprise}:{team or ''}" if enterprise else team or "")
        return bot is not None and bot.installed_at > float(body.get("event_time") or bot.installed_at)

    def _forget(self, enterprise: str | None, team: str | None) -> None:
        name = team or enterprise
        if name:
            self._workspaces.forget(name)


def _whose(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Organisation and workspace of an installation; no workspace for one of the whole organisation."""
    enterprise = body.get("enterprise_id") or None
    authorizations = body.get("authorizations") or [{}]
    of_all = authorizations[0].get("is_enterprise_install") or body.get("is_enterprise_install") in (
        True,
        "true",
    )
    return enterprise, None if of_all else body.get("team_id") or None


def _page(status: int, html: str) -> BoltResponse:
    return BoltResponse(status=status, body=html, headers={"Content-Type": "text/html; charset=utf-8"})
