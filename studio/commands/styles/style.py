"""/style: save words, a model, LoRAs and references under a name, and share, list or remove what was saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from studio.commands.lora_lists import parse_loras
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import LORA, MODEL, NEGATIVE
from studio.commands.picture_lists import WeightedPicture, require_few
from studio.commands.spec import Call, CommandSpec
from studio.commands.styles.named_style import require_name
from studio.commands.submission.known_names import require_known
from studio.commands.submission.references import find_references, require_references
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import lock_person
from studio.db.styles import saved_styles
from studio.domain.requests import Operation, PaintRequest, ReferenceKind
from studio.domain.settings.saved_styles import (
    LONGEST_STYLE_NAME,
    MOST_STYLES,
    PLACE,
    SavedStyle,
    StyleReference,
    StylesListed,
)
from studio.domain.verdicts import Ruling
from studio.errors import BadParameterError, NotAllowedError, NotFoundError
from studio.ports import Admission, Ports

SAVE, LIST, SHARE, UNSHARE, REMOVE = "save", "list", "share", "unshare", "remove"
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    do: str = LIST
    name: str = ""
    words: str = ""
    negative: str = ""
    model: str | None = None
    lora: str | None = None
    ref: tuple[WeightedPicture, ...] = ()
    sref: tuple[WeightedPicture, ...] = ()


def style(ports: Ports, call: Call, command: Style) -> StylesListed:
    """Raises `BadParameterError`, `NotFoundError`, `NotAllowedError`, and `PolicyRefusalError` for its words."""
    if command.do == LIST:
        with ports.database.read() as session:
            return _list(session, call)
    if not command.name:
        raise BadParameterError("name", "missing", example=SPEC.example)
    if command.do in (SHARE, UNSHARE) and not call.person.moderates:
        raise NotAllowedError("moderators_only")
    if command.do == SAVE:
        made = _make(ports, call, command)
        _judge(ports, call, made)
        with ports.database.begin() as session:
            lock_person(session, call.person)
            _save(session, call, made)
            return _list(session, call, made.name, SAVE)
    with ports.database.begin() as session:
        lock_person(session, call.person)
        saved_styles.lock_community(session, call.person)
        found = _find(session, call, " ".join(command.name.lower().split()), command.do)
        _change(session, call, found, command.do)
        return _list(session, call, found.name, command.do)


def _make(ports: Ports, call: Call, command: Style) -> SavedStyle:
    """What is named must be there, so that no style is saved that nobody could use."""
    name = require_name(ports, command.name)
    if any(mark in command.words.replace(PLACE, "") for mark in "{}"):
        raise BadParameterError("words", "style_braces")
    named = ((ReferenceKind.SUBJECT, command.ref), (ReferenceKind.STYLE, command.sref))
    pictures = [(kind, picture) for kind, found in named for picture in found]
    require_few("ref", len(pictures))
    sources = [
        source for kind, picture in pictures for source in find_references(ports, call, [picture], kind)
    ]
    loras = parse_loras(command.lora) if command.lora else ()
    if not (command.words or command.negative or command.model or loras or sources):
        raise BadParameterError("words", "style_of_nothing")
    request = PaintRequest(
        operation=Operation.IMAGINE, seed=0, model=command.model, loras=loras, sources=tuple(sources)
    )
    require_known(ports, request)
    require_references(ports, request)
    return SavedStyle(
        name=name,
        owner=call.person.key,
        words=command.words,
        negative_prompt=command.negative,
        model=command.model,
        loras=loras,
        references=tuple(
            StyleReference(picture_id=picture.picture_id, kind=kind, weight=picture.weight)
            for kind, picture in pictures
        ),
    )


def _judge(ports: Ports, call: Call, made: SavedStyle) -> None:
    """By the rules for prompts, since others read it once it is shared. Each request that uses it is judged again."""
    words = made.words.replace(PLACE, "").strip()
    if not words and not made.negative_prompt:
        return
    request = PaintRequest(
        operation=Operation.IMAGINE, prompt=words, negative_prompt=made.negative_prompt, seed=0, count=1
    )
    admission = Admission(person=call.person, command=SPEC.name, request=request, outstanding_jobs=0)
    verdict = ports.gate.review(admission)
    if verdict.ruling is not Ruling.ALLOW:
        raise verdict.refusal()


def _save(session: Session, call: Call, made: SavedStyle) -> None:
    """In place of the human's own one of its name, which stays shared if it was."""
    mine = saved_styles.own_styles(session, call.person)
    known = next((found for found in mine if found.name == made.name), None)
    if known is None and len(mine) >= MOST_STYLES:
        raise BadParameterError("name", "too_many_styles", most=MOST_STYLES)
    if known is not None:
        made = replace(made, owner=known.owner)
        if known.shared and not call.person.moderates:
            raise NotAllowedError("moderators_only")
        if known.shared:
            saved_styles.save_style(session, call.person, replace(made, shared=True))
            return
    saved_styles.save_style(session, call.person, made)


