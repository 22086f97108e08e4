"""Where on a cut-out something can be attached: its head, back, seat, rim and inside.

A cut-out is an RGBA picture cropped to what can be seen, as `Library.picture` returns it. Tables hold shares of its
width and height, read off the drawings by eye; what is not in them is computed from the silhouette. "glossy" and "flat"
are the same designs; "cartoon" has its own, and its own row where the pose differs.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.layout_prior.layout.boxes import Box

_SOLID = 128  # alpha from which a pixel counts as part of the silhouette


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head in pixels of the cut-out: its middle, its crown without ears or horns, and its width; about as tall."""

    x: float
    top: float
    width: float

    @property
    def eyes(self) -> float:
        return self.top + 0.45 * self.width

    @property
    def chin(self) -> float:
        return self.top + 0.95 * self.width


Triple = tuple[float, float, float]
# Middle (share of the width), crown (share of the height) and width (share of the width) of heads.
_HEADS: dict[str, Triple] = {
    "monkey": (0.3, 0.0, 0.46), "gorilla": (0.26, 0.02, 0.36), "orangutan": (0.5, 0.0, 0.4), "dog": (0.2, 0.09, 0.34),
    "guide dog": (0.2, 0.08, 0.34), "service dog": (0.2, 0.06, 0.36), "poodle": (0.2, 0.02, 0.3),
    "raccoon": (0.5, 0.12, 0.8), "cat": (0.24, 0.15, 0.42), "tiger": (0.2, 0.05, 0.38), "leopard": (0.2, 0.05, 0.38),
    "horse": (0.13, 0.02, 0.26), "zebra": (0.15, 0.05, 0.28), "deer": (0.2, 0.22, 0.26), "bison": (0.2, 0.2, 0.36),
    "ox": (0.2, 0.1, 0.3), "water buffalo": (0.16, 0.14, 0.28), "cow": (0.17, 0.06, 0.3), "pig": (0.2, 0.03, 0.4),
    "ram": (0.14, 0.12, 0.3), "ewe": (0.14, 0.12, 0.3), "goat": (0.2, 0.14, 0.28), "camel": (0.1, 0.19, 0.22),
    "two-hump camel": (0.1, 0.14, 0.22), "llama": (0.1, 0.06, 0.22), "giraffe": (0.13, 0.05, 0.22),
    "elephant": (0.28, 0.03, 0.46), "mammoth": (0.25, 0.04, 0.42), "rhinoceros": (0.22, 0.14, 0.34),
    "hippopotamus": (0.22, 0.08, 0.42), "mouse": (0.24, 0.2, 0.4), "rat": (0.24, 0.2, 0.4), "rabbit": (0.2, 0.3, 0.4),
    "chipmunk": (0.25, 0.06, 0.42), "beaver": (0.26, 0.03, 0.4), "hedgehog": (0.15, 0.42, 0.26),
    "otter": (0.25, 0.18, 0.34), "skunk": (0.16, 0.5, 0.3), "kangaroo": (0.24, 0.06, 0.26), "turkey": (0.1, 0.1, 0.2),
    "rooster": (0.2, 0.12, 0.32), "baby chick": (0.32, 0.02, 0.5), "bird": (0.28, 0.04, 0.42),
    "penguin": (0.5, 0.0, 0.66), "duck": (0.27, 0.0, 0.4), "swan": (0.14, 0.0, 0.24), "owl": (0.5, 0.05, 0.72),
    "dodo": (0.26, 0.03, 0.34), "flamingo": (0.25, 0.0, 0.34), "parrot": (0.34, 0.0, 0.52), "goose": (0.3, 0.0, 0.4),
    "turtle": (0.88, 0.42, 0.22), "snake": (0.75, 0.04, 0.26), "dragon": (0.28, 0.12, 0.4),
    "sauropod": (0.15, 0.0, 0.22), "t-rex": (0.34, 0.0, 0.4), "whale": (0.34, 0.28, 0.5), "dolphin": (0.4, 0.14, 0.4),
    "seal": (0.26, 0.22, 0.42), "fish": (0.2, 0.26, 0.34), "snail": (0.2, 0.12, 0.28), "honeybee": (0.16, 0.3, 0.26),
    "teddy bear": (0.5, 0.02, 0.56), "snowman": (0.5, 0.06, 0.46), "scarecrow": (0.5, 0.0, 0.4),
    "person standing": (0.5, 0.0, 0.66), "person walking": (0.42, 0.0, 0.5), "person kneeling": (0.42, 0.0, 0.42),
    "person running": (0.34, 0.0, 0.32), "person biking": (0.38, 0.0, 0.22), "horse racing": (0.5, 0.0, 0.16),
    "fairy": (0.45, 0.0, 0.5),
}  # fmt: skip
_CARTOON_HEADS: dict[str, Triple] = {
    "dog": (0.38, 0.02, 0.6), "poodle": (0.28, 0.08, 0.3), "raccoon": (0.18, 0.06, 0.34), "cat": (0.32, 0.17, 0.52),
    "tiger": (0.22, 0.05, 0.4), "deer": (0.3, 0.24, 0.34), "ram": (0.3, 0.1, 0.36), "ewe": (0.24, 0.2, 0.3),
    "goat": (0.42, 0.16, 0.5), "pig": (0.36, 0.1, 0.46), "elephant": (0.36, 0.06, 0.44), "mouse": (0.3, 0.18, 0.4),
    "rabbit": (0.24, 0.4, 0.4), "hippopotamus": (0.24, 0.12, 0.4), "bird": (0.22, 0.06, 0.34),
    "penguin": (0.46, 0.0, 0.5), "turtle": (0.22, 0.22, 0.4), "snake": (0.38, 0.03, 0.32), "t-rex": (0.3, 0.03, 0.42),
    "kangaroo": (0.22, 0.04, 0.24), "gorilla": (0.22, 0.02, 0.32), "person standing": (0.5, 0.0, 0.56),
    "person walking": (0.46, 0.0, 0.62), "person kneeling": (0.36, 0.0, 0.4), "person running": (0.34, 0.0, 0.3),
    "orangutan": (0.46, 0.14, 0.36), "teddy bear": (0.5, 0.02, 0.54), "snowman": (0.5, 0.2, 0.42),
}  # fmt: skip
# A whole picture that is a face, and a person down to the chest.
_FACE: Triple = (0.5, 0.06, 0.76)
_BARE_HEAD: Triple = (0.5, 0.0, 0.9)
_BUST: Triple = (0.5, 0.0, 0.56)
_FACES = frozenset(
    "bear|polar bear|panda|koala|hamster|fox|wolf|lion|frog|robot|alien|ghost|skull|chicken|unicorn|moose|boar".split(
        "|"
    )
)
BARE_HEADS = frozenset(
    "baby|child|boy|girl|person|man|woman|older person|old man|old woman|santa claus|mrs. claus".split("|")
)
# Where a rider sits: x, and y of the upper edge of the back.
_BACKS = {
    "horse": (0.6, 0.34), "zebra": (0.58, 0.36), "donkey": (0.55, 0.3), "camel": (0.68, 0.12), "deer": (0.62, 0.42),
    "cow": (0.6, 0.2), "elephant": (0.66, 0.08), "giraffe": (0.6, 0.46), "sauropod": (0.52, 0.46),
    "t-rex": (0.58, 0.36),
    "dragon": (0.55, 0.42), "ostrich": (0.6, 0.3), "llama": (0.6, 0.44), "dog": (0.58, 0.36), "cat": (0.52, 0.42),
    "turtle": (0.5, 0.06), "whale": (0.36, 0.3), "dolphin": (0.5, 0.2), "snail": (0.6, 0.14), "skateboard": (0.5, 0.3),
}  # fmt: skip
# Vehicles that one sits in front of their frame and not on their roof: x, y of the lowest part of the rider.
_FRAMES = {
    "bicycle": (0.44, 0.8), "motorcycle": (0.6, 0.66), "motor scooter": (0.58, 0.72), "kick scooter": (0.5, 0.86),
    "tractor": (0.6, 0.5),
}  # fmt: skip
# Furniture whose seat is not its upper edge: x and y, glossy first.
_SEATS = {
    "chair": ((0.5, 0.68), (0.5, 0.52)), "couch and lamp": ((0.36, 0.74), (0.44, 0.76)),
    "bed": ((0.6, 0.24), (0.6, 0.3)),
    "toilet": ((0.34, 0.46), (0.34, 0.52)), "bench": ((0.5, 0.58), (0.5, 0.58)), "rug": ((0.5, 0.5), (0.5, 0.5)),
    "pillow": ((0.5, 0.24), (0.5, 0.24)), "desert island": ((0.5, 0.7), (0.5, 0.7)),
    "playground slide": ((0.3, 0.2), (0.3, 0.2)),
}  # fmt: skip
# Containers with walls: the height of their front rim. What is inside shows above it.
_RIMS = {
    "basket": 0.44, "bucket": 0.12, "bathtub": 0.5, "package": 0.26, "nest with eggs": 0.42, "empty nest": 0.36,
    "bowl with spoon": 0.32, "steaming bowl": 0.4, "hot beverage": 0.4, "teacup without handle": 0.24,
    "shopping cart": 0.34, "treasure chest": 0.55, "canoe": 0.56, "vase": 0.08, "pot of food": 0.4, "top hat": 0.06,
    "potted plant": 0.6, "wastebasket": 0.2, "backpack": 0.14, "handbag": 0.34, "shopping bags": 0.3, "purse": 0.3,
    "pickup truck": 0.42, "sled": 0.5, "speedboat": 0.4, "basketball": 0.5, "honey pot": 0.2,
}  # fmt: skip
# Containers that one sees through: what is inside them, as left, top, width and height.
_CLEAR = {
    "jar": (0.16, 0.28, 0.68, 0.62), "glass bowl": (0.16, 0.34, 0.68, 0.5), "glass bottle": (0.12, 0.46, 0.76, 0.44),
    "cage": (0.2, 0.34, 0.6, 0.54), "crystal ball": (0.2, 0.12, 0.6, 0.58), "light bulb": (0.2, 0.08, 0.6, 0.5),
    "window": (0.16, 0.2, 0.68, 0.66), "tumbler glass": (0.2, 0.2, 0.6, 0.7), "wine glass": (0.22, 0.06, 0.56, 0.4),
    "bubbles": (0.1, 0.1, 0.6, 0.6), "fireplace": (0.26, 0.48, 0.48, 0.44), "television": (0.1, 0.2, 0.8, 0.6),
}  # fmt: skip


