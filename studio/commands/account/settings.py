"""/settings: what one has settled for oneself; without words it shows how it stands."""

from dataclasses import dataclass, replace

from studio.commands.parameter_values import Kind, Parameter, bare_value
from studio.commands.parameters import MODEL, STYLE
from studio.commands.results import SettingsChanged
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.known_names import find_model, require_style
from studio.db import settings
from studio.db.identities.people import lock_person
from studio.domain.requests import MAX_COUNT, parse_aspect
from studio.domain.settings.languages import LANGUAGE_CHOICES, read_language
from studio.domain.settings.preferences import BuiltOn, RemixConsent
from studio.ports import Ports

RESET = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """None leaves a setting as it is; the word ``none`` restores the default of the instance."""

    remix: str | None = None
    dm: str | None = None
    model: str | None = None
    style: str | None = None
    aspect: str | None = None
    count: str | None = None
    built_on: str | None = None
    recap: str | None = None
    language: str | None = None


def change_settings(ports: Ports, call: Call, command: Settings) -> SettingsChanged:
    """Raises `BadParameterError`."""
    _require_known(ports, command)
    with ports.database.begin() as session:
        chosen = settings.preferences_of(session, call.person.key)
        plain = {"model": command.model, "style": command.style, "aspect": _normalized_aspect(command.aspect)}
        changes: dict[str, object] = {
            name: None if value == RESET else value for name, value in plain.items() if value is not None
        }
        if command.remix is not None:
            changes["remix"] = RemixConsent(command.remix)
        if command.dm is not None:
            changes["direct_messages"] = command.dm == "yes"
        if command.count is not None:
            changes["count"] = None if command.count == RESET else int(command.count)
        if command.built_on is not None:
            changes["built_on"] = BuiltOn(command.built_on)
        if command.recap is not None:
            changes["recap"] = command.recap == "yes"
        if command.language is not None:
            changes["language"] = read_language(command.language)
        if changes:
            chosen = replace(chosen, **changes)  # type: ignore[arg-type]
            lock_person(session, call.person)
            settings.save_preferences(session, call.person.key, chosen)
    return SettingsChanged(preferences=chosen)


def _require_known(ports: Ports, command: Settings) -> None:
    """Raises `BadParameterError`: what does not exist must not become a default."""
    if command.model not in (None, RESET):
        find_model(ports, command.model)
    if command.style is not None and command.style != RESET:
        require_style(ports, command.style)


def _normalized_aspect(aspect: str | None) -> str | None:
    """Raises `BadParameterError` for what is no shape of a picture."""
    if aspect is None or aspect == RESET:
        return aspect
    width, height = parse_aspect(bare_value(aspect))
    return f"{width}:{height}"


SPEC = CommandSpec(
    name="settings",
    summary="Your own defaults, and who may build on your pictures.",
    example="/settings --remix ask --aspect 3:2",
    build=Settings,
    handle=change_settings,
    parameters=(
        Parameter(
            name="remix",
            kind=Kind.CHOICE,
            summary="Who may build on your pictures.",
            choices=tuple(RemixConsent),
        ),
        Parameter(
            name="dm",
            kind=Kind.CHOICE,
            summary="Also send your pictures by direct message.",
            choices=("yes", "no"),
        ),
        MODEL,
        replace(STYLE, summary="A named style; none for none."),
        Parameter(name="aspect", kind=Kind.TEXT, summary="Such as 3:2; none for the default.", max_length=10),
        Parameter(
            name="count",
            kind=Kind.CHOICE,
            summary="How many pictures; none for the default.",
            choices=(RESET, *map(str, range(1, MAX_COUNT + 1))),
            aliases=("n",),
        ),
        Parameter(
            name="built_on",
            kind=Kind.CHOICE,
            summary="Tell you when others build on your pictures: at once, once a day, or not.",
            choices=tuple(BuiltOn),
            aliases=("built-on",),
        ),
        Parameter(
            name="recap",
            kind=Kind.CHOICE,
            summary="Whether the weekly recap and the leaderboard may name you.",
            choices=("yes", "no"),
        ),
        Parameter(
            name="language",
            kind=Kind.CHOICE,
            summary="The language of what only you read; automatic follows your platform.",
            choices=LANGUAGE_CHOICES,
        ),
    ),
    paints=False,
)
