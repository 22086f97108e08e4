"""Many people press the same button of a gathering in one moment: `VOTERS` says how many."""

import os
import time

from sqlalchemy import func, select

from studio.db.tables import BallotRow
from studio.ports import Ports

VOTERS = int(os.environ.get("VOTERS", "10"))


def ballot_count(ports: Ports) -> int:
    with ports.database.read() as session:
        return session.scalar(select(func.count()).select_from(BallotRow)) or 0


def print_figures(acknowledged: list[float], began_at: float) -> None:
    """`acknowledged` in seconds; `began_at` of the monotonic clock. Everything is counted now."""
    ordered = sorted(acknowledged)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] * 1000
    counted = time.monotonic() - began_at
    print(
        f"{len(ordered)} votes at once: acknowledged p99 {p99:.0f} ms, the last one counted after {counted:.2f} s"
    )
