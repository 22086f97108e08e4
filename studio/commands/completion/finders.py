"""What can be named in a parameter: jobs, pictures, cases and one's own earlier prompts, the latest first."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from studio.commands.account.help import COMMAND, TOGETHER
from studio.commands.account.help import NAME as HELP
from studio.commands.completion.suggestion import LONGEST, SuggestedJob, Suggestion
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience as CommandAudience
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission import remix_consent
from studio.db import cases, queries
from studio.db.identities.linked_identities import identities
from studio.db.takedowns.taken_down_pictures import find_appealable
from studio.domain.cases import Case
from studio.domain.identifiers import is_job_id, picture_id
from studio.domain.jobs import GOING_ON, Job, JobState
from studio.ports import Ports
from studio.services.visibility import Audience, may_see

_WITH_PICTURES = {JobState.DONE, JobState.HELD}
_WITHOUT_PICTURES = {JobState.CANCELLED, JobState.FAILED}
_JOBS_READ = 60  # the latest, among which is searched
_CASES_READ = 25
_EARLIER_PROMPT = "again:"  # begins a value that stands for a prompt of more than `LONGEST` characters

Finder = Callable[[Session, Call, CommandSpec], list[Suggestion]]


def earlier_prompts(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """One's own latest prompts, each once."""
    latest: dict[str, str] = {}
    for job in queries.jobs_of(session, (call.person.key,), limit=_JOBS_READ):
        latest.setdefault(job.request.prompt, job.id)
    return [
        Suggestion(value=prompt if len(prompt) <= LONGEST else f"{_EARLIER_PROMPT}{job_id}", subject=prompt)
        for prompt, job_id in latest.items()
        if prompt
    ]


def whole_prompt(ports: Ports, call: Call, chosen: str) -> str:
    """The prompt behind a suggestion that is too long to be a value; anything else stays as it is."""
    job_id = chosen.removeprefix(_EARLIER_PROMPT)
    if not chosen.startswith(_EARLIER_PROMPT) or not is_job_id(job_id):
        return chosen
    with ports.database.read() as session:
        job = queries.own_job(session, call.person, job_id)
    return job.request.prompt if job else chosen


def jobs_to_cancel(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    return [_of_job(job, own=True) for job in _own_jobs(session, call) if job.state in GOING_ON]


def jobs_to_appeal(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """Those that may be appealed and were not yet, after pictures of theirs that were taken down."""
    refused = [job for job in _own_jobs(session, call) if job.may_appeal]
    rows = find_appealable(session, identities(session, call.person.key))
    taken_down = [(queries.find_job(session, row.job_id), row) for row in rows]
    filed = cases.find_appealed(session, [job.id for job in (*refused, *(job for job, _ in taken_down))])
    pictures = [_of_picture(job, row.position, own=True) for job, row in taken_down if row.id not in filed]
    return [*pictures, *(_of_job(job, own=True) for job in refused if job.id not in filed)]


def pictures_to_delete(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """One's own pictures; before those of a job that has several, all of them. And requests that painted none."""
    jobs = [job for job in _own_jobs(session, call) if job.state in _WITH_PICTURES | _WITHOUT_PICTURES]
    numbers = queries.picture_numbers(session, [job.id for job in jobs])
    found: list[Suggestion] = []
    for job in jobs:
        of_job = numbers.get(job.id, ()) if job.state in _WITH_PICTURES else ()
        if job.state in _WITHOUT_PICTURES and (job.request.prompt or job.request.sources):
            found.append(_of_job(job, own=True))
        if len(of_job) > 1:
            every = SuggestedJob(job=job, own=True, count=len(of_job))
            found.append(Suggestion(value=job.id, subject=every))
        found += [_of_picture(job, number, own=True) for number in of_job]
    return found


def own_pictures(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    return _pictures(session, call, _own_jobs(session, call))


def pictures_to_report(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """Other people's pictures."""
    mine = set(identities(session, call.person.key))
    others = [job for job in _visible_jobs(session, call) if job.person.key not in mine]
    return _pictures(session, call, others)


def visible_pictures(session: Session, call: Call, spec: CommandSpec) -> list[Suggestion]:
    """For commands that generate: without those on which their owners let nobody build."""
    jobs = _visible_jobs(session, call)
    if spec.paints:
        jobs = [job for job in jobs if remix_consent.is_possible(session, call.person, job)]
    return _pictures(session, call, jobs)


def visible_jobs(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """Refused and held ones are their own person's alone."""
    mine = set(identities(session, call.person.key))
    return [
        _of_job(job, own=job.person.key in mine)
        for job in _visible_jobs(session, call)
        if job.person.key in mine or job.state not in (JobState.REFUSED, JobState.HELD)
    ]


def questions(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """What others asked this person."""
    return list(map(_of_case, cases.find_open_questions(session, call.person, limit=_CASES_READ)))


def desk_cases(session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    if not call.person.moderates:
        return []
    return list(map(_of_case, cases.desk_cases(session, call.person, limit=_CASES_READ)))


def help_topics(_session: Session, call: Call, _spec: CommandSpec) -> list[Suggestion]:
    """The commands that the person may use, and what they can do with others."""
    names = [
        spec.name
        for spec in CATALOG.values()
        if call.person.moderates or spec.audience is CommandAudience.EVERYBODY
    ]
    return [Suggestion(value=name, subject=f"/{name}") for name in (*names, TOGETHER) if name != HELP]


FINDERS: Mapping[tuple[str, str], Finder] = {
    ("cancel", "job"): jobs_to_cancel,
    ("appeal", "job"): jobs_to_appeal,
    ("delete", "what"): pictures_to_delete,
    ("report", "picture"): pictures_to_report,
    ("answer", "case"): questions,
    ("review", "case"): desk_cases,
    (HELP, COMMAND.name): help_topics,
}
FINDERS_BY_KIND: Mapping[Kind, Finder] = {
    Kind.PICTURE: visible_pictures,
    Kind.REFERENCES: visible_pictures,
    Kind.JOB: visible_jobs,
}


def _of_job(job: Job, *, own: bool) -> Suggestion:
    return Suggestion(value=job.id, subject=SuggestedJob(job=job, own=own))


def _of_picture(job: Job, number: int, *, own: bool) -> Suggestion:
    return Suggestion(value=picture_id(job.id, number), subject=SuggestedJob(job=job, own=own, number=number))


def _of_case(case: Case) -> Suggestion:
    return Suggestion(value=case.id, subject=case)


def _own_jobs(session: Session, call: Call) -> list[Job]:
    """In this community, under all linked identities."""
    keys = identities(session, call.person.key)
    return queries.jobs_of(session, keys, limit=_JOBS_READ, home=call.person.home)


def _visible_jobs(session: Session, call: Call) -> list[Job]:
    audience = Audience.of_asker(call.person, call.address)
    jobs = queries.recent_jobs(session, call.person, limit=_JOBS_READ)
    return [job for job in jobs if may_see(session, job, audience)]


def _pictures(session: Session, call: Call, jobs: Sequence[Job]) -> list[Suggestion]:
    mine = set(identities(session, call.person.key))
    done = [job for job in jobs if job.state is JobState.DONE]
    numbers = queries.picture_numbers(session, [job.id for job in done])
    return [
        _of_picture(job, number, own=job.person.key in mine)
        for job in done
        for number in numbers.get(job.id, ())
    ]
