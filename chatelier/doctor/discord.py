"""Discord's token: its form first, then what Discord says of it, and the link that invites the bot."""

import asyncio
import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bots.discord.texts import texts
from chatelier.doctor.findings import Finding, Health, bad, good, note, token_form, unreachable
from chatelier.settings import Loaded

if TYPE_CHECKING:
    from chatelier.settings import Settings
    from chatelier.settings.frontends import DiscordSection, WebSection

_NAME = "CHATELIER_DISCORD__TOKEN"
_FORM = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}")
_TIMEOUT_SECONDS = 5
_NEW_TOKEN = "Copy it anew from the developer portal (Bot, Reset Token)."
# The intents that Discord lets an application have only when it is asked for: flag, and its name in the portal.
_PRIVILEGED = {
    1 << 12: "Presence",
    1 << 13: "Presence",
    1 << 14: "Server Members",
    1 << 15: "Server Members",
    1 << 18: "Message Content",
    1 << 19: "Message Content",
}
_EMBEDDED = 1 << 17  # the flag of an application with Activities
_USER_INSTALL = "1"  # of the ways in which an application may be installed
_FEW_STARTS = 20


class _DiscordUnavailableError(Exception):
    """Discord cannot be reached. The text is the kind of trouble."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    data: Mapping[str, Any]


def discord(loaded: Loaded) -> Iterator[Finding]:
    section = loaded.settings.discord
    if section.token is None:
        return
    form = token_form(_NAME, "discord", section.token, _FORM, "three parts with dots between them")
    yield form
    if form.health is Health.GOOD:
        yield from _check_api(loaded.settings)


def _check_api(settings: "Settings") -> Iterator[Finding]:
    """Three harmless questions. Without a network they are only a note."""
    section = settings.discord
    token = section.token.get_secret_value() if section.token else ""
    try:
        me, application, gateway = asyncio.run(
            _ask(section.api_url, token, ("/users/@me", "/applications/@me", "/gateway/bot"))
        )
    except _DiscordUnavailableError as error:
        yield unreachable(
            "discord",
            "Discord could not be asked ({kind})",
            "Try again when this machine reaches Discord.",
            kind=error,
        )
        return
    if me.status == 401:
        yield bad("discord", "{name} is not accepted", _NEW_TOKEN, name=_NAME)
    elif me.status != 200:
        yield bad("discord", texts.NOT_DISCORD, "Unset it, or correct it.", status=me.status)
    else:
        yield good("discord", "the bot is {user}", user=me.data.get("username"))
        yield from _application(application, token, user_install=section.user_install)
        if section.activity:
            yield from _activity(application, settings.web)
        elif int(application.data.get("flags") or 0) & _EMBEDDED:
            yield bad(
                "discord",
                "Activities are on in the developer portal, so Discord takes no commands without that of the Activity",
                "Switch Activities off in the developer portal (Activities, Settings), or set"
                " CHATELIER_DISCORD__ACTIVITY.",
            )
        yield from _gateway(gateway, section)


def _application(answer: _Answer, token: str, *, user_install: bool) -> Iterator[Finding]:
    from bots.discord.guilds.permissions import invite_url, user_install_url

    known_id = str(answer.data.get("id", "")) or _id_within(token)
    if not known_id.isdecimal():
        yield note(
            "discord", "Discord does not name the application", "Run `chatelier doctor` again in a minute."
        )
        return
    flags = int(answer.data.get("flags") or 0)
    surplus = sorted({name for flag, name in _PRIVILEGED.items() if flags & flag})
    if surplus:
        yield note(
            "discord",
            "the application may read more than it needs ({intents} Intent)",
            "Switch it off in the developer portal (Bot, Privileged Gateway Intents).",
            intents=", ".join(surplus),
        )
    else:
        yield good("discord", "no privileged intents, and none are needed")
    yield good(
        "discord",
        "application {id}; invite it with {link}",
        id=known_id,
        link=invite_url(int(known_id)),
    )
    if user_install and _USER_INSTALL not in (answer.data.get("integration_types_config") or {}):
        yield bad(
            "discord",
            "people cannot add the application to their account",
            "Switch User Install on in the developer portal (Installation), or unset"
            " CHATELIER_DISCORD__USER_INSTALL.",
        )
    elif user_install:
        yield good(
            "discord", "people add it to their account with {link}", link=user_install_url(int(known_id))
        )


def _activity(answer: _Answer, web: "WebSection") -> Iterator[Finding]:
    host = urlsplit(web.public_url or "").hostname
    if not (web.discord_client_id and web.discord_client_secret and host):
        yield bad(
            "discord",
            "the Activity knows neither its web page nor who somebody is",
            "Set CHATELIER_WEB__PUBLIC_URL, CHATELIER_WEB__DISCORD_CLIENT_ID and CHATELIER_WEB__DISCORD_CLIENT_SECRET,"
            " or unset CHATELIER_DISCORD__ACTIVITY.",
        )
    elif answer.data.get("id") not in (None, web.discord_client_id):
        yield bad(
            "discord",
            "CHATELIER_WEB__DISCORD_CLIENT_ID is not that of the bot’s application",
            "The Activity needs both of one application: copy its client id and secret (OAuth2).",
        )
    elif not int(answer.data.get("flags") or 0) & _EMBEDDED:
        yield bad(
            "discord",
            "the application has no Activity",
            "Switch Activities on in the developer portal (Activities, Settings), or unset"
            " CHATELIER_DISCORD__ACTIVITY.",
        )
    else:
        yield good(
            "discord",
            "the Activity shows the web page, once the root mapping in the portal (URL Mappings) is {host}",
            host=host,
        )


def _id_within(token: str) -> str:
    """The application's id, which is the first part of its token."""
    part = token.partition(".")[0]
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _gateway(answer: _Answer, section: "DiscordSection") -> Iterator[Finding]:
    advised = int(answer.data.get("shards") or 0)
    limits = answer.data.get("session_start_limit") or {}
    left = limits.get("remaining")
    if isinstance(left, int) and left < _FEW_STARTS:
        yield note(
            "discord",
            "only {left} starts are left today",
            "A process that starts over and over uses them up: look at its log.",
            left=left,
        )
    if section.shard_count and advised > section.shard_count:
        yield note(
            "discord",
            "Discord advises {advised} shards, and {shard_count} are set",
            "Raise CHATELIER_DISCORD__SHARD_COUNT, or unset it.",
            advised=advised,
            shard_count=section.shard_count,
        )


async def _ask(api_url: str, token: str, paths: tuple[str, ...]) -> list[_Answer]:
    """Raises `_DiscordUnavailableError`."""
    import aiohttp

    headers = {"Authorization": f"Bot {token}"}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    answers: list[_Answer] = []
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            for path in paths:
                async with session.get(f"{api_url}{path}") as response:
                    answers.append(_Answer(response.status, await _object(response)))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _DiscordUnavailableError(type(error).__name__) from error
    return answers


async def _object(response: Any) -> Mapping[str, Any]:
    try:
        data = await response.json(content_type=None)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
