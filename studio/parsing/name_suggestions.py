"""Names that do not exist, with the nearest ones that do."""

import difflib
from collections.abc import Sequence

from studio.errors import BadParameterError

_MOST_LISTED = 12


def unknown_name(parameter: str, name: str, known: Sequence[str]) -> BadParameterError:
    """To be raised for a name that is not among the known ones."""
    name, there = name[:40], _shorten_list(known)
    if not known:
        return BadParameterError(parameter, "unknown_name_of_none", name=name)
    if len(known) == 1:
        return BadParameterError(parameter, "unknown_name_of_one", name=name, known=there)
    if nearest := _nearest(name, known):
        return BadParameterError(parameter, "unknown_name_nearest", name=name, known=there, nearest=nearest)
    return BadParameterError(parameter, "unknown_name", name=name, known=there)


def unknown_lora(model: str, name: str, known: Sequence[str]) -> BadParameterError:
    """To be raised for a LoRA that the model does not have."""
    name, there = name[:40], _shorten_list(known)
    if not known:
        return BadParameterError("lora", "unknown_lora_of_none", model=model, name=name)
    if nearest := _nearest(name, known):
        return BadParameterError(
            "lora", "unknown_lora_nearest", model=model, name=name, known=there, nearest=nearest
        )
    return BadParameterError("lora", "unknown_lora", model=model, name=name, known=there)


def _nearest(name: str, known: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name.lower(), known, n=1)), None)


def _shorten_list(known: Sequence[str]) -> tuple[str, ...]:
    return (*known[:_MOST_LISTED], *(["…"] if len(known) > _MOST_LISTED else []))
