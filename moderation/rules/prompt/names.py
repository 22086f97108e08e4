"""Protected names: persons, artists who opted out, trademarks. A list per instance, with aliases.

The file is TOML:

    [persons]
    "Ada Example" = ["Countess Example"]
    [artists]
    "Bo Painter" = []
    [trademarks]
    "Examplecola" = ["Example Cola"]
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.normalization import NormalizedText, fold_text
from moderation.text.word_lists import PlainWords
from moderation.text.word_segmentation import FAR_FETCHED
from studio.domain.verdicts import Ruling
from studio.errors import ConfigurationError

_SECTIONS = {"persons": Category.PERSON, "artists": Category.ARTIST, "trademarks": Category.TRADEMARK}
_LONGEST_CANDIDATE = 4  # words; longer names are looked for in the plain words


@dataclass(frozen=True)
class Names:
    """`aliases` leads from each folded way to write a name to its category and the name itself."""

    aliases: Mapping[str, tuple[Category, str]]
    name: str = "names"

    @classmethod
    def from_file(cls, path: Path) -> "Names":
        """Raises `ConfigurationError` with the first thing that is wrong."""
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(f"The list of names {path.name} cannot be read: {error}.") from error
        return cls(dict(_aliases(data, path.name)))

    @classmethod
    def of_artists(cls, written: Mapping[str, str]) -> "Names":
        """Artists who opted out: folded names with the names as they were written."""
        return cls({folded: (Category.ARTIST, name) for folded, name in written.items()}, name="artists")

    def judge(self, subject: PromptSubject) -> Finding | None:
        """What a picture shall show, or the manner it is painted in; what it must not show may be named."""
        for reading in subject.wished_readings:
            for written in self._found(reading):
                category, name = self.aliases[written]
                return Finding(
                    ruling=Ruling.REFUSE, rule=self.name, category=category, evidence=name, words=written
                )
        return None

    def _found(self, reading: NormalizedText) -> Iterator[str]:
        for candidate, _ in PlainWords(frozenset(self.aliases)).find(reading.candidates):
            if candidate.text in self.aliases and candidate.view not in FAR_FETCHED:
                yield candidate.text
        text = f" {reading.text} "
        for written in self.aliases:
            if written.count(" ") >= _LONGEST_CANDIDATE and f" {written} " in text:
                yield written


def _aliases(data: Mapping[str, Any], source: str) -> Iterator[tuple[str, tuple[Category, str]]]:
    for section, names in data.items():
        if section not in _SECTIONS or not isinstance(names, dict):
            raise ConfigurationError(
                f"{source}: [{section}] is unknown; there are [persons], [artists] and [trademarks]."
            )
        for name, aliases in names.items():
            if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
                raise ConfigurationError(
                    f'{source}: "{name}" needs a list of other ways to write it, for example [].'
                )
            for written in (name, *aliases):
                if folded := fold_text(written):
                    yield folded, (_SECTIONS[section], name)
