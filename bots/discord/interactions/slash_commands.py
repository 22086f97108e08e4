"""Slash commands, built from the catalogue: one builder for all, so that no command can be forgotten."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import discord
from discord import app_commands

from bots.discord.guilds.members import person_of, record_person
from bots.discord.guilds.permissions import availability, require_own
from bots.discord.guilds.uploads import PENDING_UPLOAD
from bots.discord.interactions.autocomplete import autocompleter, is_suggested
from bots.discord.interactions.command_translator import LONGEST_DESCRIPTION
from bots.discord.interactions.dispatcher import Handler
from bots.discord.messages.answers import private_refusal
from bots.presentation.interaction_router import Run
from bots.presentation.prompt_flags import spread_flags
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from studio.commands.completion.finders import whole_prompt
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.registry import CATALOG, FORMER_COMMANDS
from studio.commands.spec import Audience, Call, CommandSpec
from studio.commands.submission.privacy import asks_privacy
from studio.domain.people import Person
from studio.errors import BadParameterError
from studio.gatherings.registry import KINDS

_NUMBERS: Mapping[Kind, type[int] | type[float]] = {Kind.INTEGER: int, Kind.NUMBER: float}
_IMAGES = frozenset({Kind.IMAGE, Kind.MASK})
_UPLOADS = _IMAGES | {Kind.FILE}
# What Discord shows to whom before an administrator says otherwise. The studio checks again.
_MODERATORS = discord.Permissions(manage_messages=True)
_ADMINISTRATORS = discord.Permissions(manage_guild=True)
# What several people do in one channel, which only the bot itself can keep up to date.
_TOGETHER = frozenset({"enter", "gather", "hall", "pick"} | {kind.command for kind in KINDS.values()})
_MENTION = re.compile(r"<(?:#|@&|@!?)(\d{1,20})>")


class SlashCommands(Handler):
    def build(self, tree: app_commands.CommandTree[Any]) -> None:
        """Add every command of the catalogue."""
        for spec in (*CATALOG.values(), FORMER_COMMANDS["studio"]):
            tree.add_command(self._command(spec))

    def _command(self, spec: CommandSpec) -> app_commands.Command[Any, Any, None]:
        moderates = spec.audience is Audience.MODERATORS
        by_people = self._context.settings.user_install and not (moderates or spec.name in _TOGETHER)
        command: app_commands.Command[Any, Any, None] = app_commands.Command(
            name=spec.name,
            description=translate(spec.summary)[:LONGEST_DESCRIPTION],
            callback=self._callback(spec),
            **availability(by_people=by_people, in_servers_only=moderates),
        )
        if moderates:
            administers = spec.current_name == "community"
            command.default_permissions = _ADMINISTRATORS if administers else _MODERATORS
        for parameter in spec.parameters:
            if is_suggested(parameter):
                command.autocomplete(parameter.name)(autocompleter(self._context, spec, parameter))
        return command

    def _callback(self, spec: CommandSpec) -> Callable[..., Any]:
        """A coroutine whose signature tells discord.py the options; required ones come first there."""

        async def serve(interaction: discord.Interaction, **options: Any) -> None:
            async with private_refusal(interaction):
                await self._serve(interaction, spec, options)

        ordered = sorted(spec.parameters, key=lambda parameter: not parameter.required)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        first = inspect.Parameter("interaction", kind, annotation=discord.Interaction)
        serve.__signature__ = inspect.Signature([first, *map(option, ordered)])  # type: ignore[attr-defined]
        serve.__discord_app_commands_param_description__ = {  # type: ignore[attr-defined]
            parameter.name: translate(parameter.summary)[:LONGEST_DESCRIPTION] for parameter in ordered
        }
        return serve

    async def _serve(
        self, interaction: discord.Interaction, spec: CommandSpec, options: Mapping[str, object]
    ) -> None:
        """What is wrong with the words is said before anybody sees that something is coming.

        Raises `BadParameterError`.
        """
        typed = {name: value for name, value in options.items() if isinstance(value, str | int | float)}
        if isinstance(setting := typed.get("value"), str):
            typed["value"] = _MENTION.sub(r"\1", setting)  # channels, roles and people by their ids
        values = spread_flags(spec.name, typed)
        require_own(interaction.guild, spec.current_name, values)
        context = self._context

        async def complete(call: Call) -> Run:
            """With what takes longer to find: attachments made harmless and stored, and people's keys."""
            received: dict[str, object] = {}
            for parameter in spec.parameters:
                value = options.get(parameter.name)
                if isinstance(value, discord.Attachment):
                    fetch = partial(context.downloads.download, value)
                    received[parameter.name] = await self._runner.receive(parameter, fetch, call)
                elif isinstance(value, discord.abc.User):
                    person = _find_member(value, call, parameter)
                    await context.pools.run(Pool.COMMANDS, record_person, context.ports.database, person)
                    received[parameter.name] = person.key
            if isinstance(prompt := values.get("prompt"), str):
                # One of the suggested may stand for a longer one.
                whole = partial(whole_prompt, context.ports, call, prompt)
                received["prompt"] = await context.pools.run(Pool.DATABASE, whole)
            return replace(run, values=spread_flags(spec.name, {**values, **received}))

        public = spec.paints and not asks_privacy(spec, values)
        images = (parameter.name for parameter in spec.parameters if parameter.kind in _IMAGES)
        pending = {name: PENDING_UPLOAD for name in images if options.get(name) is not None}
        run = Run(command=spec.name, values={**values, **pending}, public=public)
        await self._dispatcher.run(interaction, run, complete=complete)


def _find_member(user: discord.abc.User, call: Call, parameter: Parameter) -> Person:
    """Raises `BadParameterError` in direct messages, where nobody else is, and for bots."""
    if not call.person.community.isdecimal():
        raise BadParameterError(parameter.name, "server_only")
    if user.bot:
        raise BadParameterError(parameter.name, "a_bot")
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
    if parameter.kind is Kind.SWITCH:
        return bool
    number: type[int] | type[float] | None = _NUMBERS.get(parameter.kind)
    if number is not None:
        limits = (parameter.minimum, parameter.maximum)
        bounds = [None if limit is None else number(limit) for limit in limits]
        return number if limits == (None, None) else app_commands.Range[number, *bounds]
    if parameter.kind is Kind.CHOICE:
        return Literal[tuple(str(choice) for choice in parameter.choices)]
    return str
