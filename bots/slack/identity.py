"""Who the app is in its workspace, as Slack says."""

from dataclasses import dataclass

from bots.slack import words
from bots.slack.line import Line, SlackRefuses
from studio.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    team: str
    bot_user: str
    bot: str
    enterprise: str | None = None


async def introduce(line: Line) -> Identity:
    """Raises `Misconfigured` for a token that Slack does not take, and `SlackAway`."""
    try:
        answer = await line.call("auth.test")
    except SlackRefuses as error:
        raise Misconfigured(words.WRONG_BOT_TOKEN.format(code=error.code)) from error
    return Identity(
        team=str(answer["team_id"]),
        bot_user=str(answer["user_id"]),
        bot=str(answer.get("bot_id", "")),
        enterprise=answer.get("enterprise_id") or None,
    )
