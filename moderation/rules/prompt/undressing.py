"""Undressing somebody in a picture: by one instruction, or little by little over a lineage.

Each step may be harmless by itself ("in a swimsuit", "a smaller one", "take it off"). So every text of the lineage has
points, and their sum decides. A request that starts from no picture undresses nobody: the other rules judge it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from moderation.people.public_figures import PublicFigures
from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import STEPS_OF_UNDRESSING
from moderation.policy.findings import Finding
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.joined_words import is_word
from moderation.text.normalization import fold_text, read
from moderation.text.word_beginnings import WordBeginnings
from moderation.text.word_segmentation import FAR_FETCHED
from studio.domain.verdicts import Ruling

_POINTS = {"little": 1, "short": 1, "more": 2, "bare": 3}
_HOLD, _REFUSE = 3, 5  # points
_PERSON_POINTS = 1  # of an upload that shows a person
_REMOVED = 5  # points of an instruction to take a garment off
_PATTERN_POINTS = {"little": 1, "more": 2, "bare": 3, "removed": _REMOVED}
_HELD, _REFUSED = 0.7, 1.0  # scores
_FEW_WORDS = 4
# What ends the words for what a picture shows: "a house | by the sea", "a cat | wearing a hat".
_REST = re.compile(
    r" (?:in|on|at|by|with|without|near|of|under|over|behind|before|between|from|for|to|and|or|as|that|which|who|is|are"
    r"|beside|inside|outside|during|through|above|below|against|\w{2,}ing)\b.*"
)
_ARTICLES = frozenset(
    "a an the this that my our your some one two three four five six seven many several".split()
)
# Words for clothes that say of no clothes that they go.
_NO_GARMENT = re.compile(
    r"\b(?:no|without) (?:any )?(?:clothes|clothing|outfit|dress|uniform|costume) changes?(?=\s*(?:[,.;:!]|$))"
    r"|\bbra straps?\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]+")
_PRONOUN = re.compile(  # folded
    r"\b(?:take|takes|pull|pulls|rip|slip|get)(?: (?:it|them|that|this|those|everything|all|the rest)) off\b"
    r"|\b(?:take|takes|pull|get) off (?:it|them|that|everything|all)\b"
    r"|\bremove (?:it|them|everything|that|the rest)\b(?! from\b)"
    r"|\b(?:now|even|still) less\b"
    r"|\bzieh es aus\b|\benleve (?:le|la|les|tout)\b|\bquitaselo\b|\btoglilo\b|\btire tudo\b"
)


class Undressing:
    name = "undressing"

    def judge(self, subject: PromptSubject) -> Finding | None:
        """Only where the last step goes further itself: what earlier steps said was judged then."""
        if not subject.starts_from_picture or not _shows_person(subject):
            return None
        seen: dict[str, int] = {}
        total = _PERSON_POINTS if subject.with_person else 0
        for text in subject.lineage:
            total += _further(steps(text), seen)
        dressed = any(_words().garment.search(read(text).text) for text in subject.lineage)
        last = max((_further(steps(text, dressed=dressed), dict(seen)) for text in subject.own), default=0)
        return _finding(total + last) if last else None


def steps(text: str, *, dressed: bool = False) -> dict[str, int]:
    """What a text says about clothes, with points. `dressed`: "it" and "that" may mean a garment."""
    text = _NO_GARMENT.sub(" ", text)
    reading, words = read(text), _words()
    found = {
        candidate.text: words.points[candidate.text]
        for candidate in reading.candidates
        if candidate.text in words.points and candidate.view not in FAR_FETCHED
    }
    if len(reading.words) > _FEW_WORDS:
        found = {phrase: points for phrase, points in found.items() if phrase not in words.short}
    if removal := words.removal.search(reading.text):
        found[removal[0]] = _REMOVED
    for pattern, points in words.patterns:
        if match := pattern.search(reading.text):
            found[match[0]] = max(points, found.get(match[0], 0))
    if dressed and (removal := _PRONOUN.search(reading.text)):
        found[removal[0]] = _POINTS["bare"]
    if not text.isascii() and any(script.stand_in(text) for script in words.scripts):
        found["(script)"] = _REMOVED
    return found


def _further(found: Mapping[str, int], seen: dict[str, int]) -> int:
    """The points of the furthest step that no earlier text took; `seen` grows by the text's."""
    new = max((points for phrase, points in found.items() if phrase not in seen), default=0)
    seen.update(found)
    return new


def _shows_person(subject: PromptSubject) -> bool:
    """Whether the picture may show a person, as any does whose words begin with nothing that is known to be a thing.

    Nothing is known of an upload and of words in other scripts.
    """
    texts = (*subject.own, *subject.lineage)
    if subject.with_person or not subject.lineage or not all(text.isascii() for text in texts):
        return True
    first = subject.lineage[0]
    animal_only = not any(map(_names_body_or_clothes, texts))
    seen = (_without_animal(text) if animal_only and text == first else text for text in texts)
    return any(_words().people.search(read(text).text) for text in seen) or not _shows_thing(first)


