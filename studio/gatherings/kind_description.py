"""What a kind of gathering says of itself, and what passes between it and the core: data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from studio.domain.gatherings import Gathering, Part
from studio.domain.people import Person
from studio.domain.requests import PaintRequest
from studio.ports import Ports


class OptionKind(StrEnum):
    """What an option of the opening command takes."""

    WORDS = "words"
    NUMBER = "number"
    CHOICE = "choice"
    DURATION = "duration"
    PICTURE = "picture"
    JOB = "job"
    IMAGE = "image"
    STYLE = "style"
    MODEL = "model"
    ASPECT = "aspect"
    TIME_OF_DAY = "time"  # such as 09:00, as it was typed
    CHANNEL = "channel"  # an id or a mention, in which it opens; not stored among the rules


# The options that say how many credits are set aside for the winners, and whether the host or the channel gives them.
PRIZE, PAYER = "prize", "payer"
FROM_HOST, FROM_CHANNEL = "host", "channel"
# The names of options that hold words of their host: they go when the host is forgotten.
TEXT_RULES = frozenset({"prompt", "theme", "title", "words"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of the command that opens a gathering. Its value is stored in the gathering's rules.

    Values are strings and whole numbers; a duration is stored in seconds, an image as its storage key. An option
    of the kind `WORDS` has one of the names in `TEXT_RULES`.
    """

    name: str
    kind: OptionKind
    summary: str
    required: bool = False
    default: str | int | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    max_length: int = 200


class Who(StrEnum):
    """Who may do something."""

    ANYBODY = "anybody"  # who may see the gathering
    MEMBERS = "members"  # who joined
    HOST = "host"  # and moderators
    MODERATORS = "moderators"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person does: a press, or a filled form. `part` 0: the whole; `round` 0: no matter which.

    `option` is what was chosen in a form, `words` what was written, `picture` a picture's id.
    """

    person: Person
    human: str
    verb: str
    round: int = 0
    part: int = 0
    words: str = ""
    option: str = ""
    picture: str = ""
    hosts: bool = False  # the host, or a moderator
    newcomer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an act. `code` is a sentence of the kind (`bots/presentation/compose/gatherings/`), with `values`.

    `paint`: a part that is now claimed by the person, for which a job is submitted at once, with `words`; what is
    wrong with it is said to the person.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    paint: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One state of a kind. `follows`: the states that may come after it, beside those of every kind.

    `hides_votes`: nobody learns the counts of the present round. `is_over`: nothing more happens.
    """

    follows: frozenset[str] = frozenset()
    hides_votes: bool = False
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An ordinary job for a part: a command of the catalogue with its values, or a request as it is.

    `fields` are set in the command that was read, beside what people can type.
    """

    command: str
    values: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, object] = field(default_factory=dict)
    request: PaintRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a person wants to open: `rules` are the options' values by name."""

    person: Person
    human: str
    rules: Mapping[str, str | int]


# What a kind does that has no function of its own for it.


def nothing(*_arguments: object) -> None:
    """For kinds that need not do anything."""


def no_order(_ports: Ports, gathering: Gathering, part: Part) -> Order:
    raise NotImplementedError(f"gatherings of kind {gathering.kind} submit no job for part {part.ordinal}")


def no_last_call(*_arguments: object) -> timedelta | None:
    """A part whose deadline passed is lost at once."""
    return None
