"""Random histories of a desk: requests, reports, appeals, decisions and mistakes, in any order.

`DESK_HISTORIES` says how many (100). Histories share a database, each with a community of its own, so that tables are
made seldom and one audit chain has many authors.
"""

import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from moderation.cases.retention import let_go
from moderation.cases.strikes import strike_sum
from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.records import audit_log
from moderation.records.tables import AuditRow, StrikeRow
from moderation.rules.image import ImageSubject
from moderation.rules.prompt import PromptSubject
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import BanRow, CaseRow, EvidenceRow, JobRow, PictureRow
from studio.domain.cases import DECISIONS, CaseKind, CaseState, Decision, OutsideReport, ReportReason
from studio.domain.jobs import CORE, JobState
from studio.domain.people import Person
from studio.domain.verdicts import Ruling
from studio.errors import ChatelierError
from studio.ports import Inspected, Inspection, Ports
from tests.support.case_sim import Wording, with_gate
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

HISTORIES = int(os.environ.get("DESK_HISTORIES", "100"))
_IN_A_DATABASE = 50
_SHORT, _LONG = (2, 4), (8, 12)  # moves
_LONG_SHARE = 0.15
_PROMPTS = ("a red apple", "a violent thing", "a rude thing", "a minor thing", "an unclear thing")


@cache
def _png() -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((16, 16)).save(file, "PNG")
    return file.getvalue()


class Doubts:
    """Holds what is unclear, as the core rule may."""

    name = "doubts"

    def judge(self, subject: PromptSubject) -> Finding | None:
        if not any("unclear" in text for text in subject.wished):
            return None
        return Finding(ruling=Ruling.HOLD, rule=self.name, category=Category.MINORS)


class Blames:
    """Refuses every picture as core."""

    name = "blames"

    def judge(self, subject: ImageSubject) -> Finding:
        return Finding(ruling=Ruling.REFUSE, rule=self.name, category=Category.MINORS, evidence="seen")


