"""Where an attached thing goes: a box in the pixels of the cut-out that it is attached to."""

from dataclasses import dataclass

from PIL import Image

from engine.layout_prior.attachment.anchors import (
    BARE_HEADS,
    back_of,
    frame_of,
    head_of,
    inside_of,
    is_face,
    is_seat,
    rim_of,
    seat_of,
)
from engine.layout_prior.attachment.wearables import WEARABLES, Fit, Worn
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.layout.boxes import Box

# Things that are held at their lower end, upright.
_UPRIGHT = frozenset(
    "balloon|bouquet|rose|tulip|sunflower|dagger|magic wand|kite|axe|hammer|shovel|fishing pole|candle|lollipop|"
    "red paper lantern|ice cream|soft ice cream|carp streamer|paintbrush|pick|broom|flashlight|microphone".split(
        "|"
    )
)
_OVERHEAD = frozenset({"umbrella", "umbrella with rain drops", "closed umbrella", "parachute"})
_AT_THE_MOUTH = frozenset(
    "trumpet|flute|postal horn|saxophone|trombone|microphone|studio microphone".split("|")
)
_IN_FRONT = frozenset("drum|long drum|musical keyboard|harp|keyboard|laptop|video game|joystick".split("|"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A thing as it will be drawn: its RGBA cut-out in the set `drawings`, its subject, its usual height beside others.

    `person` is true for subjects that have looks.
    """

    picture: Image.Image
    name: str
    size: float
    drawings: str
    person: bool = False

    @property
    def side(self) -> int:
        return max(self.picture.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The box of the attached thing in pixels of the other one, which may reach beyond it.

    `front` draws it over the other one. Where it lies in an opaque container, all below `rim` pixels of that container
    is drawn again over it; `glass` draws the whole container over it, see-through. `turn` is in degrees.
    """

    box: Box
    front: bool = True
    rim: float | None = None
    glass: bool = False
    turn: float = 0.0


def fit(relation: Relation, item: Figure, host: Figure) -> Placement | None:
    """Where `item` goes on `host`; None where the relation attaches nothing to it."""
    if relation is Relation.WEARING:
        worn = WEARABLES.get(item.name)
        return _hold(item, host) if worn is None else _wear(worn, item, host)
    if relation is Relation.INSIDE:
        return _put_inside(item, host)
    place = {
        Relation.HOLDING: _hold,
        Relation.PLAYING: _play,
        Relation.RIDING: _ride,
        Relation.ON: _sit,
        Relation.LEANING: _lean,
    }.get(relation)
    return None if place is None else place(item, host)


def _wear(worn: Fit, item: Figure, host: Figure) -> Placement:
    head = head_of(host.name, host.picture, drawings=host.drawings, person=host.person)
    width = worn.width * head.width
    height = width * item.picture.height / item.picture.width
    left = head.x - width / 2
    if worn.part is Worn.HEAD:
        top = head.top + worn.sink * height - height + 0.05 * head.width
        return Placement(box=Box(left, top, width, height))
    if worn.part is Worn.EYES:
        eyes = head.eyes
        if is_face(host.name):  # drawn with a high forehead
            eyes += 0.12 * head.width
        elif head.width < 0.5 * host.picture.width:
            left -= 0.07 * head.width  # of a head in profile the eyes are in the front half
        return Placement(box=Box(left, eyes - height / 2, width, height))
    if worn.part is Worn.NECK:
        return Placement(box=Box(left, head.chin - 0.12 * height, width, height))
    if worn.part is Worn.BODY:
        if host.name in BARE_HEADS:
            return Placement(box=Box(left, head.chin - 0.04 * height, width, height), front=False)
        side = 0.5 * host.side
        return Placement(box=_centre_box(item, 0.5 * host.picture.width, 0.68 * host.picture.height, side))
    low = host.picture.height - 0.5 * height
    return Placement(box=Box(host.picture.width / 2 - width / 2, low, width, height))


def _hold(item: Figure, host: Figure) -> Placement:
    """In the hand of who stands, before the mouth or paws of an animal, before the chest of a bust."""
    head = head_of(host.name, host.picture, drawings=host.drawings, person=host.person)
    relative = min(0.62, max(0.3, 0.55 * (item.size / host.size) ** 0.6))
    side = relative * host.side
    if host.name == "person standing":
        x, y = 0.06 * host.picture.width, 0.52 * host.picture.height
    elif host.person:
        x, y = head.x - 0.75 * head.width, head.chin + 0.3 * head.width
    else:
        x, y = head.x - 0.34 * head.width, min(host.picture.height * 0.8, head.chin + 0.16 * head.width)
    if item.name in _OVERHEAD:  # behind the head, its handle in the hand
        x = head.x - 0.62 * head.width
        box = _centre_box(item, x, y, 0.72 * host.side)
        return Placement(box=Box(box.left, y - 0.94 * box.height, box.width, box.height), front=False)
    box = _centre_box(item, x, y, side)
    if item.name in _UPRIGHT:  # beside the face, however wide it is
        left = min(box.left, head.x - 0.4 * head.width - box.width) if host.person else box.left
        box = Box(left, y - 0.86 * box.height, box.width, box.height)
    return Placement(box=box)


def _play(item: Figure, host: Figure) -> Placement:
    head = head_of(host.name, host.picture, drawings=host.drawings, person=host.person)
    standing = host.name == "person standing"
    side = (0.46 if standing else 0.56) * host.side
    if item.name in _AT_THE_MOUTH:
        return Placement(
            box=_centre_box(item, head.x - 0.42 * head.width, head.top + 0.86 * head.width, 0.8 * side)
        )
    if item.name in _IN_FRONT:
        low = -0.05 if is_face(host.name) else 0.4
        return Placement(box=_centre_box(item, head.x, host.picture.height - low * side, side))
    if item.name == "violin":  # its upper end is at the chin
        return Placement(
            box=_centre_box(item, head.x + 0.3 * head.width, head.chin + 0.37 * side, 1.12 * side)
        )
    y = 0.46 * host.picture.height if standing else min(head.chin + 0.3 * side, host.picture.height)
    return Placement(box=_centre_box(item, head.x, y, side))


def _ride(item: Figure, host: Figure) -> Placement:
    face = is_face(item.name)
    relative = min(1.0, max(0.55, 0.85 * (item.size / host.size) ** 0.5)) * (0.66 if face else 1.0)
    box = _centre_box(item, 0, 0, relative * host.side)
    frame = frame_of(host.name, host.picture)
    if frame is not None and face:  # above the saddle: there is no body that could hide the vehicle
        frame = frame[0], 0.3 * host.picture.height
    if frame is not None:
        # Animals are short: they sit higher, so that the handlebars leave their faces free.
        low = frame[1] if item.person or face else frame[1] - 0.2 * host.picture.height
        return Placement(
            box=Box(frame[0] - box.width / 2, low - box.height, box.width, box.height), front=False
        )
    x, y = back_of(host.name, host.picture)
    hidden = 0.4 if item.name == "person standing" else 0.16 if item.person else 0.1
    front = not item.person and not face
    return Placement(
        box=Box(x - box.width / 2, y - (1 - hidden) * box.height, box.width, box.height), front=front
    )


def _sit(item: Figure, host: Figure) -> Placement:
    most = 0.6 if is_seat(host.name) and not item.person else 1.0
    relative = min(most, max(0.34, 0.9 * (item.size / host.size) ** 0.7))
    box = _centre_box(item, 0, 0, relative * host.side)
    x, y = seat_of(host.name, host.picture, drawings=host.drawings)
    return Placement(box=Box(x - box.width / 2, y - 0.95 * box.height, box.width, box.height))


def _lean(item: Figure, host: Figure) -> Placement:
    """Beside the foot of the other thing, its upper end tilted against it."""
    relative = min(1.0, max(0.45, 0.9 * (item.size / host.size) ** 0.5))
    box = _centre_box(item, 0, 0, relative * host.side)
    left = 0.3 * host.picture.width - 0.75 * box.width
    return Placement(box=Box(left, host.picture.height - box.height, box.width, box.height), turn=-12)


def _put_inside(item: Figure, host: Figure) -> Placement | None:
    if host.name in WEARABLES and WEARABLES[host.name].part is Worn.HEAD:
        return None  # who is in a hat wears it
    room = inside_of(host.name, host.picture)
    if room is not None:
        scale = 0.94 * min(room.width / item.picture.width, room.height / item.picture.height)
        width, height = scale * item.picture.width, scale * item.picture.height
        middle = room.left + room.width / 2
        return Placement(
            box=Box(middle - width / 2, room.top + (room.height - height) * 0.6, width, height), glass=True
        )
    rim = rim_of(host.name, host.picture)
    if rim is None:
        return None
    if host.name == "vase":  # stems in its neck, blossoms above it
        box = _centre_box(item, host.picture.width / 2, 0, 1.35 * host.picture.width)
        return Placement(box=Box(box.left, rim - 0.86 * box.height, box.width, box.height), front=False)
    side = 0.68 * host.picture.width
    box = _centre_box(item, host.picture.width / 2, 0, side)
    if box.height > side * 0.95:
        box = _centre_box(item, host.picture.width / 2, 0, side * 1.1)
    return Placement(box=Box(box.left, rim - 0.62 * box.height, box.width, box.height), rim=rim)


def _centre_box(item: Figure, x: float, y: float, side: float) -> Box:
    """A box of the item's own proportions around a point; its longer side is `side`."""
    scale = side / item.side
    width, height = scale * item.picture.width, scale * item.picture.height
    return Box(x - width / 2, y - height / 2, width, height)
