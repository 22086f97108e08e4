"""From words to a wish, read from left to right."""

from dataclasses import replace

from engine.layout_prior.language.abstract_words import ABSTRACTS
from engine.layout_prior.language.relations import LOOSE, RELATIONS, VESSELS, Relation
from engine.layout_prior.language.scene_words import SEASON_SCENES
from engine.layout_prior.language.vocabulary import (
    ACTIONS,
    COLOUR_NAMES,
    COUNT_MAX,
    IGNORED,
    NUMBERS,
    PREPOSITIONS,
    SIZES,
)
from engine.layout_prior.library.cutout_library import Library, Subject
from engine.layout_prior.prompt.noun_phrases import read_adjective, read_noun
from engine.layout_prior.prompt.parser_state import THINGS_MAX, Phrase, Reading
from engine.layout_prior.prompt.scene_phrases import read_backdrop, read_place
from engine.layout_prior.prompt.scene_spec import SceneSpec
from engine.layout_prior.prompt.tokenizer import tokens

__all__ = ["THINGS_MAX", "parse"]

_GUESSES_MAX = 12


def parse(prompt: str, library: Library) -> SceneSpec:
    """Read a prompt of any length and script. Never raises; what it cannot use it leaves out."""
    reading = Reading(library.translator.translate(tuple(tokens(prompt, library))), library)
    steps = (
        _read_comma,
        _read_emoji,
        read_backdrop,
        _read_relation,
        _read_action,
        read_place,
        read_adjective,
        _read_abstract,
        read_noun,
    )
    while reading.at < len(reading.tokens):
        if not any(step(reading) for step in steps):
            _skip(reading)
    if reading.spec.season and reading.spec.scene is None and reading.spec.background is None:
        reading.spec = replace(reading.spec, scene=SEASON_SCENES[reading.spec.season])
    if reading.abstract and not reading.things and reading.spec.scene is None:
        return replace(reading.spec, abstract=tuple(dict.fromkeys(reading.abstract)))
    if not reading.things:
        _guess(reading)
    return replace(reading.spec, things=tuple(reading.things), relations=tuple(reading.relations))


def _read_comma(reading: Reading) -> bool:
    if reading.tokens[reading.at] != ",":
        return False
    reading.at += 1
    reading.forget()
    reading.negated = False
    return True


def _read_emoji(reading: Reading) -> bool:
    token = reading.tokens[reading.at]
    if not token.startswith("="):
        return False
    reading.at += 1
    subjects = (reading.library.by_name[token[1:]],)
    last = reading.things[-1] if reading.things else None
    if last is not None and last.subjects == subjects and last.count < COUNT_MAX:
        reading.things[-1] = replace(last, count=last.count + 1)
    else:
        reading.add(token[1:], subjects)
    return True


def _read_relation(reading: Reading) -> bool:
    words, length = reading.longest(RELATIONS)
    if not words:
        return _read_contents(reading)
    reading.at += length
    loose = words in LOOSE
    reading.preposition = "" if loose else words
    if not (loose and reading.pending is not None):
        reading.pending = None if loose and not reading.things else RELATIONS[words]
    reading.phrase = Phrase()
    return True


def _read_contents(reading: Reading) -> bool:
    """'a vase of flowers': the vase is meant as well, unlike the bowl of 'a bowl of soup'."""
    if reading.tokens[reading.at] != "of" or not reading.things or reading.things[-1].word not in VESSELS:
        return False
    reading.at += 1
    reading.pending, reading.phrase = Relation.CONTAINING, Phrase()
    return True


def _read_action(reading: Reading) -> bool:
    """'a man walking', 'people dancing', 'a running girl': how the people are drawn."""
    pose = ACTIONS.get(reading.tokens[reading.at])
    if pose is None or reading.negated:
        return False
    reading.at += 1
    last = reading.things[-1] if reading.things else None
    done = (
        last is not None and bool(last.subjects) and bool(last.subjects[0].looks) and reading.pending is None
    )
    if last is not None and done and not reading.phrase.started:
        reading.things[-1] = replace(last, pose=last.pose or pose)
    else:
        reading.phrase.pose = pose
    return True


def _read_abstract(reading: Reading) -> bool:
    """'freedom', 'the sound of silence': what nobody can see, unless a thing is called so."""
    token = reading.tokens[reading.at]
    if token not in ABSTRACTS or reading.find_named() is not None:
        return False
    reading.at += 1
    reading.abstract.append(token)
    return True


def _skip(reading: Reading) -> None:
    token = reading.tokens[reading.at]
    reading.at += 1
    if token in PREPOSITIONS:
        reading.preposition = token
    if token not in IGNORED and not token.isdigit():
        reading.unknown.append(token)
        if reading.phrase.started:
            reading.asked.append(token)


def _guess(reading: Reading) -> None:
    """Nothing was named: take a keyword, then the nearest spelling, then a creature of the word's own."""
    for find in (reading.library.find_by_keyword, reading.library.nearest):
        for word in reading.unknown[:_GUESSES_MAX]:
            subjects = find(word)
            if subjects:
                return _add_guess(reading, word, subjects)
    placed = reading.spec.scene is not None or reading.spec.time is not None
    candidates = reading.asked if placed else reading.unknown
    if candidates:
        reading.spec = replace(reading.spec, unknown=tuple(dict.fromkeys(candidates)))
        _add_guess(reading, max(candidates, key=len), ())
    return None


def _add_guess(reading: Reading, word: str, subjects: tuple[Subject, ...]) -> None:
    reading.pending = None
    reading.negated = False
    count = next((NUMBERS[token] for token in reading.tokens if token in NUMBERS), None)
    colour = next((COLOUR_NAMES[token] for token in reading.tokens if token in COLOUR_NAMES), None)
    size = next((SIZES[token] for token in reading.tokens if token in SIZES), 1.0)
    reading.phrase = Phrase(count=count, colour=None if reading.spec.background else colour, size=size)
    reading.add(word, subjects)
