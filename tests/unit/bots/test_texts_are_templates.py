"""Every sentence of `bots/texts/` can be translated: its values have names."""

import importlib
import pkgutil
from collections.abc import Iterator
from string import Formatter

import pytest

import bots.texts


def sentences() -> Iterator[tuple[str, str]]:
    for found in pkgutil.walk_packages(bots.texts.__path__, "bots.texts."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            values = value.values() if isinstance(value, dict) else [value]
            texts = [text for text in values if isinstance(text, str)]
            yield from ((f"{found.name}.{name}", text) for text in texts if name.isupper())


@pytest.mark.parametrize(("name", "text"), list(sentences()))
def test_the_values_of_a_sentence_have_names(name: str, text: str) -> None:
    if name == "bots.texts.help.ALTERNATIVES_EXAMPLE":  # shown as it is
        return
    fields = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    assert all(field.isidentifier() for field in fields), text
