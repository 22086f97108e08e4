"""A message as data: what it says, shows and offers. Content code never escapes and knows no platform.

A plain string in a span is shown letter for letter: every renderer escapes it. Markup comes from span types only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.identifiers import split_picture_id
from studio.domain.people import Person, Platform


@dataclass(frozen=True, slots=True)
class Bold:
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person, shown by the name that they have now. `person` is a `Person` or only their key."""

    person: Person | str

    @property
    def user_id(self) -> str:
        """Their number on their platform; of a person who asked to be forgotten, a word that is none."""
        key = self.person if isinstance(self.person, str) else self.person.key
        return key.rpartition(":")[2]

    def is_of(self, platform: Platform) -> bool:
        key = self.person if isinstance(self.person, str) else self.person.key
        return key.partition(":")[0] == platform

    @property
    def name(self) -> str:
        """Where it is known; else what their key ends with."""
        return self.user_id if isinstance(self.person, str) else self.person.display_name


@dataclass(frozen=True, slots=True)
class ChannelName:
    channel: str


@dataclass(frozen=True, slots=True)
class RoleName:
    role: str


@dataclass(frozen=True, slots=True)
class Time:
    """A point in time, in the reader's time zone where the platform can; relative to now unless `exact`."""

    when: datetime
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its slash and whatever follows, such as ``/vary k3v9m2p4qx7a.2``: shown as it is typed there."""

    text: str


Span = str | Bold | Code | PersonName | ChannelName | RoleName | Time | Link | Command
Spans = tuple[Span, ...]


class Tone(StrEnum):
    """What a message or a button stands for; a renderer chooses its colour."""

    NEUTRAL = "neutral"
    WORKING = "working"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


class Audience(StrEnum):
    CHANNEL = "channel"
    PERSON = "person"  # the person who asked, and nobody else


class FileKind(StrEnum):
    """Which of a stored image's forms is shown."""

    PICTURE = "picture"  # fitted into the platform's limit of bytes
    PREVIEW = "preview"  # unfinished, held in memory
    PIXELATED = "pixelated"  # a copy that shows no details
    GRID = "grid"  # under the lettered cells of an edit
    DRAWING = "drawing"  # drawn for this message, such as a family tree
    SHEET = "sheet"  # several stored images side by side, numbered
    ARCHIVE = "archive"  # no picture but a file to keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image. `name` is unique in its message, and the key under which a renderer is given its file.

    `key` is the storage key, empty for a preview or a drawing. `data`: an encoded drawing with its file ending. `tiles`
    are the images of a sheet.
    """

    name: str
    alt_text: str
    key: str = ""
    kind: FileKind = FileKind.PICTURE
    data: bytes = field(default=b"", repr=False)
    suffix: str = ".png"
    tiles: "tuple[Image, ...]" = ()


def number_images(images: Sequence[Image]) -> Mapping[str, str]:
    """By the images' names, where there are several: those of one job's pictures, as on its buttons; else in order."""
    if len(images) < 2:
        return {}
    split = [split_picture_id(image.name) for image in images]
    of_one_job = None not in split and len({place[0] for place in split if place}) == 1
    return {
        image.name: str(place[1] if place and of_one_job else number)
        for number, (image, place) in enumerate(zip(images, split, strict=True), start=1)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """At most ten images (Discord's media gallery). `spoiler`: hidden until the reader asks for them.

    Of more than that, a `sheet` shows all in one image, for platforms that take no more files with a message.
    """

    images: tuple[Image, ...]
    spoiler: bool = False
    sheet: Image | None = None

    @property
    def files(self) -> tuple[Image, ...]:
        """What is uploaded."""
        return self.images if self.sheet is None else (self.sheet,)


@dataclass(frozen=True, slots=True)
class Title:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: Spans


@dataclass(frozen=True, slots=True)
class Small:
    """A line of secondary information, such as a recipe."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a label and its text."""

    facts: tuple[tuple[str, Spans], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Steps done of those asked for, and the seconds left where they are known."""

    step: int
    steps: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text in a typeface of fixed width, line by line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence that stands out: a remark, a warning, a refusal."""

    spans: Spans
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to keep, made for this message. `otherwise` is shown where it cannot be sent."""

    file: Image
    otherwise: Spans


Part = Download | Images | Title | Paragraph | Small | Facts | Progress | Preformatted | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A press of `action` on `target` (a job or a case), or on its picture `index` (from 1; 0: the whole).

    `label` replaces the action's own. `confirm` is asked before the press counts.
    `pressed` marks what is so already: the reader's star, a case that is claimed. On a gathering, the target, `verb`
    says what is done, in its `round` and with its `part`; see `studio.commands.button_ids.Button`.
    """

    action: Action
    target: str
    index: int = 0
    label: str = ""
    tone: Tone = Tone.NEUTRAL
    confirm: str = ""
    disabled: bool = False
    pressed: bool = False
    verb: str = ""
    round: int = 0
    part: int = 0

    @property
    def custom_id(self) -> str:
        """The id that works for ever: all of the button's state is in it."""
        return str(self.id)

    @property
    def id(self) -> ButtonId:
        return ButtonId(
            action=self.action,
            job_id=self.target,
            index=self.index,
            verb=self.verb,
            round=self.round,
            part=self.part,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonRow:
    """Buttons that belong together. Without a `menu` at most five, since they are shown side by side.

    With one, a renderer may show them as a menu with that placeholder, as Slack's does, and Discord's where there are
    more than eight; else they stand four in a row.
    """

    buttons: tuple[Button, ...]
    menu: str = ""

    @property
    def enabled(self) -> list[Button]:
        """For what has no disabled buttons, such as a menu."""
        return [button for button in self.buttons if not button.disabled]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`summary` is one plain line for notifications and screen readers.

    `feedback` are the two buttons, for good and for not good, of a platform that has a place of its own for them; what
    they do is `StepRunner.judge`.
    """

    parts: tuple[Part, ...]
    rows: tuple[ButtonRow, ...] = ()
    feedback: tuple[Button, ...] = ()
    tone: Tone = Tone.NEUTRAL
    audience: Audience = Audience.CHANNEL
    summary: str = ""
    files: tuple[Image, ...] = field(init=False)

    def __post_init__(self) -> None:
        shown = tuple(image for part in self.parts if isinstance(part, Images) for image in part.files)
        shown += tuple(part.file for part in self.parts if isinstance(part, Download))
        if len({image.name for image in shown}) != len(shown):
            raise ValueError("two images of a message have one name")
        object.__setattr__(self, "files", shown)

    def with_parts(self, *parts: Part) -> "Message":
        """The message with more parts at its end."""
        return replace(self, parts=(*self.parts, *parts))

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(button for row in self.rows for button in row.buttons)
