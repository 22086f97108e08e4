"""`chatelier bench database`: the same work in a small and in a large database, in turns, on SQLite and PostgreSQL."""

import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from chatelier.benchmarks.database_size.bulk_fill import Size, fill, shrink
from chatelier.benchmarks.database_size.hot_operations import Workload
from chatelier.benchmarks.database_size.open_ports import open_ports
from chatelier.runtime import db_schema
from studio.db.database import Database
from studio.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Medians of processor time, of this process and of the database's, in milliseconds."""

    database: str
    operation: str
    small_ms: float
    large_ms: float

    @property
    def ratio(self) -> float:
        return self.large_ms / self.small_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFigures:
    small: Size
    large: Size
    fill_seconds: dict[str, float]
    comparisons: list[Comparison]

    def rows(self) -> list[tuple[str, str]]:
        sizes = (
            f"{self.small.jobs:,} and {self.small.waiting:,}; {self.large.jobs:,} and {self.large.waiting:,}"
        )
        return [
            ("jobs done and waiting", sizes),
            *(
                (f"{name}: filled in", f"{seconds:.0f} s for the large one")
                for name, seconds in self.fill_seconds.items()
            ),
            *(
                (
                    f"{found.database}: {found.operation}",
                    f"{found.small_ms:.2f} → {found.large_ms:.2f} ms, ratio {found.ratio:.2f}",
                )
                for found in self.comparisons
            ),
        ]


def measure_database(
    large: Size, *, small_jobs: int, rounds: int, postgresql: str | None, say: Callable[[str], None]
) -> DatabaseFigures:
    """`postgresql` is the URL of a server on which databases may be made; None: SQLite alone."""
    small = shrink(large, small_jobs)
    seconds: dict[str, float] = {}
    comparisons: list[Comparison] = []
    for name in ("SQLite", "PostgreSQL") if postgresql else ("SQLite",):
        with ExitStack() as stack:
            databases = [
                stack.enter_context(scratch_database(None if name == "SQLite" else postgresql)) for _ in "ab"
            ]
            workloads = []
            for database, size in zip(databases, (small, large), strict=True):
                say(f"{name}: filling {size.jobs:,} jobs …")
                started = time.perf_counter()
                ports = open_ports(database)
                fill(ports, size)
                seconds[name] = time.perf_counter() - started
                workloads.append(Workload(ports=ports, size=size))
            comparisons += _compare(name, *workloads, rounds=rounds)
    return DatabaseFigures(small=small, large=large, fill_seconds=seconds, comparisons=comparisons)


def _compare(name: str, small: Workload, large: Workload, *, rounds: int) -> Iterator[Comparison]:
    """In turns, so that other load of the machine slows both."""
    large_operations = large.operations()
    clocks = [ProcessorClock(workload.ports.database) for workload in (small, large)]
    for operation, in_small in small.operations().items():
        taken: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 1):
            acts = (in_small, large_operations[operation])
            for act, clock, into in zip(acts, clocks, taken, strict=True):
                started = clock.seconds()
                act()
                if number:  # the first fills caches and compiles statements
                    into.append((clock.seconds() - started) * 1000)
        small_ms, large_ms = (statistics.median(times) for times in taken)
        yield Comparison(database=name, operation=operation, small_ms=small_ms, large_ms=large_ms)


class ProcessorClock:
    """Processor time of this thread, and of a PostgreSQL server's processes for a database if it runs right here.

    Unlike the time that passes, it hardly depends on what else the machine does.
    """

    def __init__(self, database: Database) -> None:
        self._files: list[Path] = []
        if not database.is_sqlite:
            with database.read() as session:
                pids = session.scalars(
                    text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
                )
                self._files = [Path(f"/proc/{pid}/schedstat") for pid in pids]
            if not all(path.exists() for path in self._files):
                raise ConfigurationError("The PostgreSQL server must run on this machine, under Linux.")

    def seconds(self) -> float:
        """Since a moment in the past."""
        of_server = sum(int(path.read_text().split()[0]) for path in self._files)  # nanoseconds
        return time.thread_time() + of_server / 1e9


@contextmanager
def scratch_database(postgresql: str | None) -> Iterator[Database]:
    """An empty database with all tables, which is gone afterwards."""
    if postgresql is None:
        with (
            TemporaryDirectory(prefix="chatelier-bench-") as folder,
            closing(Database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")) as database,
        ):
            db_schema.upgrade(database)
            yield database
        return
    name = f"chatelier_bench_{secrets.token_hex(4)}"
    with closing(Database(postgresql)) as server:
        _administer(server, f"CREATE DATABASE {name}")
        try:
            url = server.url.set(database=name).render_as_string(hide_password=False)
            with closing(Database(url)) as database:
                db_schema.upgrade(database)
                yield database
        finally:
            _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: Database, statement: str) -> None:
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
