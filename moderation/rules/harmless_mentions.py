"""Nakedness in old religious art and what lessons warn of: mentioned, not asked for.

The classifier judges such a text without the mention, so that the rest of it counts as in any other text. The rule
`minors` reads the text as it stands.
"""

import re
from functools import cache

from moderation.text.word_beginnings import read_table

_FEWEST_INFORMING = 2  # words of a lesson
_BARE = r"(?:nude|naked|bare|unclothed|undraped)"
_CHILD = r"(?:infant (?:christ|jesus)|christ child|christchild|baby jesus|child jesus|jesus child)"
_OF_ART = (
    r"(?:little|small|tiny|two|three|four|several|winged|plump|chubby|flying|dancing|sleeping|marble|stone|bronze|golden"
    r"|gilded|carved|painted|baroque|rococo|renaissance)"
)
_SACRED = re.compile(
    rf"\b{_BARE}[ ,]+((?:{_OF_ART} ){{0,2}}(?:putt[io]|cherubs?|cherubim|cupids?|amorini|{_CHILD}))\b",
    re.IGNORECASE,
)
# Beside such a word it may be somebody else who is naked.
_PERSON = re.compile(
    r"\b(?:persons?|people|human\w*|adults?|wom[ae]n|m[ae]n|males?|females?|girls?|boys?|lad(?:y|ies)|guys?|lads?|couples?"
    r"|lovers?|child(?:ren)?|kids?|bab(?:y|ies)|infants?|newborns?|toddlers?|minors?|teen\w*|young\w*|youths?|adolescent\w*"
    r"|preteens?|schoolgirls?|schoolboys?|students?|pupils?|daughters?|sons?|sisters?|brothers?|mothers?|fathers?|wife|wives"
    r"|husbands?|girlfriends?|boyfriends?|models?|actress\w*|actors?|princess\w*|brides?|maids?|maidens?|dancers?"
    r"|cosplay\w*|years? old|yo|\d+yo|she|he|her|his|him)\b",
    re.IGNORECASE,
)
_REAL = re.compile(
    r"\b(?:photo\w*|realis\w*|realistic\w*|hyperreal\w*|real|selfies?|camera\w*|polaroids?|snapshots?|webcam|dslr)\b",
    re.IGNORECASE,
)
_NURSING = re.compile(
    r"\b(?:madonna|virgin mary|virgin and child|mary)\b.*?\b(?:infant|child|jesus|christ|baby|newborn)\b",
    re.IGNORECASE | re.DOTALL,
)
_BREAST = re.compile(
    r",? ?\b(?:with |and |at |from )?(?:(?:her|one|a) )*"
    r"(?:(?:bare|uncovered|exposed) breasts?|breasts? (?:uncovered|bare|bared|exposed))\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\bsex(?:ual)? (health|education|safety|orientation|wellbeing|well-being|hygiene|medicine|development)\b",
    re.IGNORECASE,
)
_DANGER = r"\bsexual (?:abuse|assault|violence|exploitation|harassment|predators?|grooming)\b"
_AGAINST = (
    r"\b(?:protect\w*|prevent\w*|against|awareness|stop|hotline|helpline|survivors?|victims?|support\w*|report\w*"
    r"|recogni[sz]\w*|about|safe|warning)"
)
_DOER = r"(?:of|by|on|between|scenes?|from|with|acts?)"
_WARNED_OF = re.compile(
    rf"({_AGAINST} (?:(?!(?:a|an|his|her)\b)\w+ ){{0,2}}){_DANGER}(?! {_DOER}\b)", re.IGNORECASE
)
_CONSENT = re.compile(r"\bsexual consent\b", re.IGNORECASE)
# What no lesson shows: with such a word the text is judged as it stands.
_SHOWN = re.compile(
    r"\b(?:nude|naked|topless|undress\w*|strip\w*|seduc\w*|explicit|erotic\w*|porn\w*|intercourse|having sex|lingerie"
    r"|orgy|fetish\w*|kiss\w*|moan\w*|aroused)\b",
    re.IGNORECASE,
)
# What the classifier doubts least beside words of warning and of learning.
_DANGERS, _AGREEMENT = "accidents", "agreement"
_WORD = re.compile(r"[a-z]+")


def without_harmless_mentions(text: str) -> str:
    """The text as it stands where nothing of the kind is in it."""
    if not _shows_somebody(_SACRED.sub("", text)):
        text = _SACRED.sub(r"\1", text)
    if _NURSING.search(text) and not _REAL.search(text) and not _SHOWN.search(text):
        text = _BREAST.sub("", text)
    if _mentions(text) and _is_lesson(text):
        text = _CONSENT.sub(_AGREEMENT, _TOPIC.sub(r"\1", text))
        text = _WARNED_OF.sub(rf"\g<1>{_DANGERS}", text)
    return text


def _shows_somebody(rest: str) -> bool:
    return any(word.search(rest) for word in (_PERSON, _REAL, _SHOWN))


def _mentions(text: str) -> bool:
    return any(mention.search(text) for mention in (_TOPIC, _CONSENT, _WARNED_OF))


def _is_lesson(text: str) -> bool:
    return (
        not _SHOWN.search(text) and len(_informing() & set(_WORD.findall(text.lower()))) >= _FEWEST_INFORMING
    )


@cache
def _informing() -> frozenset[str]:
    return frozenset(read_table("minors.toml")["informing"])
