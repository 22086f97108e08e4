"""Everyday words for what the sets call by Unicode's names, as `synonyms.txt` lists them."""

from pathlib import Path

_LINES = Path(__file__).with_name("synonyms.txt")


def synonyms() -> dict[str, list[str]]:
    """Word or phrase → names of subjects, first choice first."""
    table: dict[str, list[str]] = {}
    for line in _LINES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            words, _, names = line.partition(": ")
            for word in words.split(", "):
                table[word] = names.split(", ")
    return table