def head_of(name: str, picture: Image.Image, *, drawings: str, person: bool = False) -> Head:
    """The head of a cut-out of subject `name` in the set `drawings`; `person` for subjects that have looks."""
    share = (_CARTOON_HEADS if drawings == "cartoon" else {}).get(name) or _HEADS.get(name)
    if share is None:
        if name in BARE_HEADS:
            share = _BARE_HEAD
        elif is_face(name):
            share = _FACE
        else:
            share = _BUST if person else _highest_part(picture)
    x, top, width = share
    return Head(x=x * picture.width, top=top * picture.height, width=width * picture.width)


def back_of(name: str, picture: Image.Image) -> tuple[float, float]:
    """Where a rider sits on a cut-out, in pixels."""
    return _point(_BACKS.get(name), picture, x=0.56)


def frame_of(name: str, picture: Image.Image) -> tuple[float, float] | None:
    """The lowest point of who sits on an open vehicle, in pixels; None for what is no open vehicle."""
    share = _FRAMES.get(name)
    return None if share is None else (share[0] * picture.width, share[1] * picture.height)


def seat_of(name: str, picture: Image.Image, *, drawings: str) -> tuple[float, float]:
    """Where things sit or stand on a cut-out, in pixels."""
    rows = _SEATS.get(name)
    return _point(None if rows is None else rows[drawings == "cartoon"], picture, x=0.5)


