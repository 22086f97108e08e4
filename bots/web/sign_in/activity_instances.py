"""In which server an Activity runs: Discord says so itself, since a page in a frame may say anything."""

import logging
import re

from httpx2 import AsyncClient, HTTPError

from bots.web.oauth_provider import DiscordActivity
from bots.web.sign_in.oauth import ProviderUnavailableError, SignInRefusedError

_INSTANCE = re.compile(r"[\w-]{1,128}")
_SERVER = "gc"  # EmbeddedActivityLocationKind GUILD_CHANNEL, in Discord's OpenAPI document
_UNKNOWN = frozenset({403, 404})
_TIMEOUT_SECONDS = 10.0

log = logging.getLogger(__name__)


async def find_server(activity: DiscordActivity, *, instance: str, user: str) -> str:
    """The id of the server in which an account takes part in an instance of the Activity.

    Raises `SignInRefusedError` where it does not, or where the bot or the account is no member of that server, and
    `ProviderUnavailableError`.
    """
    if not _INSTANCE.fullmatch(instance):
        raise SignInRefusedError("no instance")
    headers = {"Authorization": f"Bot {activity.bot_token}"}
    async with AsyncClient(headers=headers, timeout=_TIMEOUT_SECONDS) as client:
        application = activity.provider.client_id
        path = f"{activity.api_url}/applications/{application}/activity-instances/{instance}"
        found = await _read(client, path)
        location, users = found.get("location"), found.get("users")
        if not isinstance(location, dict) or not isinstance(users, list):
            raise ProviderUnavailableError("no instance")
        server = location.get("guild_id")
        if location.get("kind") != _SERVER or not isinstance(server, str) or not server.isdecimal():
            raise SignInRefusedError("not in a server")
        if user not in users:
            raise SignInRefusedError("not a participant")
        # Discord answers this to a bot that is in the server itself.
        await _read(client, f"{activity.api_url}/guilds/{server}/members/{user}")
    return server


async def _read(client: AsyncClient, url: str) -> dict[str, object]:
    try:
        answer = await client.get(url)
        if answer.status_code in _UNKNOWN:
            raise SignInRefusedError("unknown to Discord")
        if answer.status_code == 401:
            log.error("activity instance not read: Discord does not accept CHATELIER_DISCORD__TOKEN")
        answer.raise_for_status()
        data = answer.json()
    except (HTTPError, ValueError) as error:
        raise ProviderUnavailableError(type(error).__name__) from error
    if not isinstance(data, dict):
        raise ProviderUnavailableError("no object")
    return data
