"""What a prompt asks for: which things, how many, in what colour and place, before which scene."""

from dataclasses import dataclass

from engine.layout_prior.language.relations import Relation
from engine.layout_prior.library.cutout_library import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneObject:
    """`count` copies of one of `subjects`. No subjects: a word nothing in the library answers to.

    `gender` ("woman", "man") and `skins` narrow how people look; empty leaves it open. `pose` names the subject that
    shows a person doing what the words say; `pattern` is a key of `PATTERNS`, in `second_colour` where one is named.
    """

    word: str
    subjects: tuple[Subject, ...]
    count: int = 1
    colour: str | None = None
    size: float = 1.0
    gender: str = ""
    skins: tuple[str, ...] = ()
    pose: str = ""
    pattern: str = ""
    second_colour: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpec:
    """What a prompt asks for. `relations` holds (index of thing, relation, index of thing).

    `abstract` are words for what nobody can see, where no thing is named. `unknown` are the words
    that ask for things where nothing in the library answers to any of them.
    """

    things: tuple[SceneObject, ...] = ()
    relations: tuple[tuple[int, Relation, int], ...] = ()
    scene: str | None = None
    background: str | None = None
    time: str | None = None
    style: str | None = None
    season: str | None = None
    unknown: tuple[str, ...] = ()
    abstract: tuple[str, ...] = ()
