"""Messages as Discord's Components V2. Pure: it knows the limits of Discord and sends nothing.

Text, pictures and facts stand in one container, whose accent colour is the message's tone; buttons stand below it,
where four of them fit side by side on a phone.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import Any
from unicodedata import category

import discord
from discord import ui

from bots.delivery.attachments import Attachment
from bots.discord.texts.markdown import code_block, escape, markdown
from bots.presentation.actions import ACTIONS, description, label
from bots.presentation.limits import CUT, Limits
from bots.presentation.message import (
    Button,
    ButtonRow,
    Download,
    Facts,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    Preformatted,
    Progress,
    Small,
    Title,
    Tone,
)
from bots.texts import jobs
from studio.domain.people import Person, Platform

# Limits of https://docs.discord.com/developers/components/reference, as of 2026.
MAX_COMPONENTS = 40
MAX_TEXT = 4000  # characters in all of a message
MAX_FILES = 10
MAX_ALT_TEXT = 1024
MAX_BUTTON_LABEL = 80
MAX_OPTION = 100
MAX_PLACEHOLDER = 150
BUTTONS_PER_ROW, _PICTURES_PER_ROW = 5, 4
MAX_OPTIONS = 25
_MOST_BUTTONS_OF_MENU = 8  # more become a select
# Of a phone that is 360 pixels wide, Discord leaves this much beside the avatar. A letter of its typeface takes about
# seven pixels, a button 24 more, and eight lie between two buttons (measured, 2026).
PHONE_WIDTH = 272
_LETTER_WIDTH, _BUTTON_PADDING, _BUTTON_GAP = 7, 24, 8
SELECT = "c1o"  # and the action: a select whose options are buttons
CONFIRM = "c1q"  # in place of the version in the id of a button whose press is confirmed first

Item = ui.Item[Any]
Files = Mapping[str, Attachment]

_ACCENTS = {
    Tone.WORKING: discord.Colour(0x5865F2),
    Tone.SUCCESS: discord.Colour(0x248046),
    Tone.WARNING: discord.Colour(0xF0B232),
    Tone.DANGER: discord.Colour(0xDA373C),
}
_BUTTON_STYLES = {
    Tone.NEUTRAL: discord.ButtonStyle.secondary,
    Tone.WORKING: discord.ButtonStyle.primary,
    Tone.SUCCESS: discord.ButtonStyle.success,
    Tone.WARNING: discord.ButtonStyle.danger,
    Tone.DANGER: discord.ButtonStyle.danger,
}
_NOTE_SIGNS = {Tone.WARNING: "⚠️ ", Tone.DANGER: "⚠️ "}


def send_arguments(
    message: Message, files: Files, limits: Limits = CUT, *, mentions: Sequence[Person] = ()
) -> dict[str, Any]:
    """Arguments of `send`, made anew for each try, because sending reads the files to their end.

    `files` holds the images by their name; an image without a file is left out. Nobody is notified but `mentions`.
    """
    notified = [discord.Object(person.user_id) for person in mentions if person.user_id.isdecimal()]
    return {
        "view": render(message, files, limits),
        "files": _uploads(message, files),
        "allowed_mentions": discord.AllowedMentions(everyone=False, roles=False, users=notified),
    }


def edit_arguments(message: Message, files: Files, limits: Limits = CUT) -> dict[str, Any]:
    """Arguments of `edit`, for every message of ours: one without the Components V2 flag is given it by the edit.

    Discord takes the flag only together with an emptied text and no embeds.
    """
    arguments = send_arguments(message, files, limits)
    attachments = arguments.pop("files")
    return {**arguments, "content": None, "embeds": [], "attachments": attachments}


def render(message: Message, files: Files, limits: Limits = CUT) -> ui.LayoutView:
    """The layout of a message. It is not watched: presses are read from the buttons' ids."""
    view = ui.LayoutView(timeout=None)
    blocks = _within_text_limit(_blocks(message.parts, files, limits), limits)
    if blocks:
        view.add_item(ui.Container(*blocks, accent_colour=_ACCENTS.get(message.tone)))
    selects = [row for row in message.rows if row.menu and len(row.buttons) > _MOST_BUTTONS_OF_MENU]
    for row in selects:
        view.add_item(ui.ActionRow(_select(row, limits)))
    rows = list(_rows(row for row in message.rows if row not in selects))
    for buttons in limits.items(rows, _most_rows(rows, len(blocks) + 2 * len(selects)), "rows of buttons"):
        view.add_item(_action_row(buttons, limits))
    view.stop()
    return view


def _within_text_limit(blocks: Iterable[Item], limits: Limits) -> list[Item]:
    """The blocks, as far as Discord has room for their text."""
    room, fitting = MAX_TEXT, []
    for block in blocks:
        if isinstance(block, ui.TextDisplay):
            block.content = limits.text(block.content, max(1, room), "text")
            room -= len(block.content)
        fitting.append(block)
    return fitting


def _rows(rows: Iterable[ButtonRow]) -> Iterator[tuple[Button, ...]]:
    """Discord takes each id once, so a button that does what another does is left out; so is what Discord lacks."""
    seen: set[str] = set()
    for row in rows:
        fresh = {
            button.custom_id: button
            for button in row.buttons
            if button.custom_id not in seen and Platform.DISCORD not in ACTIONS[button.action].absent
        }
        seen |= fresh.keys()
        buttons = list(fresh.values())
        beside = _PICTURES_PER_ROW if row.menu else BUTTONS_PER_ROW
        for start in range(0, len(buttons), beside):
            yield tuple(buttons[start : start + beside])


