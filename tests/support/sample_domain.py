"""Jobs, pictures, cases and people made up for messages; nothing of it is in a database."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bots.queries.job_view import JobView, Origin
from studio.domain.cases import Case, CaseDetails, CaseKind, CaseState, PersonRecord
from studio.domain.identifiers import picture_id
from studio.domain.jobs import Job, JobState
from studio.domain.people import Address, Person, Platform
from studio.domain.pictures import Picture
from studio.domain.prompts.proposal import Proposal
from studio.domain.requests import Operation, PaintRequest
from tests.support.recipes import recipe_of

JOB_ID, OTHER_JOB_ID = "k3v9m2p4qx7a", "x4m2w8r5tq6c"
CASE_ID = "c4s3m2p4qx7a"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PROMPT = "a red fox in the snow"
# Markup of every platform, a mention, a link and letters that run from right to left.
NASTY_PROMPT = (
    "*b* _it_ `code` <@U1> <!channel> @everyone [link](http://x.example) <b>&amp; ||s||\u05e9\u05dc"
)
LONG_PROMPT = ("a red fox in the snow under a very large and very old oak tree, " * 16)[:1000].strip(" ,")


def sample_person(name: str = "Ana", user_id: str = "4001", platform: Platform = Platform.DISCORD) -> Person:
    return Person(platform=platform, community="8123", user_id=user_id, display_name=name)


ANA = sample_person()
BO = sample_person("Bo", "4002")


def sample_job(
    state: JobState = JobState.DONE,
    *,
    prompt: str = PROMPT,
    count: int = 4,
    operation: Operation = Operation.IMAGINE,
    job_id: str = JOB_ID,
    person: Person = ANA,
    **changes: Any,
) -> Job:
    request = PaintRequest(operation=operation, prompt=prompt, count=count, seed=7, model="thimble")
    job = Job(
        id=job_id,
        command=operation,
        request=request,
        person=person,
        address=Address(platform=person.platform, community=person.community, channel="900"),
        state=state,
        priority=0,
        cost=count,
        attempts=1,
        created_at=NOON,
    )
    return replace(job, **changes)


def sample_picture(index: int = 1, job: Job | None = None, **recipe: Any) -> Picture:
    job = job or sample_job()
    made = {"steps": 8, "model": "thimble", "scheduler": "ddim"} | recipe
    identifier = picture_id(job.id, index)
    return Picture(
        id=identifier,
        job_id=job.id,
        index=index,
        recipe=recipe_of(job.request, index - 1, **made),
        key=f"pictures/{identifier}.png",
        thumbnail_key=f"thumbnails/{identifier}.webp",
        width=512,
        height=512,
        size_bytes=1000,
        created_at=NOON,
    )


def sample_view(job: Job | None = None, **changes: Any) -> JobView:
    """A job with all its pictures, if it is done."""
    job = job or sample_job()
    done = job.state is JobState.DONE
    pictures = tuple(sample_picture(index, job) for index in range(1, job.request.count + 1)) if done else ()
    return replace(JobView(job=job, pictures=pictures), **changes)


def sample_origin(*, own: bool = False, prompt: str = "a blue boat at sea") -> Origin:
    return Origin(job=sample_job(job_id=OTHER_JOB_ID, person=ANA if own else BO), prompt=prompt, own=own)


def sample_case(kind: CaseKind = CaseKind.REPORT, **changes: Any) -> Case:
    case = Case(
        id=CASE_ID,
        kind=kind,
        state=CaseState.OPEN,
        platform=Platform.DISCORD,
        community="8123",
        subject=ANA.key,
        filed_by=BO.key,
        addressee=None,
        job_id=JOB_ID,
        picture_id=f"{JOB_ID}.1",
        rule="report",
        category="gore",
        evidence="",
        words="this is too much",
        opened_at=NOON,
    )
    return replace(case, **changes)


def sample_details(case: Case | None = None, **changes: Any) -> CaseDetails:
    job = sample_job()
    details = CaseDetails(
        case=case or sample_case(),
        subject=ANA,
        job=job,
        pictures=tuple(sample_picture(index, job) for index in range(1, 5)),
        prompts=(PROMPT, "a boat at sea"),
        person_record=PersonRecord(jobs=12, refusals=1, strikes=0.5, earlier_cases=2),
    )
    return replace(details, **changes)


def sample_proposal(count: int) -> Proposal:
    prompts = tuple(f"a red fox in deep snow at dawn, version {number}" for number in range(1, count + 1))
    return Proposal(id=JOB_ID, person_key=ANA.key, command="imagine", prompts=prompts)
