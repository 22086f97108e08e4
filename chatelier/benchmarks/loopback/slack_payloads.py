"""What Slack sends."""

from typing import Any


def slash_command(
    command: str, text: str, *, user: str, channel: str, team: str, **delivery: str
) -> dict[str, Any]:
    """`delivery`: the `trigger` and the `response_url`."""
    return {
        "command": command,
        "text": text,
        "team_id": team,
        "user_id": user,
        "user_name": user.lower(),
        "channel_id": channel,
        "trigger_id": delivery["trigger"],
        "response_url": delivery["response_url"],
        "is_enterprise_install": "false",
    }