def _most_rows(rows: Sequence[tuple[Button, ...]], blocks: int) -> int:
    """How many rows there is room for besides the container and its blocks."""
    return sum(1 + blocks + total <= MAX_COMPONENTS for total in accumulate(1 + len(row) for row in rows))


def _blocks(parts: Iterable[Part], files: Files, limits: Limits) -> Iterator[Item]:
    """Neighbouring lines share a block of text."""
    for kind, group in groupby(_pieces(parts, files, limits), key=type):
        if kind is str:
            yield ui.TextDisplay("\n".join(map(str, group)))
        else:
            yield from (item for item in group if isinstance(item, ui.Item))


def _pieces(parts: Iterable[Part], files: Files, limits: Limits) -> Iterator[str | Item | None]:
    """Lines, and what stands between them: also facts are parted by a line from what is above them."""
    above = False
    for part in parts:
        if isinstance(part, Images):
            gallery = _gallery(part, files, limits)
            yield gallery
            above = above or gallery is not None
            continue
        if isinstance(part, Download) and part.file.name in files:
            yield ui.File(f"attachment://{part.file.name}{files[part.file.name].suffix}")
        else:
            if isinstance(part, Facts) and above:
                yield ui.Separator()
            yield _text(part)
        above = True


def _text(part: Part) -> str:
    match part:
        case Title():
            return f"**{escape(part.text)}**"
        case Paragraph():
            return markdown(part.spans)
        case Small():
            return f"-# {markdown(part.spans)}"
        case Facts():
            return "\n".join(f"**{escape(label)}** {markdown(spans)}" for label, spans in part.facts)
        case Progress():
            return (
                f"{jobs.bar(part.step, part.steps)}\n-# {jobs.step(part.step, part.steps, part.seconds_left)}"
            )
        case Preformatted():
            return code_block(part.text)
        case Note():
            return _NOTE_SIGNS.get(part.tone, "") + markdown(part.spans)
        case Download():
            return markdown(part.otherwise)
        case Images():
            raise TypeError("images are no text")


def _gallery(part: Images, files: Files, limits: Limits) -> Item | None:
    """Single pictures: each can be opened and saved by itself, and has its own alternative text."""
    shown = [image for image in part.files if image.name in files]
    items = [
        discord.MediaGalleryItem(
            f"attachment://{image.name}{files[image.name].suffix}",
            description=limits.text(image.alt_text, MAX_ALT_TEXT, "alternative text") or None,
            spoiler=part.spoiler,
        )
        for image in limits.items(shown, MAX_FILES, "images")
    ]
    return ui.MediaGallery(*items) if items else None


def _uploads(message: Message, files: Files) -> list[discord.File]:
    shown = [image.name for image in message.files if image.name in files]
    return [
        discord.File(io.BytesIO(files[name].data), f"{name}{files[name].suffix}")
        for name in shown[:MAX_FILES]
    ]


def _action_row(row: tuple[Button, ...], limits: Limits) -> ui.ActionRow[Any]:
    """A button that was pressed has a ✓ where the row has room for it: its colour alone not everybody perceives."""
    texts = [button.label or label(button.action, button.index) for button in row]
    marked = [f"✓{text}" if button.pressed else text for button, text in zip(row, texts, strict=True)]
    if row_width(marked) <= PHONE_WIDTH:
        texts = marked
    elif row_width(texts) > PHONE_WIDTH:
        texts = [ACTIONS[button.action].icon or text for button, text in zip(row, texts, strict=True)]
    return ui.ActionRow(*(_button(button, text, limits) for button, text in zip(row, texts, strict=True)))


def _select(row: ButtonRow, limits: Limits) -> ui.Select[Any]:
    """A menu whose options are buttons: the id of each is its value."""
    options = [
        discord.SelectOption(label=limits.text(_option(button), MAX_OPTION, "option"), value=button.custom_id)
        for button in limits.items(row.enabled, MAX_OPTIONS, "options")
    ]
    return ui.Select(
        custom_id=f"{SELECT}:{row.buttons[0].action}:{row.buttons[0].target}",
        placeholder=limits.text(row.menu, MAX_PLACEHOLDER, "placeholder"),
        options=options,
    )


def _option(button: Button) -> str:
    text = button.label or description(button.action, button.index)
    return f"✓ {text}" if button.pressed else text


def row_width(texts: Sequence[str]) -> int:
    """Of buttons side by side, in pixels; an emoji counts as three letters."""
    letters = sum(3 if category(character) == "So" else 1 for text in texts for character in text)
    return letters * _LETTER_WIDTH + len(texts) * (_BUTTON_PADDING + _BUTTON_GAP) - _BUTTON_GAP


def _button(button: Button, text: str, limits: Limits) -> ui.Button[Any]:
    """Grey unless it has a tone; the one that was pressed stands out.

    Discord asks no question before a press counts, so a button with one has an id that leads to it.
    """
    style = discord.ButtonStyle.primary if button.pressed else _BUTTON_STYLES[button.tone]
    return ui.Button(
        custom_id=f"{CONFIRM}:{button.custom_id.partition(':')[2]}" if button.confirm else button.custom_id,
        label=limits.text(text, MAX_BUTTON_LABEL, "label"),
        style=style,
        disabled=button.disabled,
    )
