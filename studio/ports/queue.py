"""The way to the workers."""

from typing import Protocol


class Queue(Protocol):
    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None:
        """Hand a job to the workers. Raises `QueueUnavailableError`; the sweeper sends the job again later."""

    def waiting(self) -> frozenset[str]:
        """The ids of the jobs whose messages lie in the queue. Raises `QueueUnavailableError`."""

    def cancel(self, job_id: str) -> None:
        """Tell the worker that paints this job to stop within a step. Best effort: the row is the truth."""

    def stop_early(self, job_id: str) -> None:
        """Tell the worker that paints this job to end it with its finished pictures. Best effort, as `cancel`."""

    def set_aside(self, job_id: str) -> None:
        """Tell the worker that paints this job to give it back within a step. Best effort, as `cancel`."""
