"""How the command line speaks: answers on standard output, everything else on standard error."""

import os
from functools import cache

from rich.console import Console
from rich.markup import escape

from chatelier.settings.redaction import redact
from studio.domain.settings.languages import Language, first_language


@cache
def answers() -> Console:
    """What was asked for."""
    return Console(highlight=False)


@cache
def remarks() -> Console:
    """Progress, warnings and errors."""
    return Console(stderr=True, highlight=False)


def terminal_language() -> Language:
    """What the operator's terminal asks for, by the variables of POSIX."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wished = next((value for name in names if (value := os.environ.get(name))), None)
    return first_language([wished])


def print_error(sentence: str) -> None:
    remarks().print(f"[bold red]{escape(redact(sentence))}[/]", soft_wrap=True)


def print_warning(sentence: str) -> None:
    remarks().print(f"[yellow]{escape(redact(sentence))}[/]", soft_wrap=True)
