"""Sentences of refusals and faults that are written here, and how a wrong parameter is named."""

from bots.texts.translation import translate

FAULT = "Something broke on our side. Nothing was charged; please try again. (Fault {fault})"
ELSEWHERE = "Pictures are made in other channels here. Please ask in {channels}."
ELSEWHERE_UNNAMED = "Pictures are made in other channels here. Please ask there."
UNKNOWN_COMMAND = "There is no command {command}. Type {help} to see what there is."
UNKNOWN_COMMAND_NEAREST = "There is no command {command}. Did you mean {nearest}?"
WRONG_PARAMETER = "The {parameter} {reason}"
WRONG_FLAG = "“{parameter}” {reason}"

# Each completes "This image cannot be used: …".
NOT_AN_IMAGE = "it is not an image."
TOO_LARGE = "it is larger than {megabytes} MiB."

# What a parameter is called in a sentence, where its name is no word of the language.
PARAMETERS = {
    "dm": "direct message setting",
    "what": "id",
    "to": "person",
    "picture2": "second picture",
    "picture3": "third picture",
    "picture4": "fourth picture",
    "picture5": "fifth picture",
    "image2": "second image",
    "image3": "third image",
    "image4": "fourth image",
    "image5": "fifth image",
    "negative": "negative prompt",
}


def too_large(limit_bytes: int) -> str:
    """Why an image cannot be used."""
    return translate(TOO_LARGE, megabytes=limit_bytes // (1024 * 1024))
