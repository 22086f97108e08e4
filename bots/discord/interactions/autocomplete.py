"""What is offered while an option is typed: the studio's suggestions, and channels and roles, which it cannot know."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bots.discord.context import DiscordContext
from bots.discord.guilds.members import call_of
from bots.presentation.suggestions import MOST, suggest
from bots.process.thread_pools import Pool
from studio.commands.completion.suggestion import LONGEST
from studio.commands.moderation.community_rules import CHANNELS
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import CommandSpec
from studio.domain.settings.communities import Tier
from studio.errors import ChatelierError

_PATIENCE_SECONDS = 2.0
_SUGGESTED = frozenset(
    {Kind.PICTURE, Kind.JOB, Kind.MODEL, Kind.STYLE, Kind.LORA, Kind.REFERENCES, Kind.CASE}
)
_SUGGESTED_NAMES = frozenset({"prompt", "value", "what", "command"})
_CHANNEL_SETTINGS = frozenset({"channels", *CHANNELS})

Choices = list[app_commands.Choice[str]]


def is_suggested(parameter: Parameter) -> bool:
    return parameter.kind in _SUGGESTED or parameter.name in _SUGGESTED_NAMES


def autocompleter(
    context: DiscordContext, spec: CommandSpec, parameter: Parameter
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, Choices]]:
    """Never raises: without suggestions, people type."""

    async def complete(interaction: discord.Interaction, typed: str) -> Choices:
        values = dict(iter(interaction.namespace))
        here = _names_here(interaction, values) if parameter.name == "value" else []
        if here:
            wanted = typed.strip().lower()
            return [_choice(name, value) for name, value in here if wanted in name.lower()][:MOST]
        call = call_of(interaction, context.settings)
        find = partial(suggest, context.ports, call, spec, parameter, typed, values)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await context.pools.run(Pool.DATABASE, find)
        except (ChatelierError, TimeoutError):
            return []
        return [_choice(choice.label, choice.value) for choice in found]

    return complete


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=name[:LONGEST], value=value)


def _names_here(interaction: discord.Interaction, values: Mapping[str, object]) -> list[tuple[str, str]]:
    """What a setting of the community may be that only Discord knows: channels, and roles with a tier."""
    setting, guild = values.get("setting"), interaction.guild
    if guild is None:
        return []
    if setting in _CHANNEL_SETTINGS:
        return [(f"#{channel.name}", str(channel.id)) for channel in guild.text_channels]
    if setting == "tier":
        roles = [role for role in guild.roles if not role.is_default()]
        return [(f"{role.name} {tier}", f"{role.id} {tier}") for role in roles for tier in Tier]
    return []
