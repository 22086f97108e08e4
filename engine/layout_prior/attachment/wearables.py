"""What can be worn, and where on a body it goes."""

from dataclasses import dataclass
from enum import StrEnum


class Worn(StrEnum):
    """The part of a body that something is worn on."""

    HEAD = "head"
    EYES = "eyes"
    NECK = "neck"
    BODY = "body"
    FEET = "feet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """`width` is in widths of the head. `sink` is the share of a hat's height that lies over the forehead."""

    part: Worn
    width: float
    sink: float = 0.0


WEARABLES: dict[str, Fit] = {
    "top hat": Fit(part=Worn.HEAD, width=0.95, sink=0.16),
    "woman's hat": Fit(part=Worn.HEAD, width=1.3, sink=0.36),
    "cowboy hat": Fit(part=Worn.HEAD, width=1.35, sink=0.3),
    "billed cap": Fit(part=Worn.HEAD, width=1.15, sink=0.36),
    "crown": Fit(part=Worn.HEAD, width=0.82, sink=0.2),
    "graduation cap": Fit(part=Worn.HEAD, width=1.2, sink=0.4),
    "rescue worker's helmet": Fit(part=Worn.HEAD, width=0.95, sink=0.5),
    "military helmet": Fit(part=Worn.HEAD, width=1.1, sink=0.45),
    "ribbon": Fit(part=Worn.HEAD, width=0.6, sink=0.4),
    "bouquet": Fit(part=Worn.HEAD, width=0.6, sink=0.4),
    "headphone": Fit(part=Worn.HEAD, width=1.16, sink=0.8),
    "glasses": Fit(part=Worn.EYES, width=0.96),
    "sunglasses": Fit(part=Worn.EYES, width=0.96),
    "goggles": Fit(part=Worn.EYES, width=0.96),
    "diving mask": Fit(part=Worn.EYES, width=1.0),
    "scarf": Fit(part=Worn.NECK, width=0.86),
    "prayer beads": Fit(part=Worn.NECK, width=0.7),
    "sports medal": Fit(part=Worn.NECK, width=0.5),
    "military medal": Fit(part=Worn.NECK, width=0.4),
    **dict.fromkeys(
        (
            "necktie", "lab coat", "safety vest", "t-shirt", "coat", "dress", "kimono", "sari", "running shirt",
            "woman's clothes", "martial arts uniform", "one-piece swimsuit", "bikini", "jeans", "shorts",
        ),
        Fit(part=Worn.BODY, width=1.35),
    ),
    **dict.fromkeys(
        ("socks", "man's shoe", "running shoe", "hiking boot", "flat shoe", "high-heeled shoe", "woman's boot",
         "woman's sandal", "ballet shoes", "thong sandal", "roller skate", "ice skate"),
        Fit(part=Worn.FEET, width=0.8),
    ),
}  # fmt: skip
