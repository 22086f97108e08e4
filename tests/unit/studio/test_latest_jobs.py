"""The latest jobs of a human, over all their linked identities."""

from dataclasses import replace
from datetime import timedelta

from studio.commands.registry import execute
from studio.db import queries
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from tests.support.fakes import someone
from tests.support.finished_jobs import end_job


def test_jobs_of_several_identities_are_told_newest_first_up_to_the_limit(ports, call):
    people = [someone("ana"), someone("anna")]
    jobs = []
    for number in range(8):
        asked = replace(call, person=people[number % 2], request_key=f"latest:{number}")
        jobs.append(execute(ports, asked, "imagine", {"prompt": f"fox {number}"}).job_id)
        with ports.database.begin() as session:
            session.get_one(JobRow, jobs[-1]).created_at -= timedelta(minutes=10 - number)
    end_job(ports, jobs[2], JobState.DONE)
    end_job(ports, jobs[5], JobState.FAILED)
    keys = [person.key for person in people]
    with ports.database.read() as session:
        latest = queries.jobs_of(session, keys, limit=5)
        assert [job.id for job in latest] == jobs[:2:-1]
        ended = queries.jobs_of(session, keys, limit=5, states={JobState.DONE, JobState.FAILED})
        assert [job.id for job in ended] == [jobs[5], jobs[2]]
        assert queries.jobs_of(session, keys, limit=5, home=(people[0].platform, "elsewhere")) == []