def _without_animal(text: str) -> str:
    """Without an animal that is called like somebody, where the words speak of where it lives."""
    words = _words()
    folded = fold_text(text)
    return words.animal.sub(" ", folded) if words.habitat.search(folded) else text


def _names_body_or_clothes(text: str) -> bool:
    """Which are nobody's but a person's: "queen bee with honey" in a dress may be somebody."""
    folded = fold_text(text)
    return (_words().garment.search(folded) or _words().body.search(folded)) is not None


def _shows_thing(text: str) -> bool:
    """By the last word of what the text begins with: "a red sports car on a road" shows a car."""
    words = _words()
    first, *_ = re.split(r"[,.;:!?\n]", text, maxsplit=1)
    *before, last = _REST.sub("", words.media.sub("", f" {fold_text(first)}")).split() or [""]
    forms = {last, last.removesuffix("s"), last.removesuffix("es")}
    return not forms.isdisjoint(words.things) and not _is_name([*before, last], first)


def _is_name(words: Sequence[str], typed: str) -> bool:
    """Of folded words, the last of which is a thing in lower case: "Natalie Wood" is somebody, "dark wood" is not.

    In lower case, "natalie wood" is one, since known people have the first and the last name.
    """
    *before, last = words
    capitalised = {word.lower() for word in _WORD.findall(typed) if word[0].isupper()}
    if not _ARTICLES.isdisjoint(before[-1:]):
        return False
    if last in capitalised:
        return not before or before[-1] in capitalised
    figures = PublicFigures.load_bundled()
    if figures.find(read(" ".join(words)), ""):
        return True
    alone = _ARTICLES.isdisjoint(before)
    if alone and before and not _is_of_things(words, typed) and figures.is_full_name(before[-1], last):
        return True
    return alone and not all(word.isdigit() or is_word(word) for word in before)


def _is_of_things(words: Sequence[str], typed: str) -> bool:
    """Whether what could be a name is surely none: an animal where it lives ("queen bee on a flower"), or two things
    behind a look that no person has ("polished rose stone"). "rose stone" alone may be somebody.
    """
    *look, first, last = words
    known = _words()
    if known.animal.search(f"{first} {last}"):
        return known.habitat.search(fold_text(typed)) is not None and not _names_body_or_clothes(typed)
    return first in known.things and bool(look) and look[-1] in known.look


def _finding(total: int) -> Finding | None:
    if total < _HOLD:
        return None
    return Finding(
        ruling=Ruling.REFUSE,
        rule=Undressing.name,
        category=Category.UNDRESSING,
        evidence=f"{STEPS_OF_UNDRESSING} · {total}",
        score=_REFUSED if total >= _REFUSE else _HELD,
    )


class _Words:
    def __init__(self, data: Mapping[str, Any]) -> None:
        verbs, between, garments, people = (
            _alternatives(data[kind]) for kind in ("verbs", "between", "garments", "people")
        )
        parts, places, media = (_alternatives(data[kind]) for kind in ("parts", "places", "media"))
        worn = _alternatives([name for name in data["garments"] if name not in data["ambiguous"]])
        elsewhere = (
            rf"(?:\w+ )?(?:from|on|off|over|in|at|by) (?:the|a|an|that|this|his|her) (?:\w+ )?{places}"
        )
        self.removal = re.compile(
            rf"\b(?!open (?:top|(?:the )?fabric)\b){verbs} (?:{between} )*{garments}\b(?! (?:{parts}|{elsewhere})\b)"
        )
        named = {"g": garments, "w": worn, "b": between, "p": parts, "t": _alternatives(data["goods"])}
        named |= {"i": _alternatives(data["instead"]), "outer": _alternatives(data["outer"])}
        named["away"] = rf"from (?:the|a|an|that|this) (?:\w+ )?{places}"
        self.patterns = [
            (re.compile(pattern.format_map(named)), _PATTERN_POINTS[kind])
            for kind, patterns in data["patterns"].items()
            for pattern in patterns
        ]
        self.media = re.compile(rf"^.*?\b{media}s? (?:of|showing) ")
        self.things = frozenset(map(fold_text, data["things"]))
        self.animal = re.compile(rf"\b{_alternatives(data['named_as_people'])}s?\b")
        self.habitat = re.compile(rf"\b{_alternatives(data['habitat'])}s?\b")
        self.body = re.compile(rf"\b{_alternatives(data['body'])}s?\b")
        self.look = frozenset(map(fold_text, data["look"]))
        self.garment = re.compile(rf"\b{garments}\b")
        self.people = re.compile(rf"\b{people}\b")
        self.short = frozenset(map(fold_text, data["steps"]["short"]))
        self.points = {
            fold_text(phrase): _POINTS[kind] for kind, phrases in data["steps"].items() for phrase in phrases
        }
        self.scripts = [WordBeginnings(language, words) for language, words in data["scripts"].items()]


def _alternatives(words: list[str]) -> str:
    return f"(?:{'|'.join(sorted(map(fold_text, words), key=len, reverse=True))})"


@cache
def _words() -> _Words:
    text = resources.files("moderation.rules.prompt").joinpath("undressing.toml").read_text("utf-8")
    return _Words(tomllib.loads(text))
