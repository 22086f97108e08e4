"""Every sentence of `bots/texts/` can be translated: its values have names."""

import importlib
import pkgutil
from collections.abc import Iterator
from string import Formatter

import bots.texts

SHOWN_AS_THEY_ARE = {"bots.texts.help.ALTERNATIVES_EXAMPLE"}


def sentences() -> Iterator[tuple[str, str]]:
    for found in pkgutil.walk_packages(bots.texts.__path__, "bots.texts."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            values = value.values() if isinstance(value, dict) else [value]
            texts = [text for text in values if isinstance(text, str)]
            yield from ((f"{found.name}.{name}", text) for text in texts if name.isupper())


def test_the_values_of_each_sentence_have_names() -> None:
    found = {text for name, text in sentences() if name not in SHOWN_AS_THEY_ARE}
    assert len(found) > 500
    assert [text for text in sorted(found) if not all(map(str.isidentifier, fields_of(text)))] == []


def fields_of(text: str) -> list[str]:
    return [field for _, field, _, _ in Formatter().parse(text) if field is not None]
