"""How many rows of a forward pass are worth it, by the measured seconds of a step over its rows.

A row more costs every other sample time. Where a step takes as long as its rows, samples that run one after another
finish sooner on average than samples side by side; where most of a step does not depend on its rows, many rows cost
little and finish more images a second.
"""

from collections.abc import Mapping

# Fewer rows are enough once they reach this share of the images a second of the most rows.
ENOUGH_THROUGHPUT = 0.9


def worthwhile_rows(seconds_by_rows: Mapping[int, float], most: int) -> int:
    """The fewest rows that are nearly as productive as `most`; `most` itself while less than two points are known."""
    line = fit_line(seconds_by_rows)
    if line is None:
        return most
    fixed, per_row = line
    if per_row <= 0:
        return most
    enough = ENOUGH_THROUGHPUT * most / (fixed + per_row * most)
    return next((rows for rows in range(1, most) if rows / (fixed + per_row * rows) >= enough), most)


def fit_line(seconds_by_rows: Mapping[int, float]) -> tuple[float, float] | None:
    """Seconds of a step without rows (at least 0) and seconds for each row, by least squares; None for one point."""
    if len(seconds_by_rows) < 2:
        return None
    mean_rows = sum(seconds_by_rows) / len(seconds_by_rows)
    mean_seconds = sum(seconds_by_rows.values()) / len(seconds_by_rows)
    spread = sum((rows - mean_rows) ** 2 for rows in seconds_by_rows)
    slope = sum((rows - mean_rows) * (seconds - mean_seconds) for rows, seconds in seconds_by_rows.items())
    per_row = slope / spread
    return max(0.0, mean_seconds - per_row * mean_rows), per_row
