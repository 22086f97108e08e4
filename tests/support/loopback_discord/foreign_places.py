"""Where the bot is not: a server that did not add it, and a group of people. Somebody brought the app along."""

from typing import Any

from chatelier.benchmarks.loopback.discord_payloads import (
    APPLICATION,
    ATTACHMENT_LIMIT_BYTES,
    CHANNELS,
    MANAGER_PERMISSIONS,
    MEMBER_PERMISSIONS,
    channel_data,
    member_data,
    user_data,
)
from tests.support.loopback_discord.records import Interaction

FOREIGN_GUILD, FOREIGN_CHANNEL = str(20_000_000_002 << 22), "84000000000000002"
GROUP, GROUP_CHANNEL = "", "84000000000000003"
PLACES = {**CHANNELS, FOREIGN_GUILD: FOREIGN_CHANNEL, GROUP: GROUP_CHANNEL}
_EXTERNAL_APPS = 1 << 50


def foreign_interaction_data(record: Interaction, kind: int, data: Any) -> dict[str, Any]:
    """What Discord says there of an interaction. Even a manager of the server is nobody to us."""
    shared = {
        "id": record.id,
        "application_id": APPLICATION,
        "type": kind,
        "token": record.token,
        "version": 1,
        "channel_id": record.channel,
        "data": data,
        "locale": "en-GB",
        "app_permissions": MEMBER_PERMISSIONS,
        "attachment_size_limit": ATTACHMENT_LIMIT_BYTES,
        "entitlements": [],
        "authorizing_integration_owners": {"1": record.user},
    }
    if record.guild == GROUP:
        group = {"id": record.channel, "type": 3, "recipients": [user_data("2")], "name": None, "icon": None}
        return {**shared, "channel": group, "user": user_data(record.user), "context": 2}
    permissions = int(MANAGER_PERMISSIONS) | (_EXTERNAL_APPS if record.may_show else 0)
    return {
        **shared,
        "guild_id": record.guild,
        "guild_locale": "ja",
        "guild": {"id": record.guild, "locale": "ja", "features": []},
        "channel": {**channel_data(record.channel), "guild_id": record.guild, "nsfw": True},
        "member": {**member_data(record.user), "roles": ["77"], "permissions": str(permissions)},
        "context": 0,
    }
