"""What a kind of gathering brings to be shown: its message, its forms, what one person sees, and its sentences."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bots.presentation.form_model import Form
from bots.presentation.message import ButtonRow, Images, Message, Part
from bots.queries.gathering_view import GatheringView
from bots.texts.gatherings import all_kinds as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Button as ButtonId
from studio.domain.events import GatheringRemark
from studio.ports import Ports

OPEN = "open"  # the verb of a button that shows the gathering's message to one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """An image that was drawn for a message: encoded, with its file ending, such as ``.png`` or ``.webp``."""

    data: bytes = field(repr=False)
    suffix: str = ".png"


# From a view to drawings by the names of the message's images, each of at most so many bytes.
Draw = Callable[[Ports, GatheringView, int], Mapping[str, Drawing]]
# The same for what a button shows to one person.
DrawPanel = Callable[[Ports, GatheringView, ButtonId, int], Mapping[str, Drawing]]
# A large file, in pieces, and its media type.
Stream = Callable[[Ports, GatheringView], tuple[Iterator[bytes], str]]


def _no_form(_view: GatheringView, _press: ButtonId) -> Form:
    raise NotImplementedError("this kind of gathering has no forms")


def _no_panel(_view: GatheringView, _press: ButtonId) -> Message:
    raise NotImplementedError("this kind of gathering shows nothing to one person alone")


def _no_rows(_view: GatheringView, _remark: GatheringRemark) -> tuple[ButtonRow, ...]:
    return ()


def _part_number(_view: GatheringView, ordinal: int) -> str:
    return translate(texts.PART_NUMBER, part=ordinal)


def _nothing_drawn(_ports: Ports, _view: GatheringView, _limit_bytes: int) -> Mapping[str, Drawing]:
    return {}


def _no_panel_drawn(
    _ports: Ports, _view: GatheringView, _press: ButtonId, _limit_bytes: int
) -> Mapping[str, Drawing]:
    return {}


def with_drawings(message: Message, drawings: Mapping[str, Drawing]) -> Message:
    """The message with the bytes of its drawn images in it, for an answer to one person."""
    if not drawings:
        return message
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, Images):
            images = tuple(
                replace(image, data=drawings[image.name].data, suffix=drawings[image.name].suffix)
                if image.name in drawings
                else image
                for image in part.images
            )
            part = replace(part, images=images)  # noqa: PLW2901
        parts.append(part)
    return replace(message, parts=tuple(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringPresenter:
    """All functions are pure but `draw`, which may read files and blocks.

    `message` is the one message of a gathering. `form` is opened by a button with `Action.GATHER_ASK`, `panel` is what
    one with `Action.GATHER_SHOW` shows to the person alone; both get a view with a reader, and the button. Fields of
    a form are named ``words``, ``option``, ``picture`` or ``part``. `outcomes` are the sentences for the codes of
    what came of an act, `refusals` for those of its refusals; `remarks` for what is said in its thread, with
    `remark_rows` of buttons below, and `remark` replaces the plain sentence by a message of its own. `part_name`
    is what people call the part with a number. `draw` makes the
    files of images without a storage key, each of at most so many bytes, `draw_panel` those of a panel. `whole` is what
    the web page offers in full size, under the label `whole_label`; it reads files while it is sent.
    """

    message: Callable[[GatheringView], Message]
    name: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    remark: Callable[[GatheringView, GatheringRemark], Message] | None = None
    remark_rows: Callable[[GatheringView, GatheringRemark], tuple[ButtonRow, ...]] = _no_rows
    part_name: Callable[[GatheringView, int], str] = _part_number
    form: Callable[[GatheringView, ButtonId], Form] = _no_form
    panel: Callable[[GatheringView, ButtonId], Message] = _no_panel
    draw: Draw = _nothing_drawn
    draw_panel: DrawPanel = _no_panel_drawn
    whole: Stream | None = None
    whole_label: str = ""
