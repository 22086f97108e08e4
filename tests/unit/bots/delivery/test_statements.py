"""How often the delivery of a job asks the database: each process of a front end does it for each of its jobs."""

from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.finished_jobs import paint_job
from tests.support.statements import statements

front_end = chat_frontend.front_end

# When it is accepted, when that is heard again, for a step, and when it is done. Once these were 12, 0, 1 and 7.
MOST_STATEMENTS = (7, 0, 1, 3)


async def test_a_delivery_asks_few_statements(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=1)
    with statements(front_end.ports.database) as accepted:
        await front_end.accepted(job_id)
    with statements(front_end.ports.database) as again:
        await front_end.accepted(job_id)
    front_end.rest()
    with statements(front_end.ports.database) as progressed:
        await front_end.progressed(job_id)
    paint_job(front_end.ports, job_id)
    with statements(front_end.ports.database) as ended:
        await front_end.ended(job_id)
    assert front_end.chat.of(job_id).now.final
    counts = [len(found) for found in (accepted, again, progressed, ended)]
    within = all(count <= most for count, most in zip(counts, MOST_STATEMENTS, strict=True))
    assert within, [accepted, again, progressed, ended]
