"""The command line. A problem is one sentence and exit status 1, never a traceback."""

import inspect
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import typer

from chatelier.cli.admin import (
    audit,
    config,
    db,
    digest,
    doctor,
    evidence,
    policy,
    privacy,
    provenance,
    setup,
)
from chatelier.cli.admin.model_commands import models
from chatelier.cli.services import beat, run, up, worker
from chatelier.cli.tools import backup, bench, imagine, top, verify, version
from chatelier.runtime.private_files import make_files_private
from chatelier.settings.redaction import redact
from studio.errors import BadParameterError, ChatelierError
from studio.parsing.text_cleaning import point_at

_HELP = """Chatelier is a self-hosted bot for Discord, Slack and the web. People generate and edit images with a model
that their community hosts.

[bold]chatelier up[/] starts everything on this machine. [bold]chatelier doctor[/] says what is missing.

[bold]chatelier imagine "a red apple" -o out/[/] paints without any service.
"""

_INTERRUPTED = 130

app = typer.Typer(
    name="chatelier",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (
    *(up, setup, imagine, verify, doctor, models, policy, audit, evidence, provenance, privacy, config, db),
    *(run, worker, beat, backup, top, bench, digest, version),
)
for command in _COMMANDS:
    command.register(app)


def _reflow(group: typer.Typer) -> None:
    """Let the terminal wrap the paragraphs of the commands' docstrings, which end lines where ours do."""
    for command in group.registered_commands:
        text = inspect.cleandoc((command.callback and command.callback.__doc__) or "")
        command.help = "\n\n".join(_join_lines(paragraph) for paragraph in text.split("\n\n"))
    for inner in group.registered_groups:
        if inner.typer_instance:
            _reflow(inner.typer_instance)


def _join_lines(paragraph: str) -> str:
    return paragraph if paragraph.startswith(" ") else " ".join(paragraph.split())


_reflow(app)


def main() -> NoReturn:
    """The entry point of the `chatelier` script."""
    make_files_private()
    sys.exit(carry_out(sys.argv[1:]))


def carry_out(arguments: list[str]) -> int:
    """Run one command and return the exit status: 1 for a problem, 2 for wrong use, 130 for Ctrl-C."""
    from chatelier.runtime.console import print_error, remarks

    try:
        answer = app(arguments, standalone_mode=False)
        status = answer if isinstance(answer, int) else 0
    except typer.Exit as stop:
        status = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except ChatelierError as error:
        from bots.presentation.compose.errors import error_text

        print_error(error_text(error))
        if isinstance(error, BadParameterError) and error.text:
            remarks().print(point_at(error.text, error.span), markup=False, highlight=False)
        return 1
    except BrokenPipeError:
        # The reader of the pipe ended, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001
        if (shown := _show_usage_error(error)) is not None:
            return shown
        print_error(
            f"Something unexpected went wrong ({type(error).__name__}). Details: {_write_traceback(error)}"
        )
        return 1
    if status == _INTERRUPTED:
        remarks().print("Stopped.")
    return status


def _show_usage_error(error: Exception) -> int | None:
    """Typer's own errors, such as an unknown option, in Typer's own words; None for any other error."""
    show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
    if show is None or not isinstance(status, int):
        return None
    show()
    return status


def _write_traceback(error: Exception) -> Path:
    """The traceback goes to a file for the developer."""
    import tempfile

    text = redact("".join(traceback.format_exception(error)))
    home = Path(os.environ.get("CHATELIER_HOME") or Path.home() / ".chatelier").expanduser()
    name = f"error-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    for folder in (home / "logs", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        except OSError:
            continue
        return folder / name
    return Path("(nowhere: no folder can be written)")
