"""Who is shown where a prompt does not say: drawn by lot, so that "a doctor" is not always the same doctor.

Models paint whom their training pictures showed most often. Where a prompt shows somebody and leaves open who, words
for a gender and an origin are added, by the seed, and written down in the recipe. Nothing is added when the prompt says
who it is, in words or by a name, nor for times long past, animals, things, and people who are told not to be there.
The words are in English, so prompts in other languages stay as they are.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.generation_task import GenerationTask
from studio.domain.requests import Operation

_FILE = Path(__file__).with_suffix(".toml")
_MOST_PEOPLE = 3
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*|\d+s?|[^\w\s]")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_YEAR_PAST = re.compile(r"1[0-9]{3}s?|[1-9][0-9]{2}s?")
_DETERMINERS = frozenset("a an the one some this that each every two three four five several many".split())
_POSSESSIVES = frozenset("my your his her our their".split())
_PREPOSITIONS = frozenset(
    "of with and or in on at by for to from near over under behind beside between as like showing holding".split()
)
_ROLES = frozenset({"as", "like", "dressed", "disguised"})
_MISSING = frozenset("no not without zero never".split())
_FURTHEST_ADJECTIVE = 4  # words before somebody, in which who it is could be said
_SENTENCE_ENDS = frozenset(".!?:;")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversifiedPrompt:
    """`added_words` are in order, empty when nothing was added."""

    prompt: str
    added_words: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int

    @property
    def low(self) -> str:
        return self.text.lower().replace("’", "'")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    genders: tuple[str, ...]
    origins: tuple[str, ...]
    groups: tuple[str, ...]
    people: frozenset[str]
    gendered: frozenset[str]
    plural: frozenset[str]
    said: frozenset[str]
    colours: frozenset[str]
    historic: frozenset[str]
    things: frozenset[str]
    animals: frozenset[str]
    after: frozenset[str]
    before: frozenset[str]
    names: tuple[str, ...]


@cache
def _words() -> _Words:
    tables: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    names = tuple(name.strip() for name in tables.pop("names").split(";") if name.strip())
    added: dict[str, Any] = {name: tuple(tables.pop(name)) for name in ("genders", "origins", "groups")}
    others: dict[str, Any] = {name: frozenset(text.split()) for name, text in tables.items()}
    return _Words(names=names, **added, **others)


def diversify_task(task: GenerationTask) -> tuple[GenerationTask, tuple[str, ...]]:
    """The task with what is added to each of its pictures' prompts, and the added words by picture."""
    request = task.request
    if request.operation is not Operation.IMAGINE:  # what is already there says who it is
        return task, ("",) * request.count
    pictures = [diversify(request.prompt_of(i), seed=request.seed_of(i)) for i in range(request.count)]
    if any(picture.added_words for picture in pictures):
        request = replace(request, prompts=tuple(picture.prompt for picture in pictures))
        task = replace(task, request=request)
    return task, tuple(picture.added_words for picture in pictures)


def diversify(prompt: str, *, seed: int) -> DiversifiedPrompt:
    """The same prompt and seed always get the same words."""
    tokens = [_Token(match[0], match.start()) for match in _WORD.finditer(_without_quotes(prompt))]
    if not _leaves_open(prompt, tokens):
        return DiversifiedPrompt(prompt=prompt)
    lots = _Lots(seed)
    added, parts, done = [], [], 0
    for at in list(_somebody(tokens))[:_MOST_PEOPLE]:
        words = " ".join(_draw_words(tokens[at].low, lots))
        first = _phrase_start(tokens, at)
        begin = tokens[first].start
        article = tokens[first - 1] if first and tokens[first - 1].low in ("a", "an") else None
        parts.append(prompt[done : article.start if article else begin])
        if article:
            behind = article.start + len(article.text)
            parts.append(_article(article.text, words) + prompt[behind:begin])
        parts.append(words + " ")
        added.append(words)
        done = begin
    return DiversifiedPrompt(prompt="".join([*parts, prompt[done:]]), added_words=", ".join(added))


# ---- whether it is left open


def _leaves_open(prompt: str, tokens: Sequence[_Token]) -> bool:
    words, low = _words(), [token.low for token in tokens]
    closed = words.said | words.historic | words.things | _MISSING
    if not set(low) & (words.people | words.gendered | words.plural) or set(low) & closed:
        return False
    if any(_YEAR_PAST.fullmatch(word) for word in low) or "century" in low:
        return False
    flat = f" {' '.join(low)} "
    return not any(f" {name} " in flat for name in words.names) and not _names_somebody(prompt, tokens)


def _names_somebody(prompt: str, tokens: Sequence[_Token]) -> bool:
    """A capital inside a sentence begins a name, unless everything is written in capitals."""
    if prompt.isupper():
        return False
    for before, token in pairwise(tokens):
        plain = before.text in _SENTENCE_ENDS or not token.text[0].isupper()
        if not plain and not (token.text.isupper() and token.low in _words().people | {"i", "tv"}):
            return True
    return False


def _somebody(tokens: Sequence[_Token]) -> Iterator[int]:
    """Where words for somebody stand of whom nothing is said."""
    words, low = _words(), [token.low for token in tokens]
    everybody = words.people | words.gendered | words.plural
    for at, word in enumerate(low):
        if word not in everybody:
            continue
        before = low[max(0, at - _FURTHEST_ADJECTIVE) : at]
        near = _same_phrase(before)
        beside = low[at + 1] if at + 1 < len(low) else ""
        known = set(near) & (words.animals | words.before | words.colours | everybody)
        role = set(before[: len(before) - len(near)][-2:]) & _ROLES
        whole = word in words.plural and beside == "of"  # a crowd of students is told by the students
        if not (known or role or whole) and beside not in words.after | words.animals:
            yield at


def _same_phrase(before: Sequence[str]) -> list[str]:
    """The words right before somebody that belong to them, without the article."""
    near: list[str] = []
    for word in reversed(before):
        if word in _DETERMINERS | _POSSESSIVES | _PREPOSITIONS or not word[0].isalpha():
            break
        near.insert(0, word)
    return near


def _phrase_start(tokens: Sequence[_Token], at: int) -> int:
    """Where the words begin that belong to somebody: added words stand right behind the article."""
    low = [token.low for token in tokens[max(0, at - _FURTHEST_ADJECTIVE) : at]]
    return at - len(_same_phrase(low))


# ---- what is added


class _Lots:
    """Draws by the seed, the same in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draw_words = 0

    def draw(self, choices: Sequence[str]) -> str:
        self._draw_words += 1
        digest = hashlib.blake2b(f"{self._seed}:{self._draw_words}".encode(), digest_size=8).digest()
        return choices[int.from_bytes(digest, "big") % len(choices)]


def _draw_words(word: str, lots: _Lots) -> list[str]:
    words = _words()
    if word in words.plural:
        return [lots.draw(words.groups)]
    if word in words.gendered:
        return [lots.draw(words.origins)]
    return [lots.draw(words.origins), lots.draw(words.genders)]


def _article(article: str, words: str) -> str:
    """The article that was there, fitted to the word behind it."""
    fitted = "an" if words[0].lower() in "aeio" and not words.startswith("European") else "a"
    return fitted.capitalize() if article[0].isupper() else fitted


def _without_quotes(prompt: str) -> str:
    """What stands in quotation marks is to be written in the picture; its place stays, so that places still fit."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), prompt)
