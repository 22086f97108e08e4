"""How the command line speaks: answers on standard output, everything else on standard error."""

from functools import cache

from rich.console import Console
from rich.markup import escape

from chatelier.settings.redaction import redact


@cache
def answers() -> Console:
    """What was asked for."""
    return Console(highlight=False)


@cache
def remarks() -> Console:
    """Progress, warnings and errors."""
    return Console(stderr=True, highlight=False)


def print_error(sentence: str) -> None:
    remarks().print(f"[bold red]{escape(redact(sentence))}[/]", soft_wrap=True)


def print_warning(sentence: str) -> None:
    remarks().print(f"[yellow]{escape(redact(sentence))}[/]", soft_wrap=True)
