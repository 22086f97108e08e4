"""The members, servers, messages and interactions of a loopback Discord, as its API tells of them."""

import itertools
import time
from typing import Any, Protocol

APPLICATION, BOT = "4001", "4001"
GUILD, CHANNEL = str(20_000_000_000 << 22), "84000000000000000"
OTHER_GUILD, OTHER_CHANNEL = str(20_000_000_001 << 22), "84000000000000001"  # on the other of two shards
CHANNELS = {GUILD: CHANNEL, OTHER_GUILD: OTHER_CHANNEL}
TOKEN = "NDAwMQ.loopback.secret"
MEMBER_PERMISSIONS, MANAGER_PERMISSIONS = str(0x400 | 0x800 | 0x10000), str(0x20 | 0x400 | 0x800 | 0x10000)
ATTACHMENT_LIMIT_BYTES = 10 * 1024 * 1024
EPOCH_MILLISECONDS = 1_420_070_400_000
_counter = itertools.count(1)


class Interaction(Protocol):
    """What a platform knows of one: who acts, and where."""

    id: str
    token: str
    guild: str
    channel: str
    user: str


def snowflake() -> str:
    """An id of this moment, as Discord makes them."""
    milliseconds = int(time.time() * 1000) - EPOCH_MILLISECONDS
    return str((milliseconds << 22) | (next(_counter) & 0x3FFFFF))


def user_data(user: str) -> dict[str, Any]:
    return {
        "id": user,
        "username": f"member{user}",
        "discriminator": "0",
        "avatar": None,
        "global_name": None,
    }


def bot_user_data() -> dict[str, Any]:
    return {**user_data(BOT), "username": "chatelier", "bot": True}


def member_data(user: str) -> dict[str, Any]:
    return {
        "user": user_data(user),
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": MANAGER_PERMISSIONS if user == "1" else MEMBER_PERMISSIONS,
    }


def channel_data(channel: str) -> dict[str, Any]:
    return {"id": channel, "type": 0, "name": "atelier", "position": 0, "permission_overwrites": []}


def guild_data(guild: str) -> dict[str, Any]:
    everyone = {
        "id": guild,
        "name": "@everyone",
        "permissions": MEMBER_PERMISSIONS,
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
    return {
        "id": guild,
        "name": "The loopback",
        "owner_id": "1",
        "roles": [everyone],
        "emojis": [],
        "features": [],
        "channels": [channel_data(CHANNELS[guild])],
        "members": [{**member_data(BOT), "user": bot_user_data()}],
        "member_count": 60,
        "premium_tier": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "preferred_locale": "en-GB",
        "afk_timeout": 300,
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "large": False,
        "unavailable": False,
        "joined_at": "2026-01-01T00:00:00+00:00",
    }


def interaction_data(record: Interaction, kind: int, data: Any) -> dict[str, Any]:
    return {
        "id": record.id,
        "application_id": APPLICATION,
        "type": kind,
        "token": record.token,
        "version": 1,
        "guild_id": record.guild,
        "channel_id": record.channel,
        "channel": {
            **channel_data(record.channel),
            "guild_id": record.guild,
            "permissions": MEMBER_PERMISSIONS,
        },
        "guild": {"id": record.guild, "locale": "en-GB", "features": []},
        "member": member_data(record.user),
        "data": data,
        "locale": "en-GB",
        "guild_locale": "en-GB",
        "app_permissions": MEMBER_PERMISSIONS,
        "attachment_size_limit": ATTACHMENT_LIMIT_BYTES,
        "entitlements": [],
        "authorizing_integration_owners": {"0": record.guild},
        "context": 0,
    }


def application_data() -> dict[str, Any]:
    return {
        "id": APPLICATION,
        "name": "Chatelier",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "00",
        "flags": 0,
        "team": None,
        "owner": user_data("1"),
    }


def command_data(command: dict[str, Any]) -> dict[str, Any]:
    """What Discord answers to the registration of a command."""
    return {
        **command,
        "id": snowflake(),
        "application_id": APPLICATION,
        "version": snowflake(),
        "options": command.get("options", []),
        "description": command.get("description", ""),
    }


def ready_data(gateway_url: str) -> dict[str, Any]:
    return {
        "v": 10,
        "user": bot_user_data(),
        "guilds": [{"id": guild, "unavailable": True} for guild in CHANNELS],
        "resume_gateway_url": gateway_url,
        "application": {"id": APPLICATION, "flags": 0},
    }


def gateway_bot_data(gateway_url: str) -> dict[str, Any]:
    limit = {"total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": 1}
    return {"url": gateway_url, "shards": 1, "session_start_limit": limit}


def message_data(message: str, channel: str, **content: Any) -> dict[str, Any]:
    return {
        "id": message,
        "channel_id": channel,
        "author": bot_user_data(),
        "content": "",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
        "components": [],
        **content,
    }


def attachment_data(attachment: str, filename: str, size_bytes: int) -> dict[str, Any]:
    """An attachment of a message."""
    url = f"https://cdn.discordapp.com/{attachment}"
    return {"id": attachment, "filename": filename, "size": size_bytes, "url": url, "proxy_url": url}


def slash_data(command: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The data of an interaction that calls a registered command."""
    types = {option["name"]: option["type"] for option in command["options"]}
    filled = [{"name": key, "type": types[key], "value": value} for key, value in options.items()]
    return {"id": command["id"], "name": command["name"], "type": 1, "options": filled}
