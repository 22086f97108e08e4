"""The Discord front end: slash commands, buttons, reactions and one message for every job."""

from bots.discord.run import run_bot
from bots.discord.settings import DiscordSettings

__all__ = ["DiscordSettings", "run_bot"]
