"""`python -m engine.training.data.foreign_nouns CACHE`: the library's nouns in six more languages, from CLDR.

Reads names and keywords of emoji from the package `emojibase-data`, which `engine.training.data.emoji_sources.fetch`
puts into the cache, and writes `foreign_nouns.json` beside the library's index: for each language a word or phrase, in
lower case, and what the library calls it in English.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.layout_prior.library.cutout_library import Library
from engine.training.data.emoji_sources import fetch

PRIOR = Path(__file__).parents[2] / "models/thimble/prior"
NAME = "foreign_nouns.json"
# A keyword of more subjects may name a kind ("animal", "food"), not a thing.
_FEW_SUBJECTS = 3
_ALIKE = 0.5  # of 1: the subjects that two keywords share, of all that either has
_WORDS_MAX = 4
_LETTERS_MAX = 40
# "Head of a fox" is a fox.
_FACES = {
    "de": r"(.+?)(?:s|n|en)?gesicht",
    "es": r"cara de (.+)",
    "fr": r"(?:tête|face|visage) d(?:e |e l'|')(.+)",
    "it": r"muso d(?:i |el |ella |ell’)(.+)",
    "ja": r"(.+)の顔",
    "pt": r"(?:rosto|cara) de (.+)",
}


@dataclass(frozen=True, slots=True)
class Names:
    """The words of one language: those that name a subject, and the keywords, each with the subjects' numbers."""

    names: Mapping[str, list[int]]
    keywords: Mapping[str, list[int]]

    @classmethod
    def read(cls, path: Path, numbers: Mapping[str, int], *, face: str) -> "Names":
        """`numbers` are those of the subjects by their hexadecimal code points."""
        names: dict[str, list[int]] = defaultdict(list)
        keywords: dict[str, list[int]] = defaultdict(list)
        for entry in json.loads(path.read_text(encoding="utf-8")):
            number = numbers.get(entry["hexcode"])
            if number is None:
                continue
            label = _plain(entry["label"])
            names[label].append(number)
            head = re.fullmatch(face, label)
            for word in {label, *([head[1]] if head else []), *map(_plain, map(str, entry.get("tags", ())))}:
                keywords[word].append(number)
        return cls(names, keywords)


def nouns_of(foreign: Names, english: Names, library: Library) -> dict[str, str]:
    """A name means its subject. A keyword means the English keyword of nearly the same subjects ("árbol" stands where
    "tree" stands), else the first of its subjects, where they are few.
    """
    found: dict[str, str] = {}
    for word, subjects in foreign.keywords.items():
        if word in foreign.names:
            found[word] = library.subjects[foreign.names[word][0]].name
        elif len(subjects) > 1 and (like := _like(set(subjects), english, library)):
            found[word] = like
        elif len(subjects) <= _FEW_SUBJECTS:
            found[word] = library.subjects[subjects[0]].name
    return {word: found[word] for word in sorted(found) if _is_usable(word)}


def _like(subjects: set[int], english: Names, library: Library) -> str | None:
    def alike(keyword: str) -> float:
        others = set(english.keywords[keyword])
        return len(subjects & others) / len(subjects | others)

    best = max(english.keywords, key=alike)
    return best if alike(best) >= _ALIKE and library.find_named(best) else None


def _plain(text: str) -> str:
    return text.lower().replace("’", "'").strip()


def _is_usable(word: str) -> bool:
    letters = word.replace(" ", "").replace("'", "").replace("-", "")
    return letters.isalpha() and len(word) <= _LETTERS_MAX and len(word.split()) <= _WORDS_MAX


def build(cache: Path, folder: Path = PRIOR) -> Path:
    """Raises `FileNotFoundError` without npm, and CalledProcessError when the package cannot be fetched."""
    fetch(cache)
    library = Library(folder)
    number_of = {subject.name: number for number, subject in enumerate(library.subjects)}
    data = cache / "emojibase-data"
    numbers = {
        entry["hexcode"]: number_of[name]
        for entry in json.loads((data / "en/data.json").read_text(encoding="utf-8"))
        if (name := entry["label"].lower().replace("’", "'")) in number_of
    }
    english = Names.read(data / "en/data.json", numbers, face=r"(.+) face")
    table = {
        language: nouns_of(Names.read(data / language / "data.json", numbers, face=face), english, library)
        for language, face in _FACES.items()
    }
    path = folder / NAME
    path.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
