"""How far a prompt has been read, and what has been found so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.layout_prior.language.relations import Relation
from engine.layout_prior.language.vocabulary import COUNT_MAX, GENDERS, IGNORED, SKINS
from engine.layout_prior.library.cutout_library import Library, Subject
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec

# Plurals without an s, and an s without a plural.
_MANY = frozenset({"people", "men", "women", "children", "mice", "geese"})
_ONE = frozenset({"headphones", "glasses", "sunglasses", "scissors", "jeans", "trousers", "pants", "goggles"})
THINGS_MAX = 5
_LONGEST = 5


@dataclass(slots=True)
class Phrase:
    """What has been read of the noun phrase at hand."""

    count: int | None = None
    colour: str | None = None
    size: float = 1.0
    gender: str = ""
    skins: tuple[str, ...] = ()
    pose: str = ""
    pattern: str = ""
    second_colour: str | None = None

    @property
    def started(self) -> bool:
        return self.count is not None or self.colour is not None or self.size != 1.0 or bool(self.pattern)


@dataclass(slots=True)
class Reading:
    """A place in the tokens of a prompt.

    `unknown` holds words that nothing answers to, `asked` those of them that stand where a thing is named.
    """

    tokens: tuple[str, ...]
    library: Library
    at: int = 0
    things: list[SceneObject] = field(default_factory=list)
    relations: list[tuple[int, Relation, int]] = field(default_factory=list)
    phrase: Phrase = field(default_factory=Phrase)
    pending: Relation | None = None
    preposition: str = ""
    negated: bool = False
    unknown: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    abstract: list[str] = field(default_factory=list)
    spec: SceneSpec = field(default_factory=SceneSpec)

    def words(self, length: int, *, ahead: int = 0) -> str:
        """The next words as one phrase; empty when there are fewer."""
        part = self.tokens[self.at + ahead : self.at + ahead + length]
        return " ".join(part) if len(part) == length else ""

    def longest(self, table: Mapping[str, object], *, ahead: int = 0) -> tuple[str, int]:
        """The longest phrase from here that the table knows, and its length; 0 when none."""
        for length in range(_LONGEST, 0, -1):
            words = self.words(length, ahead=ahead)
            if words in table:
                return words, length
        return "", 0

    def find_named(self, *, longer_than: int = 0) -> tuple[str, tuple[Subject, ...]] | None:
        """The longest phrase from here that names subjects outright."""
        for length in range(self.library.longest_phrase, longer_than, -1):
            words = self.words(length)
            if words and (length > 1 or words not in IGNORED):
                found = self.library.find_named(words)
                if found:
                    return words, found
        return None

    def forget(self) -> None:
        """A noun phrase has ended without a noun."""
        self.phrase, self.pending, self.preposition = Phrase(), None, ""

    def add(self, word: str, subjects: tuple[Subject, ...]) -> None:
        """A thing, described by the phrase at hand and related to the one before as the words say."""
        phrase, pending = self.phrase, self.pending
        self.forget()
        if self.negated:
            self.negated = False
            return
        if len(self.things) >= THINGS_MAX:
            return
        thing = SceneObject(
            word=word,
            subjects=subjects,
            count=min(phrase.count or (3 if _is_plural(word, subjects) else 1), COUNT_MAX),
            colour=phrase.colour,
            size=phrase.size,
            gender=phrase.gender,
            skins=phrase.skins,
            pattern=phrase.pattern,
            second_colour=phrase.second_colour,
        )
        people = any(subject.looks for subject in subjects)
        self.things.append(replace(_as_person(thing), pose=phrase.pose) if people else thing)
        here = len(self.things) - 1
        if pending is not None and here > 0:
            self.relations.append((here - 1, pending, here))


def _as_person(thing: SceneObject) -> SceneObject:
    """A colour of people is that of their skin, and some words for them say a gender."""
    gender = thing.gender or GENDERS.get(thing.word.split()[0], "")
    if thing.colour in SKINS and not thing.skins:
        return replace(thing, gender=gender, skins=SKINS[thing.colour], colour=None)
    return replace(thing, gender=gender)


def _is_plural(word: str, subjects: tuple[Subject, ...]) -> bool:
    """Whether 's' was taken off the last word to find the subject."""
    if word in _MANY:
        return True
    if not word.endswith("s") or word.endswith("ss") or word in _ONE:
        return False
    if any(subject.name != word and subject.name + "s" == word for subject in subjects):
        return True
    last = word.split()[-1]
    return all(last not in subject.name.split() for subject in subjects)
