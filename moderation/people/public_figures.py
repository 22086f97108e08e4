"""Public figures: politicians, performers, athletes and others whose names everybody knows.

`public_figures.txt` lists them by role. A name counts as a whole, and where the list says so the surname alone does.
Usual transliterations are added here, so that the list has each name once.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from moderation.text.normalization import NormalizedText, fold_text
from moderation.text.word_segmentation import FAR_FETCHED, View

_LONGEST_CANDIDATE = 4  # words of a phrase that the normaliser offers
_SEVERAL = 2  # people: a stage name such as Black Coffee gives nobody else a first name
_SHORTEST_JOINED = 8  # letters of a name without its spaces
_VAGUE = FAR_FETCHED | {View.STRETCHED, View.MASKED, View.SQUEEZED}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"})
_SLAVIC_END = re.compile(r"sk(?:y|i)(?=\b)")
_SLAVIC_ENDS = ("sky", "ski", "skyy", "skiy", "skij")
_LATIN, _CYRILLIC, _ARABIC = "LATIN", "CYRILLIC", "ARABIC"
_CASE_END = "(?:ами|ого|ому|ий|ый|ой|ом|ем|ым|им|ая|ую|ей|а|у|е|ы|и|я|ю|й|ь)?"
_PARTICLE = "(?:وال|بال|لل|و|ب|ل|ك)?"


class Role(StrEnum):
    """What a person is known for: a section of the list and a key of a policy file."""

    POLITICIAN = "politician"
    ROYALTY = "royalty"
    RELIGIOUS = "religious"
    BUSINESS = "business"
    PERFORMER = "performer"
    ATHLETE = "athlete"
    MEDIA = "media"
    WRITER = "writer"
    ACTIVIST = "activist"
    SCIENTIST = "scientist"
    CRIME = "crime"  # in the news because of a crime: as offender, accused, acquitted or victim


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    role: Role


class PublicFigures:
    """`people` are the figures with every way to write their names."""

    def __init__(self, people: Sequence[tuple[Figure, Sequence[str]]]) -> None:
        written = [(name, figure) for figure, names in people for name in names]
        latin = [(name, figure) for name, figure in written if _script(name) == _LATIN]
        self._folded = {form: figure for name, figure in reversed(latin) for form in _forms(name)}
        self._long = {
            name: figure for name, figure in self._folded.items() if name.count(" ") >= _LONGEST_CANDIDATE
        }
        self._typed = {_plain(name): figure for name, figure in written if _script(name) != _LATIN}
        self._pattern = _pattern(self._typed)
        self.people = tuple(figure for figure, _ in people)
        whole = [name.split() for name, _ in latin if _is_of_a_person(name)]
        given = Counter(fold_text(words[0]) for words in whole)
        self._given_names = frozenset(name for name, people in given.items() if people >= _SEVERAL)
        self._surnames = frozenset(fold_text(words[-1]) for words in whole)

    def is_full_name(self, given_name: str, surname: str) -> bool:
        """Whether several people on the list have the one and somebody the other; both folded."""
        return given_name in self._given_names and surname in self._surnames

    @classmethod
    @cache
    def load_bundled(cls) -> "PublicFigures":
        """One for the process, read at the first call."""
        text = resources.files("moderation.people").joinpath("public_figures.txt").read_text("utf-8")
        return cls(list(read_people(text)))

    def find(self, reading: NormalizedText, typed: str) -> dict[str, Figure]:
        """Each name as it was read, with the person. In `typed`, the text, names in other scripts are looked for."""
        words = [candidate.text for candidate in reading.candidates if candidate.view not in _VAGUE]
        found = {word: self._folded[word] for word in words if word in self._folded}
        text = f" {reading.text} "
        found |= {name: figure for name, figure in self._long.items() if f" {name} " in text}
        if not typed.isascii():
            matches = self._pattern.finditer(_plain(typed))
            found |= {match[0]: self._typed[match[match.lastindex or 0]] for match in matches}
        return found


def read_people(text: str) -> Iterator[tuple[Figure, list[str]]]:
    """`text` has a line "[role]" before the names, which semicolons separate. Raises ValueError for another role."""
    role = None
    for line in text.splitlines():
        if line.startswith("["):
            role = Role(line.strip("[]"))
        elif line and not line.startswith("#"):
            for entry in filter(None, map(str.strip, line.split(";"))):
                names = [name.strip() for name in entry.split("=")]
                alone = [name.partition("*")[2] for name in names if "*" in name]
                whole = [name.replace("*", "") for name in names]
                if role is not None:
                    yield Figure(whole[0], role), [*whole, *alone]


def _forms(name: str) -> Iterator[str]:
    """Folded: the name, with umlauts as two letters, with other Slavic endings, and without its spaces."""
    for spelled in dict.fromkeys((name, name.translate(_UMLAUTS))):
        folded = fold_text(spelled)
        for form in dict.fromkeys((folded, *(_SLAVIC_END.sub(end, folded) for end in _SLAVIC_ENDS))):
            yield form
            if " " not in form:
                yield f"{form}s"  # German genitive, and "two Trumps"
            elif len(joined := form.replace(" ", "")) >= _SHORTEST_JOINED:
                yield joined


def _is_of_a_person(name: str) -> bool:
    """A name of two words or three, each with a capital; not an office such as "president of France"."""
    words = name.split()
    return len(words) in (2, 3) and all(word[:1].isupper() for word in words)


def _script(name: str) -> str:
    letter = next(filter(str.isalpha, name), "a")
    return unicodedata.name(letter).partition(" ")[0]


def _pattern(names: Mapping[str, Figure]) -> re.Pattern[str]:
    """Russian names with the endings of their cases, Arabic ones with particles, all others anywhere."""
    of_script: dict[str, list[str]] = {_CYRILLIC: [], _ARABIC: [], "": []}
    for name in sorted(names, key=len, reverse=True):
        script = _script(name)
        of_script[script if script in of_script else ""].append(re.escape(name))
    around = {_CYRILLIC: (r"(?<!\w)", rf"{_CASE_END}(?!\w)"), _ARABIC: (rf"(?<!\w){_PARTICLE}", r"(?!\w)")}
    parts = []
    for script, escaped in of_script.items():
        before, behind = around.get(script, ("", ""))
        parts.append(f"{before}({'|'.join(escaped) or '(?!)'}){behind}")
    return re.compile("|".join(parts))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
