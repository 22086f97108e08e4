"""From words to a wish, read from left to right."""

from dataclasses import dataclass, field, replace

from engine.painters.collage.library import Library, Subject
from engine.painters.collage.tokens import tokens
from engine.painters.collage.wish import Thing, Wish
from engine.painters.collage.words import (
    COLOUR_NAMES,
    COUNT_MAX,
    IGNORED,
    LOOSE,
    NEGATIONS,
    NUMBERS,
    PREPOSITIONS,
    RELATIONS,
    SCENES,
    SIZES,
    STYLES,
    TIMES,
    Relation,
)

THINGS_MAX = 5
_LONGEST = 5
_GUESSES_MAX = 12


def parse(prompt: str, library: Library) -> Wish:
    """Read a prompt of any length and script. Never raises; what it cannot use it leaves out."""
    return _Reader(tuple(tokens(prompt, library)), library).read()


@dataclass(slots=True)
class _Phrase:
    """What has been read of the noun phrase at hand."""

    count: int | None = None
    colour: str | None = None
    size: float = 1.0
    unknown: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, tokens: tuple[str, ...], library: Library) -> None:
        self.tokens = tokens
        self.library = library
        self.at = 0
        self.things: list[Thing] = []
        self.relations: list[tuple[int, Relation, int]] = []
        self.phrase = _Phrase()
        self.pending: Relation | None = None
        self.preposition = False
        self.negated = False
        self.unknown: list[str] = []
        self.wish = Wish()

    def read(self) -> Wish:
        while self.at < len(self.tokens):
            if not any(
                step()
                for step in (
                    self._comma,
                    self._emoji,
                    self._backdrop,
                    self._relation,
                    self._place,
                    self._adjective,
                    self._noun,
                )
            ):
                self._skip()
        if not self.things:
            self._guess()
        return replace(self.wish, things=tuple(self.things), relations=tuple(self.relations))

    def _words(self, length: int, *, ahead: int = 0) -> str:
        part = self.tokens[self.at + ahead : self.at + ahead + length]
        return " ".join(part) if len(part) == length else ""

    def _longest(self, table: dict[str, str] | dict[str, Relation] | dict[str, float]) -> tuple[str, int]:
        for length in range(_LONGEST, 0, -1):
            words = self._words(length)
            if words in table:
                return words, length
        return "", 0

    def _comma(self) -> bool:
        if self.tokens[self.at] != ",":
            return False
        self.at += 1
        self.phrase, self.pending, self.preposition, self.negated = _Phrase(), None, False, False
        return True

    def _emoji(self) -> bool:
        token = self.tokens[self.at]
        if not token.startswith("="):
            return False
        self.at += 1
        subjects = (self.library.by_name[token[1:]],)
        last = self.things[-1] if self.things else None
        if last is not None and last.subjects == subjects and last.count < COUNT_MAX:
            self.things[-1] = replace(last, count=last.count + 1)
        else:
            self._add(token[1:], subjects)
        return True

    def _backdrop(self) -> bool:
        """'blue background', 'background of light blue', 'against dark green', 'blue wall'."""
        for length in (2, 1):
            colour = COLOUR_NAMES.get(self._words(length))
            if colour and self._words(1, ahead=length) in ("background", "backdrop", "wall", "backgrounds"):
                self.at += length + 1
                return self._set_background(colour)
        if self.tokens[self.at] in ("against", "background", "backdrop"):
            skip = 1
            while self._words(1, ahead=skip) in (
                "a",
                "an",
                "the",
                "of",
                "in",
                "is",
                "plain",
                "solid",
                "bright",
            ):
                skip += 1
            for length in (2, 1):
                words = " ".join(self.tokens[self.at + skip : self.at + skip + length])
                after = self._words(1, ahead=skip + length)
                if words in COLOUR_NAMES and after in (
                    "",
                    ",",
                    "background",
                    "backdrop",
                    "wall",
                    "and",
                    "with",
                ):
                    self.at += skip + length
                    if after in ("background", "backdrop", "wall"):
                        self.at += 1
                    return self._set_background(COLOUR_NAMES[words])
        return False

    def _set_background(self, colour: str) -> bool:
        self.wish = replace(self.wish, background=colour)
        self.phrase, self.pending, self.preposition = _Phrase(), None, False
        return True

    def _relation(self) -> bool:
        words, length = self._longest(RELATIONS)
        if not words:
            return False
        self.at += length
        loose = words in LOOSE
        self.preposition = not loose
        if not (loose and self.pending is not None):
            self.pending = None if loose and not self.things else RELATIONS[words]
        self.phrase = _Phrase()
        return True

    def _place(self) -> bool:
        """A scene or a time of day, unless the same words name a thing that does not stand after a preposition."""
        for length in range(3, 0, -1):
            words = self._words(length)
            scene, time = SCENES.get(words), TIMES.get(words)
            if words == "moon" and self.tokens[max(0, self.at - 2) : self.at] == ("on", "the"):
                scene = "moonscape"
            if scene is None and time is None:
                continue
            if self._longer_name(length):
                return False
            as_thing = (
                not self.preposition and self.phrase.count is not None and bool(self.library.named(words))
            )
            if as_thing and self.phrase.count != 1:
                return False
            self.at += length
            if self.negated:
                self.negated = False
                return True
            if scene is not None:
                colour = self.phrase.colour
                self.wish = replace(self.wish, scene=self.wish.scene or scene)
                if scene in ("table", "room") and colour is not None:
                    self.wish = replace(self.wish, background=colour)
            if time is not None:
                self.wish = replace(self.wish, time=self.wish.time or time)
            self.phrase, self.pending, self.preposition = _Phrase(), None, False
            return True
        return False

    def _longer_name(self, length: int) -> bool:
        """Whether a longer phrase from here names a thing, as in 'sea horse' or 'snow man'."""
        return any(
            self.library.named(self._words(longer))
            for longer in range(length + 1, self.library.longest_phrase + 1)
            if self._words(longer)
        )

    def _adjective(self) -> bool:
        if self._names_here(longer_than=1):
            return False
        token = self.tokens[self.at]
        for length in (2, 1):
            colour = COLOUR_NAMES.get(self._words(length))
            if colour is not None:
                fruit = token == "orange" and not self._noun_follows(1)
                if fruit:
                    return False
                self.phrase.colour = colour
                self.at += length
                return True
        if token in NUMBERS:
            self.phrase.count = NUMBERS[token]
        elif token.isdigit():
            self.phrase.count = min(COUNT_MAX, max(1, int(token[:3])))
        elif token in ("a", "an"):
            self.phrase.count = 1
            if self._words(1, ahead=1) == "few":
                self.phrase.count = 3
                self.at += 1
            elif self._words(1, ahead=1) in ("couple", "pair"):
                self.phrase.count = 2
                self.at += 1
        elif token in SIZES:
            self.phrase.size = SIZES[token]
        elif token in STYLES:
            self.wish = replace(self.wish, style=STYLES[token])
        elif token in NEGATIONS:
            self.negated = True
        else:
            return False
        self.at += 1
        return True

    def _names_here(self, *, longer_than: int = 0) -> tuple[str, tuple[Subject, ...]] | None:
        """The longest phrase from here that names subjects outright."""
        for length in range(self.library.longest_phrase, longer_than, -1):
            words = self._words(length)
            if words and (length > 1 or words not in IGNORED):
                found = self.library.named(words)
                if found:
                    return words, found
        return None

    def _noun_follows(self, ahead: int) -> bool:
        """Whether the next word carries on the noun phrase, so that this one only describes it."""
        word = self._words(1, ahead=ahead)
        if word in ("", ",") or word in PREPOSITIONS or word in RELATIONS or word.startswith("="):
            return False
        if word in COLOUR_NAMES or word in SIZES:
            return self._noun_follows(ahead + 1)
        return bool(self.library.named(word)) and word not in IGNORED

    def _noun(self) -> bool:
        named = self._names_here()
        if named is not None:
            words, subjects = named
            self.at += len(words.split())
            coloured = self.library.named(f"{self.phrase.colour} {words}") if self.phrase.colour else ()
            if coloured:
                subjects, self.phrase.colour = coloured, None
            self._add(words, subjects)
            return True
        token = self.tokens[self.at]
        if token in IGNORED or self._noun_follows(1):
            return False
        started = self.phrase.count is not None or self.phrase.colour is not None or self.pending is not None
        subjects = self.library.suggested(token) if started or len(self.tokens) <= 3 else ()
        if subjects:
            self.at += 1
            self._add(token, subjects)
            return True
        return False

    def _skip(self) -> None:
        token = self.tokens[self.at]
        self.at += 1
        if token in PREPOSITIONS:
            self.preposition = True
        if token not in IGNORED and not token.isdigit():
            self.unknown.append(token)
            self.phrase.unknown.append(token)

    def _add(self, word: str, subjects: tuple[Subject, ...]) -> None:
        phrase, self.phrase = self.phrase, _Phrase()
        pending, self.pending = self.pending, None
        self.preposition = False
        if self.negated:
            self.negated = False
            return
        if len(self.things) >= THINGS_MAX:
            return
        plural = word.endswith("s") and any(
            subject.name != word and subject.name + "s" == word for subject in subjects
        )
        count = phrase.count or (3 if plural or _is_plural(word, subjects) else 1)
        self.things.append(
            Thing(
                word=word,
                subjects=subjects,
                count=min(count, COUNT_MAX),
                colour=phrase.colour,
                size=phrase.size,
            )
        )
        here = len(self.things) - 1
        if pending is not None and here > 0:
            self.relations.append((here - 1, pending, here))

    def _guess(self) -> None:
        """Nothing was named: take a keyword, then the nearest spelling, then a creature of the word's own."""
        for find in (self.library.suggested, self.library.nearest):
            for word in self.unknown[:_GUESSES_MAX]:
                subjects = find(word)
                if subjects:
                    return self._add_guess(word, subjects)
        if self.unknown and self.wish.scene is None and self.wish.time is None:
            self._add_guess(max(self.unknown, key=len), ())
        return None

    def _add_guess(self, word: str, subjects: tuple[Subject, ...]) -> None:
        self.phrase = replace(self.phrase, colour=self.phrase.colour)
        self.pending = None
        self.negated = False
        count = next((NUMBERS[token] for token in self.tokens if token in NUMBERS), None)
        colour = next((COLOUR_NAMES[token] for token in self.tokens if token in COLOUR_NAMES), None)
        size = next((SIZES[token] for token in self.tokens if token in SIZES), 1.0)
        self.phrase = _Phrase(count=count, colour=None if self.wish.background else colour, size=size)
        self._add(word, subjects)


def _is_plural(word: str, subjects: tuple[Subject, ...]) -> bool:
    """Whether 's' was taken off the last word to find the subject."""
    if not word.endswith("s") or word.endswith("ss"):
        return False
    last = word.split()[-1]
    return all(last not in subject.name.split() for subject in subjects)
