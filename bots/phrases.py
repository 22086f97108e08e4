"""Flags inside the words: ``a red apple --ar 3:2 --seed 7``, as people know them from elsewhere."""

from collections.abc import Mapping

from studio.catalog import find_command
from studio.commands.spec import Kind
from studio.errors import BadParameter
from studio.phrase import MAX_PHRASE, parse_values
from studio.text import clean_text

_MARKS = ("--", "—", "–")


def spread_flags(command: str, values: Mapping[str, object]) -> dict[str, object]:
    """The values, with flags in the prompt moved to their parameters. An option that was filled in wins.

    Raises `BadParameter` that names the flag which is wrong.
    """
    spread = dict(values)
    prompt = spread.get("prompt")
    if not isinstance(prompt, str) or not any(mark in prompt for mark in _MARKS):
        return spread
    if len(prompt) > MAX_PHRASE:
        raise BadParameter("prompt", f"is {len(prompt):,} characters long; the most is 1,000.")
    spec = find_command(command)
    found = parse_values(spec, clean_text(prompt))
    # A picture's id at the front of the words is words here: the id has an option of its own.
    ids = [each.name for each in spec.parameters if each.kind is Kind.PICTURE and each.name in found]
    if ids:
        found["prompt"] = " ".join(str(found[name]) for name in (*ids, "prompt") if name in found)
        for name in ids:
            del found[name]
    del spread["prompt"]
    return found | spread
