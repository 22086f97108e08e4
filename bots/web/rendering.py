"""Pieces of HTML, rendered by Jinja with everything escaped."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bots.texts import cases as case_texts
from bots.web.queries.job_cards import Card
from bots.web.texts import texts
from studio.commands.button_ids import Action, Button
from studio.commands.registry import CATALOG, REACTIONS
from studio.commands.spec import Audience
from studio.commands.submission.known_names import choices_of
from studio.domain.events import JobProgress
from studio.domain.jobs import JobState
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS, Picture
from studio.ports import Ports

FOLDER = Path(__file__).parent


def hue(user_id: str) -> int:
    """One of eight colours for a person, always the same."""
    return sum(user_id.encode()) % 8


def initial(name: str) -> str:
    return name[:1].upper() or "?"


def data_block(value: object) -> Markup:
    """JSON that may stand inside a <script type="application/json">."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def code_spans(text: str) -> Markup:
    """Text of ours in which backticks stand around what is typed."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


@lru_cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        hue=hue, initial=initial, title_of=texts.title_of, data_block=data_block, code_spans=code_spans
    )
    made.filters.update(copies_of=copies_of)
    made.globals.update(words=texts, case_words=case_texts, Action=Action, catalog=CATALOG, press=press_id)
    return made


def compile_templates() -> None:
    """Compile every template, so that the first visitor does not wait for it."""
    for name in environment().list_templates():
        environment().get_template(name)


def render(template: str, **values: Any) -> str:
    return environment().get_template(template).render(**values)


def press_id(action: Action, job_id: str, index: int = 0) -> str:
    return str(Button(action=action, job_id=job_id, index=index))


def copies_of(picture: Picture) -> list[tuple[str, int]]:
    """The addresses of a picture's copies with their widths in pixels, the smallest first.

    Of a picture that was stored before larger thumbnails were made, the file itself is the largest copy.
    """
    longer = max(picture.width, picture.height)
    smallest, *larger = picture.thumbnail_keys
    addresses = {smallest: f"/thumbnails/{picture.id}"}
    addresses |= {side: f"/thumbnails/{picture.id}?side={side}" for side in larger}
    if max(addresses) < min(longer, THUMBNAIL_SIDES_PIXELS[-1]):
        addresses[longer] = f"/pictures/{picture.id}.png"
    return [
        (address, max(1, round(min(side, longer) * picture.width / longer)))
        for side, address in addresses.items()
    ]


def reactions_of(card: Card) -> list[tuple[str, Action, int]]:
    """The reactions that make sense on a card: emoji, action and the picture that it speaks of."""
    numbers = [tile.number for tile in card.tiles]
    if not numbers:
        return [
            (emoji, Action.CANCEL, 0) for emoji, (action, _) in REACTIONS.items() if action is Action.DELETE
        ]
    shown = []
    for emoji, (action, index) in REACTIONS.items():
        if action is Action.REROLL and not card.rerolls:
            continue
        about = numbers[0] if index and action is not Action.VARY else index
        if about == 0 or about in numbers:
            shown.append((emoji, action, about))
    return shown


def render_card(card: Card, progress: JobProgress | None = None) -> str:
    return render(
        "job_card.html",
        card=card,
        job=card.job,
        progress=progress if card.job.state is JobState.PAINTING else None,
        reactions=reactions_of(card),
        JobState=JobState,
    )


def render_people(people: Iterable[tuple[str, str]]) -> str:
    """`people` are user ids and names."""
    return render("people.html", people=list(people))


def catalog_data(ports: Ports, *, moderator: bool = False) -> list[dict[str, Any]]:
    """The catalogue as the completion in the browser reads it."""
    return [
        {
            "name": spec.name,
            "summary": spec.summary,
            "example": spec.example,
            "paints": spec.paints,
            "parameters": [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "kind": each.kind,
                    "choices": choices_of(ports, each),
                    "positional": each.positional,
                }
                for each in spec.parameters
            ],
        }
        for spec in CATALOG.values()
        if moderator or spec.audience is Audience.EVERYBODY
    ]
