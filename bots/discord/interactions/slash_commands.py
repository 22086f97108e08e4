"""Slash commands, built from the catalogue: one builder for all, so that no command can be forgotten."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import discord
from discord import app_commands

from bots.discord.context import DiscordClient
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.members import call_of, person_of, record_person
from bots.discord.guilds.permissions import require_own
from bots.discord.guilds.uploads import examine_attachment, store_attachment
from bots.discord.interactions.autocomplete import MOST, autocompleter, whole_prompt
from bots.discord.interactions.dispatcher import send_private
from bots.discord.texts import texts
from bots.runtime.thread_pools import Pool
from bots.texts.prompt_flags import spread_flags
from studio.commands.registry import CATALOG, FORMER_COMMANDS, execute, find_command
from studio.commands.results import Answer
from studio.commands.spec import Audience, Call, CommandSpec, Kind, Parameter
from studio.commands.submission.known_names import default_note
from studio.domain.people import Person
from studio.errors import BadParameterError, UnknownCommandError

LONGEST_DESCRIPTION = 100
CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
INSTALLS = app_commands.AppInstallationType(guild=True, user=False)
_NUMBERS: Mapping[Kind, type[int] | type[float]] = {Kind.INTEGER: int, Kind.NUMBER: float}
_UPLOADS = frozenset({Kind.IMAGE, Kind.FILE, Kind.MASK})
_SUGGESTED = frozenset({Kind.PICTURE, Kind.JOB, Kind.MODEL, Kind.STYLE, Kind.LORA, Kind.CASE})
_SUGGESTED_NAMES = frozenset({"prompt", "value"})
# What Discord shows to whom before an administrator says otherwise. The studio checks again.
_MODERATORS = discord.Permissions(manage_messages=True)
_ADMINISTRATORS = discord.Permissions(manage_guild=True)
_NAMING = (
    "case",
    "job",
    "picture",
    "what",
)  # the parameters that say whose server is meant in direct messages
_IN_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_MENTION = re.compile(r"<(?:#|@&|@!?)(\d{1,20})>")


def build_commands(tree: app_commands.CommandTree[DiscordClient]) -> None:
    """Add every command of the catalogue, and /help, which describes them."""
    for spec in (*CATALOG.values(), FORMER_COMMANDS["studio"]):
        tree.add_command(slash_command(spec))
    tree.add_command(_help_command())


def slash_command(spec: CommandSpec) -> app_commands.Command[Any, Any, None]:
    moderates = spec.audience is Audience.MODERATORS
    command: app_commands.Command[Any, Any, None] = app_commands.Command(
        name=spec.name,
        description=spec.summary[:LONGEST_DESCRIPTION],
        callback=_callback(spec),
        allowed_contexts=_IN_SERVERS if moderates else CONTEXTS,
        allowed_installs=INSTALLS,
    )
    if moderates:
        command.default_permissions = _ADMINISTRATORS if spec.current_name == "community" else _MODERATORS
    for parameter in spec.parameters:
        if is_suggested(parameter):
            command.autocomplete(parameter.name)(autocompleter(parameter))
    return command


def is_suggested(parameter: Parameter) -> bool:
    return parameter.kind in _SUGGESTED or parameter.name in _SUGGESTED_NAMES


def _callback(spec: CommandSpec) -> Callable[..., Any]:
    """A coroutine whose signature tells discord.py the options; required ones come first there."""

    async def serve(interaction: discord.Interaction[DiscordClient], **options: Any) -> None:
        bot = interaction.client

        async def work(call: Call) -> Answer:
            values = spread_flags(spec.name, await _received(bot, call, spec, options))
            if spec.current_name == "community":
                require_own(interaction.guild, values)
            for what in filter(None, map(values.get, _NAMING)):
                call = await in_home_community(bot, call, str(what), paints=spec.paints)
            return await bot.pools.run(Pool.COMMANDS, execute, bot.ports, call, spec.name, values)

        await bot.dispatcher.serve(interaction, work, public=spec.paints)

    ordered = sorted(spec.parameters, key=lambda each: not each.required)
    first = inspect.Parameter(
        "interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction
    )
    serve.__signature__ = inspect.Signature([first, *map(option, ordered)])  # type: ignore[attr-defined]
    serve.__discord_app_commands_param_description__ = {  # type: ignore[attr-defined]
        each.name: each.summary[:LONGEST_DESCRIPTION] for each in ordered
    }
    return serve


async def _received(
    bot: DiscordClient, call: Call, spec: CommandSpec, options: Mapping[str, object]
) -> dict[str, object]:
    """The options that were filled in: attachments made harmless and stored, people and places as their ids."""
    values: dict[str, object] = {}
    for parameter in spec.parameters:
        value = options.get(parameter.name)
        if isinstance(value, discord.Attachment):
            value = (
                await examine_attachment(value, call.person, bot.ports, bot.pools, bot.downloads)
                if parameter.kind is Kind.FILE
                else await store_attachment(value, call.person, bot.ports, bot.pools, bot.downloads)
            )
        elif isinstance(value, discord.abc.User):
            person = _named(value, call, parameter)
            await bot.pools.run(Pool.COMMANDS, record_person, bot.ports.database, person)
            value = person.key
        elif isinstance(value, str) and parameter.name == "value":
            value = _MENTION.sub(r"\1", value)
        elif isinstance(value, str) and parameter.name == "prompt":
            value = await bot.pools.run(Pool.COMMANDS, whole_prompt, bot.ports.database, call.person, value)
        if value is not None:
            values[parameter.name] = value
    return values


def _named(user: discord.abc.User, call: Call, parameter: Parameter) -> Person:
    """Raises `BadParameterError` in direct messages, where nobody else is, and for bots."""
    if not call.person.community.isdecimal():
        raise BadParameterError(parameter.name, "can be named in a server only, not in direct messages.")
    if user.bot:
        raise BadParameterError(parameter.name, "is a bot.")
    return person_of(user, call.person.community, moderates=False)


def option(parameter: Parameter) -> inspect.Parameter:
    """A catalogue parameter as a parameter of the callback, with Discord's type, range and choices."""
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=_annotation(parameter) if parameter.required else _annotation(parameter) | None,
        default=inspect.Parameter.empty if parameter.required else None,
    )


