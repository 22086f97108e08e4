"""What the database spends on jobs: by PostgreSQL's own statistics, else as our processes see it."""

import time
from dataclasses import dataclass

import psutil
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chatelier.benchmarks.load.figures import DatabaseTime
from chatelier.benchmarks.load.processes import Processes
from studio.db.database import Database
from studio.errors import DatabaseUnavailableError

_STATEMENTS = """
SELECT coalesce(sum(calls), 0), coalesce(sum(total_exec_time), 0) FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    statements: float
    statement_ms: float
    processor_ms: float | None


class DatabaseMeter:
    """The difference of two moments. The server's processor time is known where it runs on this machine."""

    def __init__(self, database: Database, processes: Processes) -> None:
        self._database = database
        self._processes = processes
        self._statistics = not database.is_sqlite and self._has_statistics()
        self._postmaster = None if database.is_sqlite else self._find_postmaster()
        self._began: _Sums | None = None

    @property
    def source(self) -> str:
        if self._database.is_sqlite:
            return "SQLite in our processes"
        return "pg_stat_statements" if self._statistics else "waited for in our processes"

    def start(self) -> None:
        self._began = self._sums()

    def processor_seconds(self) -> dict[str, float]:
        """Of every program: our processes, the server where it is known, and this process."""
        server = {"postgresql": _family_ms(self._postmaster) / 1000} if self._postmaster else {}
        return {**self._processes.processor_seconds(), **server, "bench": time.process_time()}

    def for_each(self, jobs: int) -> DatabaseTime | None:
        """Since `start`; None without jobs."""
        if self._began is None or not jobs:
            return None
        began, ended = self._began, self._sums()
        processor = (
            None
            if began.processor_ms is None or ended.processor_ms is None
            else (ended.processor_ms - began.processor_ms) / jobs
        )
        return DatabaseTime(
            source=self.source,
            statements=(ended.statements - began.statements) / jobs,
            statement_ms=(ended.statement_ms - began.statement_ms) / jobs,
            processor_ms=processor,
        )

    def _sums(self) -> _Sums:
        ours = self._processes.statement_sums()
        if self._database.is_sqlite:
            processor_ms: float | None = ours["processor_seconds"] * 1000
        else:
            processor_ms = _family_ms(self._postmaster) if self._postmaster else None
        if self._statistics:
            with self._database.read() as session:
                calls, milliseconds = session.execute(text(_STATEMENTS)).one()
            return _Sums(statements=float(calls), statement_ms=float(milliseconds), processor_ms=processor_ms)
        return _Sums(
            statements=ours["statements"], statement_ms=ours["seconds"] * 1000, processor_ms=processor_ms
        )

    def _has_statistics(self) -> bool:
        """They need ``shared_preload_libraries = pg_stat_statements`` on the server."""
        try:
            with self._database.begin() as session:
                session.execute(text("CREATE EXTENSION IF NOT EXISTS pg_stat_statements"))
                session.execute(text(_STATEMENTS)).one()
        except (DatabaseUnavailableError, DBAPIError):
            return False
        return True

    def _find_postmaster(self) -> psutil.Process | None:
        with self._database.read() as session:
            backend = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        try:
            process = psutil.Process(backend)
            return process.parent() if process.name().startswith("postgres") else None
        except psutil.Error:
            return None


def _family_ms(postmaster: psutil.Process) -> float:
    """Of the server and all of its processes, also of those that have ended."""
    seconds = 0.0
    for process in (postmaster, *postmaster.children()):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
        if process == postmaster:
            seconds += times.children_user + times.children_system
    return seconds * 1000
