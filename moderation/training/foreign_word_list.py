"""Write `rules/prompt/listed_words_languages.txt` from published lists of offensive words in other languages.

    python -m moderation.training.foreign_word_list --lists naughty-words/package --cuss cuss/package

`--lists` is the unpacked npm package `naughty-words` 1.2 (CC-BY-4.0), a JSON list for each language, and `--cuss` npm's
`cuss` 2.x (MIT), which rates words of some of them. Words that `cuss` does not rate as likely offensive are left out.
So are everyday words and those of fewer than three letters, or two where a letter is a syllable.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from moderation.text.normalization import fold_text
from moderation.text.prompt_classifier import LANGUAGES
from moderation.text.word_beginnings import UNSPACED, plain, read_table
from moderation.text.word_lists import digest

_TARGET = Path(__file__).parent.parent / "rules" / "prompt" / "listed_words_languages.txt"
_LONGEST = 4  # words of a phrase
_RATING = re.compile(r"""^\s*(?:'([^']+)'|"([^"]+)"|(\w+)):\s*(\d)""", re.MULTILINE)
_HEADER = """\
# Offensive words of other languages than English from published lists, as hashes: see moderation/text/word_lists.py.
# Written by moderation/training/foreign_word_list.py; do not edit by hand.
"""


def write(lists: Annotated[Path, typer.Option()], cuss: Annotated[Path, typer.Option()]) -> None:
    lines = sorted(
        {
            f"{language} {digest(word).hex()}"
            for language in LANGUAGES
            for word in words_of(language, lists, cuss)
        }
    )
    _TARGET.write_text(_HEADER + "\n".join(lines) + "\n", "ascii")
    typer.echo(f"{len(lines)} words")


def words_of(language: str, lists: Path, cuss: Path) -> Iterator[str]:
    """As they are looked for: folded, or as typed in languages that are written without spaces."""
    rated = _ratings(cuss / f"{language}.js")
    path = lists / f"{language}.json"
    listed = json.loads(path.read_text("utf-8")) if language != "en" and path.exists() else []
    ordinary = set(read_table("ordinary_words.toml").get(language, []))
    for word in listed:
        form = plain(word) if language in UNSPACED else fold_text(word)
        shortest = 2 if language in UNSPACED else 3
        everyday = form in ordinary or rated.get(word, 2) < 2
        if len(form) >= shortest and not everyday and len(form.split()) <= _LONGEST:
            yield form


def _ratings(path: Path) -> dict[str, int]:
    """`cuss` rates 0 for unlikely, 1 for maybe, 2 for likely offensive."""
    source = path.read_text("utf-8") if path.exists() else ""
    return {a or b or c: int(rating) for a, b, c, rating in _RATING.findall(source)}


if __name__ == "__main__":
    typer.run(write)
