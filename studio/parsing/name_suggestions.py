"""Names that do not exist, with the nearest ones that do."""

import difflib
from collections.abc import Sequence

from studio.errors import BadParameterError

_MOST_LISTED = 12


def unknown_name(parameter: str, name: str, known: Sequence[str]) -> BadParameterError:
    """To be raised for a name that is not among the known ones."""
    nearest = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f" Did you mean {nearest[0]}?" if nearest else ""
    listed = ", ".join([*known[:_MOST_LISTED], *(["…"] if len(known) > _MOST_LISTED else [])])
    there = (
        f"there are {listed}" if len(known) > 1 else f"there is only {listed}" if known else "there are none"
    )
    return BadParameterError(parameter, f"there is no {parameter} {name[:40]} here; {there}.{hint}")
