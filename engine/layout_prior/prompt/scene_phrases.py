"""Reading where the things are: a background's colour, a scene, a time of day."""

from dataclasses import replace

from engine.layout_prior.language.relations import Relation
from engine.layout_prior.language.scene_words import FURNITURE, SCENES, SEASONS, TIMES
from engine.layout_prior.language.vocabulary import COLOUR_NAMES
from engine.layout_prior.prompt.parser_state import Phrase, Reading

_UPRIGHT = "person standing"
_WALLS = frozenset({"background", "backdrop", "wall"})
_BETWEEN = frozenset("a an the of in is plain solid bright".split())
_AFTER = frozenset({"", ",", "and", "with"}) | _WALLS
# Other things lie on, in or at a place; under, behind or beside it, it is a thing itself.
_INTO = frozenset("in on at onto into inside against across over through of".split())


def read_backdrop(reading: Reading) -> bool:
    """'blue background', 'background of light blue', 'against dark green', 'blue wall'."""
    for length in (2, 1):
        colour = COLOUR_NAMES.get(reading.words(length))
        if colour and reading.words(1, ahead=length) in (*_WALLS, "backgrounds"):
            reading.at += length + 1
            return _set_background(reading, colour)
    if reading.tokens[reading.at] not in ("against", "background", "backdrop"):
        return False
    skip = 1
    while reading.words(1, ahead=skip) in _BETWEEN:
        skip += 1
    for length in (2, 1):
        words = reading.words(length, ahead=skip)
        after = reading.words(1, ahead=skip + length)
        if words in COLOUR_NAMES and after in _AFTER:
            reading.at += skip + length + (after in _WALLS)
            return _set_background(reading, COLOUR_NAMES[words])
    return False


def _set_background(reading: Reading, colour: str) -> bool:
    reading.spec = replace(reading.spec, background=colour)
    reading.forget()
    return True


def read_place(reading: Reading) -> bool:
    """A scene or a time of day, unless the same words name a thing that does not stand after a preposition."""
    for length in range(3, 0, -1):
        words = reading.words(length)
        scene, time, season = SCENES.get(words), TIMES.get(words), SEASONS.get(words)
        if words == "moon" and reading.tokens[max(0, reading.at - 2) : reading.at] == ("on", "the"):
            scene = "moonscape"
        if words == "fall" and reading.tokens[max(0, reading.at - 1)] not in ("in", "the", "this", "during"):
            season = None  # the verb
        if scene is None and time is None and season is None:
            continue
        if _longer_name(reading, length) or _is_a_thing(reading, words):
            return False
        reading.at += length
        if reading.negated:
            reading.negated = False
            return True
        if reading.pending is Relation.LEANING and reading.things:
            reading.things[-1] = replace(reading.things[-1], pose=_UPRIGHT)
        if season is not None:
            reading.spec = replace(reading.spec, season=reading.spec.season or season)
        _set_place(reading, scene, time)
        return True
    return False


def _set_place(reading: Reading, scene: str | None, time: str | None) -> None:
    colour = reading.phrase.colour
    if scene is not None:
        reading.spec = replace(reading.spec, scene=reading.spec.scene or scene)
        if scene in ("table", "room") and colour is not None:
            reading.spec = replace(reading.spec, background=colour)
    if time is not None:
        reading.spec = replace(reading.spec, time=reading.spec.time or time)
    reading.phrase, reading.pending, reading.preposition = Phrase(), None, ""


def _is_a_thing(reading: Reading, words: str) -> bool:
    if not reading.library.find_named(words):
        return False
    if words in FURNITURE:
        return reading.preposition.split(" ")[-1] not in _INTO
    counted = reading.phrase.count
    return not reading.preposition and counted is not None and counted != 1


def _longer_name(reading: Reading, length: int) -> bool:
    """Whether a longer phrase from here names a thing, as in 'sea horse' or 'snow man'."""
    return any(
        reading.library.find_named(reading.words(longer))
        for longer in range(length + 1, reading.library.longest_phrase + 1)
        if reading.words(longer)
    )
