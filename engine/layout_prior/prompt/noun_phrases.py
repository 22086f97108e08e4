"""Reading the things themselves: number, size, colour, style, and the noun at the end."""

from dataclasses import replace

from engine.layout_prior.language.relations import RELATIONS, Relation
from engine.layout_prior.language.vocabulary import (
    AMOUNTS,
    COLOUR_NAMES,
    COUNT_MAX,
    GENDERS,
    IGNORED,
    NEGATIONS,
    NUMBERS,
    PATTERN_NOUNS,
    PATTERNS,
    PREPOSITIONS,
    SIZES,
    SKINS,
    STYLES,
)
from engine.layout_prior.prompt.parser_state import Reading


def read_adjective(reading: Reading) -> bool:
    """A number, colour, size or style; False when a noun begins here."""
    if reading.find_named(longer_than=1) is not None:
        return False
    return (
        _style(reading)
        or _pattern(reading)
        or _skin(reading)
        or _colour(reading)
        or _number(reading)
        or _other(reading)
    )


def _style(reading: Reading) -> bool:
    words, length = reading.longest(STYLES)
    if not words:
        return False
    # 'a pencil' and 'a sticker' may be things, 'a pencil sketch' and 'a sticker of' are not
    if length == 1 and reading.library.find_named(words) and reading.words(1, ahead=1) != "of":
        return False
    reading.spec = replace(reading.spec, style=reading.spec.style or STYLES[words])
    reading.at += length
    return True


def _pattern(reading: Reading) -> bool:
    """'a striped cat', or 'a cat with stripes'."""
    words, length = reading.longest(PATTERNS)
    if words:
        reading.phrase.pattern = PATTERNS[words]
        reading.at += length
        return True
    words, length = reading.longest(PATTERN_NOUNS)
    if not words or reading.pending is not Relation.WITH or not reading.things:
        return False
    reading.things[-1] = replace(
        reading.things[-1], pattern=PATTERN_NOUNS[words], second_colour=reading.phrase.colour
    )
    reading.at += length
    reading.forget()
    return True


def _skin(reading: Reading) -> bool:
    words, length = reading.longest(SKINS)
    if not words or words in COLOUR_NAMES:
        return False
    reading.phrase.skins = SKINS[words]
    reading.at += length
    return True


def _colour(reading: Reading) -> bool:
    for length in (2, 1):
        colour = COLOUR_NAMES.get(reading.words(length))
        if colour is None:
            continue
        if reading.tokens[reading.at] == "orange" and not _noun_follows(reading, 1):
            return False  # the fruit
        reading.phrase.colour = colour
        reading.at += length
        _second_colour(reading)
        return True
    return False


def _second_colour(reading: Reading) -> None:
    """'red and white striped': the pattern's own colour."""
    other = COLOUR_NAMES.get(reading.words(1, ahead=1))
    if reading.words(1) == "and" and other is not None and reading.longest(PATTERNS, ahead=2)[0]:
        reading.phrase.second_colour = other
        reading.at += 2


def _number(reading: Reading) -> bool:
    token, phrase = reading.tokens[reading.at], reading.phrase
    if token in NUMBERS:
        phrase.count = NUMBERS[token]
    elif token.isdigit():
        phrase.count = min(COUNT_MAX, max(1, int(token[:3])))
    elif token in ("a", "an"):
        phrase.count = 1
        if reading.words(1, ahead=1) == "few":
            phrase.count = 3
            reading.at += 1
        elif reading.words(1, ahead=1) in ("couple", "pair"):
            phrase.count = 2
            reading.at += 1
    else:
        return False
    reading.at += 1
    return True


def _other(reading: Reading) -> bool:
    token = reading.tokens[reading.at]
    if token in SIZES:
        reading.phrase.size = SIZES[token]
    elif token in ("male", "female"):
        reading.phrase.gender = GENDERS[token]
    elif token in NEGATIONS:
        reading.negated = True
    else:
        return False
    reading.at += 1
    return True


def read_noun(reading: Reading) -> bool:
    """A thing by its name, or by a keyword where a noun must come."""
    named = reading.find_named()
    if named is None or _is_amount(reading, named[0]):
        return _read_amount(reading) or (named is None and _read_keyword(reading))
    words, subjects = named
    length = len(words.split())
    if reading.phrase.started and _noun_follows(reading, length):
        _describe(reading, words)
        reading.at += length
        return True
    reading.at += length
    coloured = reading.library.find_named(f"{reading.phrase.colour} {words}") if reading.phrase.colour else ()
    if coloured:
        subjects, reading.phrase.colour = coloured, None
    reading.add(words, subjects)
    return True


def _is_amount(reading: Reading, words: str) -> bool:
    return words in AMOUNTS and reading.words(1, ahead=1) == "of"


def _read_amount(reading: Reading) -> bool:
    """'a slice of', 'a group of': what counts comes after."""
    token = reading.tokens[reading.at]
    if not _is_amount(reading, token):
        return False
    count = AMOUNTS[token]
    if count is not None and reading.phrase.count in (None, 1):
        reading.phrase.count = count
    reading.at += 2
    return True


def _describe(reading: Reading, words: str) -> None:
    """A noun before a noun, as in 'school bus': the second one is meant."""
    if words in GENDERS:
        reading.phrase.gender = GENDERS[words]
    elif words in ("baby", "toy"):
        reading.phrase.size *= 0.65


def _read_keyword(reading: Reading) -> bool:
    token = reading.tokens[reading.at]
    if token in IGNORED or _noun_follows(reading, 1):
        return False
    expected = reading.phrase.started or len(reading.tokens) <= 3
    subjects = reading.library.find_by_keyword(token) if expected else ()
    if not subjects:
        return False
    reading.at += 1
    reading.add(token, subjects)
    return True


def _noun_follows(reading: Reading, ahead: int) -> bool:
    """Whether the next word carries on the noun phrase, so that this one only describes it."""
    word = reading.words(1, ahead=ahead)
    if word in ("", ",") or word in PREPOSITIONS or word in RELATIONS or word.startswith("="):
        return False
    if word in COLOUR_NAMES or word in SIZES:
        return _noun_follows(reading, ahead + 1)
    if word in STYLES and word not in reading.library.by_name:
        return False
    return bool(reading.library.find_named(word)) and word not in IGNORED
