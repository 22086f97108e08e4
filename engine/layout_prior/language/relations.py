"""How two named objects stand to each other, and the phrases that say so."""

from enum import StrEnum


class Relation(StrEnum):
    """How the thing named before stands to the thing named after."""

    LEFT = "left"
    RIGHT = "right"
    ABOVE = "above"
    BELOW = "below"
    FRONT = "front"
    BEHIND = "behind"
    ON = "on"
    BESIDE = "beside"
    WEARING = "wearing"
    INSIDE = "inside"
    CONTAINING = "containing"
    WITH = "with"  # worn, held or beside, as the two things say
    HOLDING = "holding"
    PLAYING = "playing"
    RIDING = "riding"
    LEANING = "leaning"


RELATIONS: dict[str, Relation] = {
    "to the left of": Relation.LEFT,
    "on the left of": Relation.LEFT,
    "left of": Relation.LEFT,
    "to the right of": Relation.RIGHT,
    "on the right of": Relation.RIGHT,
    "right of": Relation.RIGHT,
    "above": Relation.ABOVE,
    "over": Relation.ABOVE,
    "flying over": Relation.ABOVE,
    "jumping over": Relation.ABOVE,
    "below": Relation.BELOW,
    "under": Relation.BELOW,
    "underneath": Relation.BELOW,
    "beneath": Relation.BELOW,
    "in front of": Relation.FRONT,
    "before": Relation.FRONT,
    "behind": Relation.BEHIND,
    "on top of": Relation.ON,
    "sitting on": Relation.ON,
    "standing on": Relation.ON,
    "lying on": Relation.ON,
    "sleeping on": Relation.ON,
    "perched on": Relation.ON,
    "resting on": Relation.ON,
    "on": Relation.ON,
    "in": Relation.INSIDE,
    "inside": Relation.INSIDE,
    "inside of": Relation.INSIDE,
    "sitting in": Relation.INSIDE,
    "sleeping in": Relation.INSIDE,
    "swimming in": Relation.INSIDE,
    "full of": Relation.CONTAINING,
    "filled with": Relation.CONTAINING,
    "next to": Relation.BESIDE,
    "beside": Relation.BESIDE,
    "near": Relation.BESIDE,
    "by": Relation.BESIDE,
    "and": Relation.BESIDE,
    "with": Relation.WITH,
    "playing with": Relation.BESIDE,
    "holding": Relation.HOLDING,
    "carrying": Relation.HOLDING,
    "playing": Relation.PLAYING,
    "riding": Relation.RIDING,
    "riding on": Relation.RIDING,
    "leaning against": Relation.LEANING,
    "leaning on": Relation.LEANING,
    "leans against": Relation.LEANING,
    "propped against": Relation.LEANING,
    "wearing": Relation.WEARING,
    "dressed in": Relation.WEARING,
}
# What holds the things that are named after "of".
VESSELS = frozenset({"vase", "vases", "fishbowl", "aquarium"})
# Joining words say that two things are together, and nothing about where.
LOOSE = frozenset({"and", "with"})
