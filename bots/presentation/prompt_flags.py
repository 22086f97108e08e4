"""Flags inside the words: ``a red apple --ar 3:2 --seed 7``, as people know them from elsewhere."""

from collections.abc import Mapping

from studio.commands.command_line import MAX_PHRASE, split_flags
from studio.commands.parameter_values import MAX_PROMPT
from studio.commands.registry import find_command
from studio.errors import BadParameterError
from studio.parsing.text_cleaning import clean_text


def spread_flags(command: str, values: Mapping[str, object]) -> dict[str, object]:
    """The values, with flags in the prompt moved to their parameters. An option that was filled in wins.

    Raises `BadParameterError` that names the flag which is wrong.
    """
    spread = dict(values)
    prompt = spread.get("prompt")
    if not isinstance(prompt, str):
        return spread
    if len(prompt) > MAX_PHRASE:
        raise BadParameterError("prompt", "too_long", length=len(prompt), most=MAX_PROMPT)
    words, found = split_flags(find_command(command), clean_text(prompt))
    if not found:
        return spread
    del spread["prompt"]
    return ({"prompt": words} if words else {}) | found | spread


def typed_words(prompt: str) -> str:
    """A prompt as it is typed where a line may be a command: a slash would begin one."""
    return f"/imagine {prompt}" if prompt.startswith("/") else prompt
