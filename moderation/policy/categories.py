"""What a rule is about. The value is what a person may be told."""

from enum import StrEnum


class Category(StrEnum):
    MINORS = "sexual content with minors"  # the core: always refused, everywhere
    SEXUAL = "sexual"
    UNDRESSING = "taking somebody's clothes off"
    VIOLENCE = "violence"
    SELF_HARM = "self-harm"
    HATE = "hate"
    HARASSMENT = "harassment"
    SHOCKING = "shocking"
    ILLEGAL = "illegal activity"
    DECEPTION = "deception"
    POLITICAL = "political"
    HEALTH = "health"
    SPAM = "spam"
    PERSON = "named person"
    PUBLIC_FIGURE = "a public figure in a scene that could harm them"
    ARTIST = "living artist"
    TRADEMARK = "trademark"
    LANGUAGE = "offensive language"
    COMMUNITY = "this community's own list"
    PICTURE = "blocked picture"
    NEWCOMER = "a picture that a newcomer brings along"
    FACE = "a face in a picture that was brought along"
    FOREIGN = "a language that cannot be checked here"
    UNCHECKED = "could not be checked"