def _annotation(parameter: Parameter) -> Any:
    if parameter.kind in _UPLOADS:
        return discord.Attachment
    if parameter.kind is Kind.PERSON:
        return discord.User  # a member, or somebody who has left
    number: type[int] | type[float] | None = _NUMBERS.get(parameter.kind)
    if number is not None:
        bounds = [
            None if bound is None else number(bound) for bound in (parameter.minimum, parameter.maximum)
        ]
        return app_commands.Range[number, *bounds] if any(bound is not None for bound in bounds) else number
    if parameter.kind is Kind.CHOICE:
        return _choices(parameter)
    return str


def _choices(parameter: Parameter) -> Any:
    return Literal[tuple(str(choice) for choice in parameter.choices)]


def _help_command() -> app_commands.Command[Any, Any, None]:
    async def help_(interaction: discord.Interaction[DiscordClient], command: str | None = None) -> None:
        try:
            await send_private(
                interaction, texts.help_of(find_command(command)) if command else _overview(interaction)
            )
        except UnknownCommandError as error:
            await send_private(interaction, texts.sentence_of(error))

    async def suggest(
        interaction: discord.Interaction[DiscordClient], typed: str
    ) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().lstrip("/").lower()
        names = [spec.name for spec in _offered(interaction) if wanted in spec.name]
        return [app_commands.Choice(name=f"/{name}", value=name) for name in names[:MOST]]

    help_.__annotations__ = {"interaction": discord.Interaction, "command": str | None}
    command: app_commands.Command[Any, Any, None] = app_commands.Command(
        name="help",
        description=texts.HELP_SUMMARY,
        callback=app_commands.describe(command=texts.HELP_COMMAND)(help_),
        allowed_contexts=CONTEXTS,
        allowed_installs=INSTALLS,
    )
    command.autocomplete("command")(suggest)
    return command


def _overview(interaction: discord.Interaction[DiscordClient]) -> str:
    return texts.help_text(_offered(interaction), note=default_note(interaction.client.ports))


def _offered(interaction: discord.Interaction[DiscordClient]) -> list[CommandSpec]:
    """Moderators' commands are for moderators to read about."""
    moderates = call_of(interaction, interaction.client.settings).person.moderates
    return [spec for spec in CATALOG.values() if moderates or spec.audience is not Audience.MODERATORS]
