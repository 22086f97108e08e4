"""The cut-outs: what each one shows, which words call for it, and its picture."""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

from PIL import Image

from engine.layout_prior.language.translation import Translator
from engine.layout_prior.language.vocabulary import GRAMMAR
from studio.errors import ModelLoadError

NGRAM_MATCH_MIN = 0.62
CANDIDATES_MAX = 12
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "geese": "goose",
    "teeth": "tooth",
    "feet": "foot",
    "firemen": "fireman",
    "policemen": "policeman",
    "snowmen": "snowman",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing the library can show. `size` is its usual height beside others, 1.0 being a dog or a chair.

    `files` maps a style to a cut-out; `looks` does so for each way a person can look, named by gender (where the
    subject leaves it open) and skin, as in "woman medium-dark" or "dark".
    """

    name: str
    emoji: str
    keywords: tuple[str, ...]
    size: float
    in_sky: bool
    files: dict[str, str]
    looks: dict[str, dict[str, str]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)


class Library:
    """Finds subjects by word and opens their cut-outs. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        try:
            index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            self._archive = zipfile.ZipFile(folder / "cutouts.zip")
        except (OSError, ValueError, zipfile.BadZipFile) as problem:
            raise ModelLoadError(f"The picture library in {folder} cannot be read: {problem}") from problem
        self._folder = folder
        self._lock = Lock()
        self.subjects = tuple(
            Subject(
                name=entry["name"],
                emoji=entry["emoji"],
                keywords=tuple(entry["keywords"]),
                size=entry["size"],
                in_sky=entry["in_sky"],
                files=entry["files"],
                looks=entry.get("looks", {}),
            )
            for entry in index["subjects"]
        )
        self.by_name = {subject.name: subject for subject in self.subjects}
        self._synonyms: dict[str, tuple[Subject, ...]] = {
            word: tuple(self.by_name[name] for name in names if name in self.by_name)
            for word, names in index["synonyms"].items()
        }
        self._by_head: dict[str, list[Subject]] = defaultdict(list)
        self._by_keyword: dict[str, list[Subject]] = defaultdict(list)
        for subject in self.subjects:
            self._by_head[subject.name.split()[-1]].append(subject)
            for keyword in subject.keywords:
                self._by_keyword[keyword].append(subject)
        self.by_emoji = {
            subject.emoji.replace("\ufe0f", ""): subject for subject in self.subjects if subject.emoji
        }
        self.words = tuple(self._synonyms)
        self.longest_phrase = max(len(name.split()) for name in (*self.by_name, *self._synonyms))

    @cached_property
    def translator(self) -> Translator:
        return Translator(self._folder / "foreign_nouns.json", self.by_name, self.is_english)

    def is_english(self, word: str) -> bool:
        """Whether the grammar, a name or a keyword answers to a word."""
        return word in GRAMMAR or bool(self.find_named(word) or self.find_by_keyword(word))

    def is_foreign(self, words: Sequence[str]) -> bool:
        """Whether a prompt is in a language that is not read: nothing of it is known, nor is it a made-up word."""
        strange = len(words) > 2 or not all(map(str.isascii, words))
        return strange and not any(map(self.is_english, words))

    def find_named(self, phrase: str) -> tuple[Subject, ...]:
        """Subjects a phrase of one or more words names outright, in singular or plural; () when none."""
        for form in _singulars(phrase):
            found = self._synonyms.get(form)
            if found:
                return found
            if form in self.by_name:
                return (self.by_name[form],)
        if " " not in phrase:
            for form in _singulars(phrase):
                heads = self._by_head.get(form)
                if heads:
                    return tuple(heads[:CANDIDATES_MAX])
        return ()

    def find_by_keyword(self, word: str) -> tuple[Subject, ...]:
        """Subjects that carry the word as a keyword; () when none."""
        for form in _singulars(word):
            found = self._by_keyword.get(form)
            if found:
                return tuple(found[:CANDIDATES_MAX])
        return ()

    def nearest(self, word: str) -> tuple[Subject, ...]:
        """The subject whose name is spelt most like the word (Dice over letter pairs), if it is like it at all."""
        pairs = _letter_pairs(word)
        if len(pairs) < 3:
            return ()
        scored = max(
            ((_dice(pairs, _letter_pairs(name)), name) for name in (*self.by_name, *self._synonyms)),
            default=(0.0, ""),
        )
        return self.find_named(scored[1]) if scored[0] >= NGRAM_MATCH_MIN else ()

    def picture(self, subject: Subject, style: str, look: str = "") -> Image.Image:
        """RGBA cut-out, cropped to what can be seen; in another style where this one does not exist."""
        files = subject.looks.get(look, subject.files)
        file = files.get(style) or next(iter(files.values()))
        return self._open(file).copy()

    @lru_cache(maxsize=256)  # noqa: B019 - one library lives as long as the process
    def _open(self, file: str) -> Image.Image:
        with self._lock:
            data = self._archive.read(file)
        picture = Image.open(io.BytesIO(data)).convert("RGBA")
        return picture.crop(picture.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox())


def _singulars(phrase: str) -> Iterable[str]:
    """The phrase, and the singulars it may be a plural of."""
    yield phrase
    if phrase in _IRREGULAR:
        yield _IRREGULAR[phrase]
    if phrase.endswith("ies"):
        yield phrase[:-3] + "y"
    if phrase.endswith("ves"):
        yield phrase[:-3] + "f"
        yield phrase[:-3] + "fe"
    if phrase.endswith("es"):
        yield phrase[:-2]
    if phrase.endswith("s") and not phrase.endswith("ss"):
        yield phrase[:-1]
    if not phrase.endswith("s"):
        yield phrase + "s"


@lru_cache(maxsize=8192)
def _letter_pairs(word: str) -> frozenset[str]:
    edged = f"^{word}$"
    return frozenset(edged[at : at + 2] for at in range(len(edged) - 1))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
