"""Other tools' syntax in a prompt that can do nothing here: it is taken out or left as words, with a hint."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studio.coded_text import CodedText, coded

# Parameters of Midjourney, which people type without thinking.
FOREIGN_FLAGS = frozenset(
    "c chaos cref creative cw draft exp fast hd iw niji oref ow p personalize profile q quality r raw relax repeat s"
    " sref stop stylize sv sw test testp tile turbo uplight upbeta v version video w weird".split()
)
_NAME = f"(?:{'|'.join(sorted(FOREIGN_FLAGS, key=len, reverse=True))})"
_VALUE = r"(?:\s*\d[\w.:]*(?!\S)|\s+https?://\S+)"
# After a phone's dash only with a value: alone it may be prose.
FOREIGN_FLAG = re.compile(
    rf"(?<!\S)(?:--{_NAME}(?=\s|\d|$){_VALUE}*|[\u2013\u2014\u2212]{{1,2}}{_NAME}{_VALUE}+)", re.IGNORECASE
)
_SHOUTED = re.compile(r"[^a-z]*")
# <lora:name:0.8> or <lora:name>, as AUTOMATIC1111 writes it.
LORA_TAG = re.compile(r"<lora:(?P<name>[^<>:,]+)(?::(?P<weight>[^<>:,]*))?[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Syntax:
    """`instead` None: it stays in the prompt. Nobody gets one hint twice."""

    pattern: re.Pattern[str]
    instead: str | None
    hint: CodedText


_BREAK = coded("hint.break")
_SYNTAXES = (
    _Syntax(
        FOREIGN_FLAG,
        "",
        coded("hint.flags"),
    ),
    _Syntax(
        LORA_TAG,
        "",
        coded("hint.lora"),
    ),
    _Syntax(
        re.compile(r"<(?:hypernet|lyco|ti|embedding):[^<>]*>", re.IGNORECASE),
        "",
        coded("hint.networks"),
    ),
    _Syntax(
        re.compile(r"(?<=\w)\s?::(?:\s?-?\d+(?:\.\d+)?|(?=\s|$))"),
        ",",
        coded("hint.parts"),
    ),
    _Syntax(
        re.compile(r"(?<!\S)BREAK(?!\S)"),
        ",",
        _BREAK,
    ),
    _Syntax(
        re.compile(r"\[[^\[\]]*(?:\||:\s*\d*\.?\d+\s*\])[^\[\]]*\]?"),
        None,
        coded("hint.editing"),
    ),
    _Syntax(
        re.compile(r"(?<!\w)__[\w/-]+__(?!\w)"),
        None,
        coded("hint.wildcards"),
    ),
)


def without_foreign_syntax(prompt: str) -> tuple[str, Sequence[CodedText]]:
    """The prompt without what would be painted as words by mistake, and a hint for each kind that it held."""
    words, hints = prompt, []
    for syntax in _SYNTAXES:
        if syntax.hint == _BREAK and _SHOUTED.fullmatch(words):
            continue  # where everything is in capitals, it is a word
        changed = syntax.pattern.sub("" if syntax.instead is None else syntax.instead, words)
        if changed != words:
            hints.append(syntax.hint)
            words = words if syntax.instead is None else changed
    return (" ".join(re.sub(r"\s+,", ",", words).split()) if hints else prompt), hints
