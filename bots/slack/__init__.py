"""The Slack front end: slash commands, mentions, buttons, modals, reactions and one message for every job."""

from bots.slack.settings import SlackSettings

__all__ = ["SlackSettings"]
