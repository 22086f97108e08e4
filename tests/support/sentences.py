"""What people read of an error."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bots.presentation.compose.errors import error_text

__all__ = ["error_text", "raises"]


@contextmanager
def raises(
    kind: type[Exception] | tuple[type[Exception], ...], *, match: str
) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """As `pytest.raises`, for errors that people read: `match` is looked for in the sentence that they are shown."""
    with pytest.raises(kind) as caught:
        yield caught
    sentence = error_text(caught.value)
    assert re.search(match, sentence), f"{match!r} is not in {sentence!r}"
