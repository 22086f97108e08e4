"""A job judged once more when its painting starts, and what a moderator's word changes about its pictures."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import update

from studio.db import queries
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.domain.jobs import Job
from studio.domain.people import Address, Person
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.ports import Admission, Allowance, Gate, Inspection


def review(database: Database, gate: Gate, job: Job, allowance: Allowance) -> Verdict:
    """By today's bans, and by the moderation policy if it changed since the job was accepted. Raises `BannedError`.

    What a moderator let pass is not judged again.
    """
    if job.cleared or job.policy_version == allowance.policy_version:
        gate.require_not_banned(job.person)
        return ALLOWED
    origins = [source.picture_id for source in job.request.sources if source.picture_id]
    with database.read() as session:
        family = queries.family(session, origins)
    verdict = gate.review(
        Admission(
            person=job.person,
            command=job.command,
            request=job.request,
            outstanding_jobs=0,
            lineage_prompts=tuple(picture.recipe.prompt for picture in reversed(family)),
            job_id=job.id,
            address=job.address,
        )
    )
    if verdict.allows:
        with database.begin() as session:
            values = {"policy_version": allowance.policy_version}
            session.execute(update(JobRow).where(JobRow.id == job.id).values(values))
    return verdict


class ClearedGate:
    """The gate for a job that a moderator let pass: what its pictures would be refused for, the moderator sees first.

    A refusal against which there is no appeal stays one.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def inspect(self, inspection: Inspection) -> Verdict:
        verdict = self._gate.inspect(inspection)
        if verdict.ruling is Ruling.REFUSE and verdict.appealable:
            return replace(verdict, ruling=Ruling.HOLD)
        return verdict

    def allowance(self, person: Person, address: Address | None = None) -> Allowance:
        return self._gate.allowance(person, address)

    def admit(self, admission: Admission) -> Verdict:
        return self._gate.admit(admission)

    def require_not_banned(self, person: Person) -> None:
        self._gate.require_not_banned(person)

    def require_moderators(self, person: Person) -> None:
        self._gate.require_moderators(person)

    def admit_upload(self, person: Person) -> None:
        self._gate.admit_upload(person)

    def check_command_rate(self, person: Person, command: str) -> None:
        self._gate.check_command_rate(person, command)

    def try_words(self, moderator: Person, words: Mapping[str, str]) -> WordTrial:
        return self._gate.try_words(moderator, words)

    def review(self, admission: Admission) -> Verdict:
        return self._gate.review(admission)