class History:
    """One community: two people, two moderators, and what they do."""

    def __init__(self, ports: Ports, seed: int) -> None:
        self.random = random.Random(seed)
        self.holds = self.random.random() < 0.7
        # Where nobody reviews holds, what would be held is refused.
        self.ports = with_gate(
            ports,
            holds=self.holds,
            prompt_rules=[Wording(), Doubts()],
            image_rules=[Blames()],
        )
        self.community = f"history{seed}"
        self.people = [self._person(name) for name in ("ana", "bo")]
        self.moderators = [self._person(name, moderator=True) for name in ("mod", "bea")]
        self.keys = [person.key for person in self.people]
        self.log: list[str] = [f"seed {seed}"]
        self._calls = 0
        self._moves: list[Callable[[], None]] = [
            *[self.ask] * 4,
            *(self.bring_picture, self.report, self.report_outside, self.appeal, self.let_time_pass),
            *[self.decide] * 4,
            *(self.claim, self.take_back, self.take_down, self.appeal_takedown, self.ban, self.delete),
        ]
        # Pictures are rare in what is at random: most prompts are refused.
        self._beginnings: list[list[Callable[[], None]]] = [
            *[[]] * 3,
            [self.paint, self.take_down, self.appeal_takedown],
            [self.paint, self.delete, self.appeal_takedown],
        ]
        self._seen: set[str] = set()

    def run(self) -> None:
        is_long = self.random.random() < _LONG_SHARE
        steps = self.random.randint(*(_LONG if is_long else _SHORT))
        moves = [*self.random.choice(self._beginnings), *self.random.choices(self._moves, k=steps)]
        for move in moves[:steps]:
            self.log.append(move.__name__)
            try:
                move()
            except ChatelierError as error:
                self.log.append(f"  {type(error).__name__} {error}")
            self.check_freezes()
            self.check_held_words()
        self.reverse_everything()

    # ---- moves

    def paint(self) -> None:
        self.ask(_PROMPTS[0])

    def ask(self, prompt: str = "") -> None:
        person, prompt = self.random.choice(self.people), prompt or self.random.choice(_PROMPTS)
        before = self._count_strikes()
        self.log.append(f"  {prompt}")
        try:
            job_id = self.call(person, "imagine", prompt=prompt, count=1).job_id
            if self._state(job_id) is not JobState.HELD:
                paint_job(self.ports, job_id)
        finally:
            if "unclear" in prompt:
                assert self._count_strikes() == before, self.log

    def bring_picture(self) -> None:
        """It is refused as core."""
        person = self.random.choice(self.people)
        self.ports.gate.require_not_banned(person)
        self.ports.gate.inspect(
            Inspection(kind=Inspected.UPLOAD, person=person, png=_png(), original=b"a file")
        )

    def report(self) -> None:
        self.call(self.random.choice(self.people), "report", picture=self._picture())

    def report_outside(self) -> None:
        reason = self.random.choice([*ReportReason])
        report = OutsideReport(picture_id=self._picture(), reason=reason, artist="Bo Peinter")
        self.ports.desk.receive_report(report)

    def appeal(self) -> None:
        rows = self._rows(JobRow, JobRow.community == self.community, JobRow.state == JobState.REFUSED)
        row = self.random.choice(rows or [None])
        if row is not None:
            person = next(person for person in self.people if person.key == row.person_key)
            self.call(person, "appeal", job=row.id, reason="it is music")

    def take_down(self) -> None:
        """After a report, the way to an appeal about a picture."""
        rows = self._rows(PictureRow, PictureRow.job_id.in_(self._jobs()), PictureRow.deleted_at.is_(None))
        if not rows:
            return
        picture = self.random.choice(rows)
        reporter = next(person for person in self.people if person.key != picture.person_key)
        case = self.call(reporter, "report", picture=picture.id).case
        decision = self.random.choice([Decision.REJECT, Decision.WARN, Decision.SUSPEND, Decision.BLOCK])
        self.call(self.random.choice(self.moderators), "review", case=case.id, decision=decision)

    def appeal_takedown(self) -> None:
        rows = self._rows(
            PictureRow, PictureRow.job_id.in_(self._jobs()), PictureRow.appeal_until.is_not(None)
        )
        if rows:
            picture = self.random.choice(rows)
            person = next(person for person in self.people if person.key == picture.person_key)
            first = self.call(person, "appeal", job=picture.id, reason="it is a statue").case
            assert self.call(person, "appeal", job=picture.id).case.id == first.id, self.log

    def ban(self) -> None:
        who = self.random.choice(self.people)
        self.call(self.random.choice(self.moderators), "ban", person=who.key, reason="probing")

    def delete(self) -> None:
        """By the owner, or by a moderator."""
        self.call(self.random.choice([*self.people, *self.moderators]), "delete", what=self._picture())

    def claim(self) -> None:
        self.call(self.random.choice(self.moderators), "review")

    def decide(self) -> None:
        """Sometimes without having claimed the case, which may be refused."""
        found = self._rows(CaseRow, CaseRow.community == self.community, CaseRow.state == CaseState.OPEN)
        if not found:
            return
        case, moderator = self.random.choice(found), self.random.choice(self.moderators)
        if self.random.random() < 0.6:
            self.call(moderator, "review", case=case.id)
        decision = self.random.choice(sorted(DECISIONS[CaseKind(case.kind)]))
        self.log.append(f"  {case.kind} {decision}")
        self.call(moderator, "review", case=case.id, decision=decision)

    def take_back(self) -> None:
        found = self._rows(CaseRow, CaseRow.community == self.community, CaseRow.state == CaseState.CLOSED)
        if found:
            case = self.random.choice(found)
            self.call(self.random.choice(self.moderators), "review", case=case.id, decision=Decision.OVERTURN)

    def let_time_pass(self) -> None:
        """Words that nobody read expire."""
        with self.ports.database.begin() as session:
            theirs = EvidenceRow.subject.in_(self.keys)
            over = {"expires_at": now() - timedelta(seconds=1)}
            session.execute(update(EvidenceRow).where(theirs, EvidenceRow.kind == "words").values(over))
        let_go(self.ports.database, keep=timedelta(days=365))

    # ---- what holds at any time

    def check_freezes(self) -> None:
        """Whom the rules suspend has an open case that shows its moderator what was refused."""
        by_rules = BanRow.banned_by.endswith(":house") & BanRow.person_key.in_(self.keys)
        open_case = (CaseRow.kind == CaseKind.SUSPENSION) & (CaseRow.state == CaseState.OPEN)
        with self.ports.database.read() as session:
            bans = session.scalars(select(BanRow).where(by_rules)).all()
            frozen = {
                ban.person_key for ban in bans if not ban.reason.startswith(("timeout: ", "cooling-off: "))
            }
            query = select(CaseRow.subject, CaseRow.id).where(open_case, CaseRow.subject.in_(frozen))
            cases = session.execute(query).all() if frozen else []
        assert {subject for subject, _ in cases} == frozen, self.log
        for case_id in {case_id for _, case_id in cases} - self._seen:
            self._seen.add(case_id)
            assert self._claim_and_read(case_id), self.log

    def check_held_words(self) -> None:
        """The words of a request that was held are encrypted, or with its job, or gone for good."""
        of_words = (CaseRow.kind == CaseKind.HOLD) & (CaseRow.community == self.community)
        query = select(JobRow, EvidenceRow.id).join(CaseRow, CaseRow.job_id == JobRow.id)
        query = query.outerjoin(EvidenceRow, EvidenceRow.case_id == CaseRow.id)
        with self.ports.database.read() as session:
            rows = session.execute(query.where(of_words, CaseRow.picture_id.is_(None))).all()
        for job, evidence in rows:
            has_words = "prompt" in job.request
            gone = not has_words and evidence is None
            assert not (has_words and evidence), self.log
            assert (
                not gone
                or job.state == JobState.CANCELLED
                or job.error_code == CORE
                or self._was_appealed(job)
            ), self.log
            assert has_words or job.state in (JobState.HELD, JobState.REFUSED, JobState.CANCELLED), self.log

    def _was_appealed(self, job: JobRow) -> bool:
        about = (CaseRow.job_id == job.id) & (CaseRow.kind == CaseKind.APPEAL)
        return bool(self._rows(CaseRow, about, CaseRow.state == CaseState.CLOSED))

    def _claim_and_read(self, case_id: str) -> tuple[str, ...]:
        """What the moderator who claims a case is shown; then it is free again."""
        moderator = self.random.choice(self.moderators)
        details = self.ports.desk.claim(moderator, case_id)
        self._set_free(case_id)
        words: tuple[str, ...] = details.refused_words
        return words

    def _set_free(self, case_id: str) -> None:
        with self.ports.database.begin() as session:
            session.execute(update(CaseRow).where(CaseRow.id == case_id).values(claimed_by=None))

    def reverse_everything(self) -> None:
        """Each strike by its case, or else by an appeal about its job."""
        mod = self.moderators[0]
        for strike in self._strikes():
            case_id = strike.case_id
            if case_id is None:
                appeal = self.call(self._owner(strike), "appeal", job=strike.job_id)
                case_id = appeal.case.id
            self._set_free(case_id)
            self.call(mod, "review", case=case_id, decision=Decision.OVERTURN)
        with self.ports.database.read() as session:
            assert all(strike_sum(session, person.key) == 0 for person in self.people), self.log

    # ---- helpers

    def call(self, person: Person, command: str, /, **values: Any) -> Any:
        self._calls += 1
        key = f"{self.community}:{self._calls}"
        address = replace(somewhere(), community=self.community)
        return execute(self.ports, Call(person=person, address=address, request_key=key), command, values)

    def _person(self, name: str, *, moderator: bool = False) -> Person:
        return someone(name, moderator=moderator, community=self.community)

    def _picture(self) -> str:
        rows = self._rows(JobRow, JobRow.community == self.community, JobRow.state == JobState.DONE)
        return f"{self.random.choice(rows).id}.1" if rows else "k3v9m2p4qx7a.1"

    def _jobs(self) -> Select[str]:
        return select(JobRow.id).where(JobRow.community == self.community)

    def _state(self, job_id: str) -> JobState:
        with self.ports.database.read() as session:
            return JobState(session.get_one(JobRow, job_id).state)

    def _rows(self, table: Any, *wanted: Any) -> list[Any]:
        with self.ports.database.read() as session:
            return list(session.scalars(select(table).where(*wanted).order_by(table.id)))

    def _strikes(self) -> list[StrikeRow]:
        theirs = StrikeRow.person_key.in_(self.keys)
        with self.ports.database.read() as session:
            query = select(StrikeRow).where(theirs, StrikeRow.overturned_at.is_(None))
            return list(session.scalars(query.order_by(StrikeRow.number)))

    def _count_strikes(self) -> int:
        return len(self._strikes())

    def _owner(self, strike: StrikeRow) -> Person:
        return next(person for person in self.people if person.key == strike.person_key)


