"""Named styles: words that are put around what a person wrote."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from studio.parsing.name_suggestions import unknown_name

_FILE = Path(__file__).with_suffix(".toml")
_PLACE = "{prompt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """`prompt` has a place for the person's words, `negative` is added to what they want to avoid."""

    name: str
    prompt: str
    negative: str

    def apply(self, prompt: str, negative_prompt: str) -> tuple[str, str]:
        avoided = ", ".join(part for part in (negative_prompt, self.negative) if part)
        # Not str.format: a prompt may hold braces of its own.
        return self.prompt.replace(_PLACE, prompt), avoided


@cache
def styles() -> dict[str, Style]:
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Style(name=name, prompt=table["prompt"], negative=table["negative"])
        for name, table in tables.items()
    }


def find_style(name: str) -> Style:
    """Raises `BadParameterError` with the names there are."""
    found = styles().get(name.strip().lower())
    if found is None:
        raise unknown_name("style", name, list(styles()))
    return found
