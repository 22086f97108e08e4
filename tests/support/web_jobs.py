"""Jobs of a web server: accepted, finished and counted."""

from studio.db.tables import JobRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.finished_jobs import end_job, paint_job


def finish(ports: Ports, job_id: str, state: JobState = JobState.DONE) -> None:
    """End a job as a worker does: rows first, then the event."""
    if state is JobState.DONE:
        paint_job(ports, job_id)
    else:
        end_job(ports, job_id, state)
    ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=state))


def jobs(ports: Ports) -> int:
    with ports.database.read() as session:
        return session.query(JobRow).count()
