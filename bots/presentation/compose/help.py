"""Help: every command in a line, or one with its options."""

from collections.abc import Iterable

from bots.presentation.message import (
    Audience,
    Code,
    Command,
    Link,
    Message,
    Paragraph,
    Part,
    Small,
    Spans,
    Title,
)
from bots.presentation.spans import join_list, join_spans, sentence, with_code
from bots.texts import help as texts
from bots.texts.coded.sentences import say_stored
from bots.texts.privacy_notice import TITLE as PRIVACY
from bots.texts.translation import translate
from studio.commands.account.help import NAME as HELP
from studio.commands.account.help import TOGETHER
from studio.commands.registry import CATALOG, find_command
from studio.commands.results import HelpShown
from studio.commands.spec import Audience as CommandAudience
from studio.commands.spec import CommandSpec
from studio.gatherings.registry import KINDS

_GATHERINGS = tuple(kind.command for kind in KINDS.values())


def compose_help_shown(answer: HelpShown) -> Message:
    """Help for one command, for a topic, or for all commands."""
    if answer.about == TOGETHER:
        return compose_together_help()
    if answer.about:
        return compose_command_help(find_command(answer.about))
    return compose_help(moderates=answer.moderates, note=answer.note, privacy_url=answer.privacy_url)


def compose_help(*, moderates: bool = False, note: str = "", privacy_url: str = "") -> Message:
    """Every command that the person may use. `note` is about the model that paints; `privacy_url` may be empty."""
    lines = [
        Paragraph(join_spans([Command(f"/{spec.name}"), f" {translate(spec.summary)}"]))
        for spec in commands_for(moderates=moderates)
        if spec.name not in _GATHERINGS
    ]
    gatherings = join_list([(Command(f"/{name}"),) for name in _GATHERINGS])
    flags, alternatives = Code(texts.FLAGS_EXAMPLE), Code(translate(texts.ALTERNATIVES_EXAMPLE))
    ends: list[Spans] = [
        sentence(texts.ONE_COMMAND, help=Command("/help")),
        sentence(texts.TOGETHER, commands=gatherings, help=Command(f"/help {TOGETHER}")),
        sentence(texts.FLAGS, flags=flags, alternatives=alternatives),
        sentence(texts.REACTIONS),
        sentence(texts.REACTIONS_OF_SEVERAL),
        *([with_code(say_stored(note))] if note else []),
        *([(Link(translate(PRIVACY), privacy_url),)] if privacy_url else []),
    ]
    title = translate(texts.TITLE)
    return Message(parts=(Title(title), *lines, *map(Small, ends)), audience=Audience.PERSON, summary=title)


def compose_together_help() -> Message:
    """What people can do together, with an example of each kind."""
    kinds = [
        Paragraph(
            join_spans(
                [
                    Command(f"/{kind.command}"),
                    f" {translate(kind.summary)} ",
                    *sentence(texts.EXAMPLE, command=Command(kind.example)),
                ]
            )
        )
        for kind in KINDS.values()
    ]
    ends = [
        sentence(texts.TOGETHER_LIST, gather=Command("/gather")),
        sentence(texts.TOGETHER_RULES),
        sentence(texts.TOGETHER_COLLECT, collect=Command("/collect")),
    ]
    title = translate(texts.TOGETHER_TITLE)
    return Message(parts=(Title(title), *kinds, *map(Small, ends)), audience=Audience.PERSON, summary=title)


def commands_for(*, moderates: bool) -> Iterable[CommandSpec]:
    """All but /help itself."""
    others = (spec for spec in CATALOG.values() if spec.name != HELP)
    return [spec for spec in others if moderates or spec.audience is CommandAudience.EVERYBODY]


def compose_command_help(spec: CommandSpec) -> Message:
    """What the command does, an example, and what each of its options means."""
    options: list[Part] = [
        Paragraph(
            join_spans([Code(parameter.name), " ", _summary(parameter.summary, required=parameter.required)])
        )
        for parameter in spec.parameters
    ]
    return Message(
        parts=(
            Paragraph(join_spans([Command(f"/{spec.name}"), f" {translate(spec.summary)}"])),
            Paragraph(sentence(texts.EXAMPLE, command=Command(spec.example))),
            *options,
        ),
        audience=Audience.PERSON,
        summary=f"/{spec.name}: {translate(spec.summary)}",
    )


def _summary(summary: str, *, required: bool) -> str:
    text = translate(summary)
    return text if required else translate(texts.OPTIONAL, summary=text)


def compose_greeting(*, invitation: str = "") -> Message:
    """The first message in a community that the bot was added to: what to try, and what to choose.

    `invitation` is what lets the bot into a channel, where people have to type something for that.
    """
    example = Command(f"/imagine {translate(texts.GREETING_TRY_EXAMPLE)}")
    title = translate(texts.GREETING_TITLE)
    return Message(
        parts=(
            Title(title),
            Paragraph(sentence(texts.GREETING_TRY, command=example)),
            *([Paragraph(sentence(texts.GREETING_INVITE, command=Code(invitation)))] if invitation else []),
            Paragraph(sentence(texts.GREETING_DESK, command=Command("/community desk"))),
            Paragraph(sentence(texts.GREETING_CHANNELS, command=Command("/community channels"))),
            Small(sentence(texts.GREETING_HELP, command=Command("/help"))),
        ),
        audience=Audience.CHANNEL,
        summary=title,
    )
