"""How long the statements of a process take, for measurements: in the time that passes, and in processor time."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

_WRITE_EVERY_SECONDS = 0.5


class StatementClock:
    """Counts the statements and commits of every engine of this process, and their seconds, as their thread sees them.

    SQLite works in that thread, so that its processor time is the database's. That of PostgreSQL is not in here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statements = 0
        self._seconds = 0.0
        self._processor_seconds = 0.0

    def start(self) -> None:
        """Listen from now on, for as long as the process lives."""
        event.listen(Engine, "before_cursor_execute", self._begin)
        event.listen(Engine, "after_cursor_execute", self._end)
        commit = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            began = _now()
            commit(dialect, connection)  # type: ignore[no-untyped-call]
            self._add(began, statements=0)

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]

    def write_regularly(self, path: Path) -> None:
        """Keep the sums in a file, from a thread of its own."""

        def write() -> None:
            while True:
                time.sleep(_WRITE_EVERY_SECONDS)
                unfinished = path.with_suffix(".new")
                unfinished.write_text(json.dumps(self.sums()))
                unfinished.replace(path)

        threading.Thread(target=write, name="statement-clock", daemon=True).start()

    def sums(self) -> dict[str, float]:
        with self._lock:
            return {
                "statements": self._statements,
                "seconds": self._seconds,
                "processor_seconds": self._processor_seconds,
            }

    def _begin(
        self, _connection: Any, _cursor: Any, _text: Any, _parameters: Any, context: Any, _many: Any
    ) -> None:
        if context is not None:
            context.clock_began = _now()

    def _end(
        self, _connection: Any, _cursor: Any, _text: Any, _parameters: Any, context: Any, _many: Any
    ) -> None:
        if context is not None and hasattr(context, "clock_began"):
            self._add(context.clock_began, statements=1)

    def _add(self, began: tuple[float, float], *, statements: int) -> None:
        at, processor = _now()
        with self._lock:
            self._statements += statements
            self._seconds += at - began[0]
            self._processor_seconds += processor - began[1]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.thread_time()
