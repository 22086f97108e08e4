"""What the programs say: to the terminal with their names before it, and to one file each."""

import logging.handlers
import re
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MAX_LINE_BYTES = 64 * 1024
_FILE_BYTES = 5 * 1024 * 1024
_BACKUP_FILES = 3
_LAST_LINES = 20
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_red")


class Terminal:
    """Where lines of several programs meet, each with its name and colour before it."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._console = console
        width = max(map(len, names))
        self._prefixes = {
            name: Text(f"{name:<{width}} │ ", style=_COLOURS[position % len(_COLOURS)])
            for position, name in enumerate(names)
        }

    def write(self, name: str, line: str) -> None:
        self._console.print(self._prefixes[name] + Text.from_ansi(line), soft_wrap=True)


class Output:
    """One program's lines. The file rotates at 5 MiB; three old ones are kept."""

    def __init__(self, name: str, *, terminal: Terminal | None, folder: Path) -> None:
        self._name = name
        self._terminal = terminal
        self._rest = b""
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.path = folder / f"{name}.log"
        self._file = logging.handlers.RotatingFileHandler(
            self.path, maxBytes=_FILE_BYTES, backupCount=_BACKUP_FILES, encoding="utf-8", errors="replace"
        )

    def feed(self, chunk: bytes) -> None:
        """What the program wrote, as it comes. Very long lines are cut into pieces."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self.write(line.decode("utf-8", "replace").rstrip())

    def finish(self) -> None:
        """The program has ended: what is left is a line too."""
        rest, self._rest = self._rest, b""
        self.write(rest.decode("utf-8", "replace").rstrip())

    def write(self, line: str) -> None:
        plain = _ESCAPES.sub("", line)
        if not plain.strip():
            return
        self.last_lines.append(plain)
        self._file.emit(logging.makeLogRecord({"msg": plain}))
        if self._terminal:
            self._terminal.write(self._name, line)

    def close(self) -> None:
        self._file.close()