def _find(session: Session, call: Call, name: str, what: str) -> SavedStyle:
    """One's own; to take back or remove, also one that the community shares. Raises `NotFoundError`."""
    mine, shared = _lists(session, call)
    reached: Sequence[SavedStyle] = mine if what == SHARE else (*mine, *shared)
    if what == UNSHARE:
        reached = shared
    found = next((known for known in reached if known.name == name), None)
    if found is None:
        raise NotFoundError("style", name=name[:LONGEST_STYLE_NAME])
    return found


def _change(session: Session, call: Call, found: SavedStyle, what: str) -> None:
    own = same_human(session, found.owner, call.person.key)
    if what == REMOVE:
        if not (own or call.person.moderates):
            raise NotAllowedError
        saved_styles.remove_style(session, found)
        return
    others = [known for known in saved_styles.shared_styles(session, call.person) if known.name == found.name]
    if what == SHARE and any(known.owner != found.owner for known in others):
        raise BadParameterError("name", "style_taken", name=found.name)
    saved_styles.mark_shared(session, found, shared=what == SHARE, where=call.person)


def _lists(session: Session, call: Call) -> tuple[tuple[SavedStyle, ...], tuple[SavedStyle, ...]]:
    return saved_styles.own_styles(session, call.person), saved_styles.shared_styles(session, call.person)


def _list(session: Session, call: Call, changed: str = "", change: str = "") -> StylesListed:
    mine, shared = _lists(session, call)
    return StylesListed(own=mine, shared=shared, changed=changed, change=change)


SPEC = CommandSpec(
    name="style",
    summary="Save words, a model, LoRAs and references as a style of your own, for --style.",
    example="/style save ink wash --words ink wash on rice paper, {prompt} --model sdxl",
    build=Style,
    handle=style,
    parameters=(
        Parameter(
            name="do",
            kind=Kind.CHOICE,
            summary="Save or remove a style, list all; moderators share it with the community.",
            choices=(SAVE, LIST, SHARE, UNSHARE, REMOVE),
            positional=True,
        ),
        Parameter(
            name="name",
            kind=Kind.TEXT,
            summary="The name of the style.",
            max_length=LONGEST_STYLE_NAME,
            positional=True,
        ),
        Parameter(
            name="words",
            kind=Kind.TEXT,
            summary="Words behind those of a request, or around them: prompt in braces stands for those.",
            max_length=_LONGEST_WORDS,
        ),
        replace(NEGATIVE, max_length=_LONGEST_WORDS),
        MODEL,
        LORA,
        Parameter(
            name="ref",
            kind=Kind.REFERENCES,
            summary="Pictures whose subject to show, by id, each with a weight if you like.",
        ),
        Parameter(
            name="sref",
            kind=Kind.REFERENCES,
            summary="Pictures whose style to use, by id, each with a weight if you like.",
        ),
    ),
    paints=False,
    rationed=True,
)