@pytest.mark.histories
@pytest.mark.parametrize("first", range(0, HISTORIES, _IN_A_DATABASE))
def test_whatever_happens_at_a_desk_nobody_is_frozen_unseen_and_everything_is_recorded(
    first: int, tmp_path: Any
) -> None:
    ports = fake_ports(f"sqlite:///{tmp_path}/records.sqlite3")
    try:
        for seed in range(first, min(first + _IN_A_DATABASE, HISTORIES)):
            History(ports, seed).run()
        choice = random.Random(first)
        with ports.database.begin() as session:
            audit_log.erase(session, someone("ana", community=f"history{first}").key)
            assert audit_log.verify(session).whole
        for tamper in _TAMPERINGS:
            with _undone(ports) as session:
                numbers = session.scalars(select(AuditRow.number).where(AuditRow.salt.is_not(None))).all()
                tamper(session, choice.choice(numbers[:-1]))
                assert not audit_log.verify(session).whole, tamper.__name__
    finally:
        ports.database.close()


def _change(session: Session, number: int, **values: Any) -> None:
    session.execute(update(AuditRow).where(AuditRow.number == number).values(**values))
    session.expire_all()


def _change_action(session: Session, number: int) -> None:
    _change(session, number, action="praise")


def _change_actor(session: Session, number: int) -> None:
    _change(session, number, actor="web:room:somebody")


def _change_details(session: Session, number: int) -> None:
    _change(session, number, details={"case": "another"})


def _change_time(session: Session, number: int) -> None:
    _change(session, number, at=now() + timedelta(days=1))


def _empty_by_hand(session: Session, number: int) -> None:
    _change(session, number, actor=None, subject=None, details=None, salt=None)


def _remove(session: Session, number: int) -> None:
    session.execute(delete(AuditRow).where(AuditRow.number == number))


def _rewrite_with_a_fitting_hash(session: Session, number: int) -> None:
    row = session.get_one(AuditRow, number)
    row.details = {"case": "another"}
    row.content_hash = audit_log._content_hash(row)
    row.entry_hash = audit_log._entry_hash(row)
    session.flush()


_TAMPERINGS = (
    *(_change_action, _change_actor, _change_details, _change_time),
    *(_empty_by_hand, _remove, _rewrite_with_a_fitting_hash),
)


@contextmanager
def _undone(ports: Ports) -> Iterator[Session]:
    with ports.database.begin() as session:
        yield session
        session.rollback()
