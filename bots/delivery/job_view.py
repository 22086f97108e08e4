"""Names that moved to `bots.queries.job_view`."""

from bots.queries.job_view import (
    JobView,
    Origin,
    has_star,
    is_deleted,
    job_state,
    known_name,
    load_family,
    load_job_view,
    positions,
)

__all__ = [
    "JobView",
    "Origin",
    "has_star",
    "is_deleted",
    "job_state",
    "known_name",
    "load_family",
    "load_job_view",
    "positions",
]