def rim_of(name: str, picture: Image.Image) -> float | None:
    """The height of a container's front rim in pixels; None for what is no open container."""
    share = _RIMS.get(name)
    return None if share is None else share * picture.height


def inside_of(name: str, picture: Image.Image) -> Box | None:
    """The room in a container that one sees through, in pixels; None for what is none."""
    share = _CLEAR.get(name)
    if share is None:
        return None
    left, top, width, height = share
    return Box(left * picture.width, top * picture.height, width * picture.width, height * picture.height)


def is_face(name: str) -> bool:
    """Whether the drawing of a subject is a head and nothing else."""
    return name in _FACES or name in BARE_HEADS or name.endswith("face")


def has_head(name: str) -> bool:
    """Whether the table knows a head on the drawings of a subject: it is an animal or somebody."""
    return name in _HEADS or is_face(name)


def is_seat(name: str) -> bool:
    return name in _SEATS


def upper_edge(picture: Image.Image, middle: float, width: float) -> float:
    """The height in pixels where the silhouette begins around a column: the median over `width` columns."""
    solid = np.asarray(picture.getchannel("A")) > _SOLID
    first = max(0, min(picture.width - 1, round(middle - width / 2)))
    columns = solid[:, first : max(first + 1, round(middle + width / 2))]
    seen = columns[:, columns.any(0)]
    return float(np.median(seen.argmax(0))) if seen.size else 0.0


def _point(share: tuple[float, float] | None, picture: Image.Image, *, x: float) -> tuple[float, float]:
    if share is not None:
        return share[0] * picture.width, share[1] * picture.height
    middle = x * picture.width
    return middle, upper_edge(picture, middle, 0.3 * picture.width)


def _highest_part(picture: Image.Image) -> Triple:
    """The uppermost seventh of a silhouette, taken for its head."""
    solid = np.asarray(picture.getchannel("A")) > _SOLID
    columns = np.flatnonzero(solid[: max(1, picture.height // 7)].any(0))
    if not columns.size:
        return _FACE
    left, right = columns[0] / picture.width, (columns[-1] + 1) / picture.width
    return (float(left + right) / 2, 0.02, float(min(0.8, max(0.3, right - left))))
