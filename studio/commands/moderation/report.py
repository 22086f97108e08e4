"""/report: tell the moderators of a picture that breaks the rules."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import ReportFiled
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.cases import find_report, open_case, report_weight
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import OutboxRow
from studio.domain.cases import URGENT, CaseKind, NewCase
from studio.domain.jobs import Job
from studio.errors import NotAllowedError
from studio.ports import Ports

LONGEST_REASON = 500  # characters
LONGEST_ARTIST = 80
REPORT_RULE = "report"
INTIMATE_RULE = "intimate picture"
ARTIST_RULE = "artist"  # the rule of a case in which an artist asks that their style is left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`artist` is the name of the artist who reports a picture in their style; `intimate`: it is an intimate picture
    of the reporter, or of somebody for whom they speak.
    """

    picture: str
    reason: str = ""
    artist: str = ""
    intimate: bool = False

    @property
    def rule(self) -> str:
        return INTIMATE_RULE if self.intimate else ARTIST_RULE if self.artist else REPORT_RULE


def report(ports: Ports, call: Call, command: Report) -> ReportFiled:
    """One human reports one picture once, under whichever name, and once more for a reason of its own.

    An intimate picture is hidden until the decision. Raises `NotFoundError`.
    """
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, call.person.key)
        lock_person(session, call.person)
        picture = queries.find_picture(session, command.picture, viewer=call.person, early=True)
        job = queries.find_job(session, picture.job_id)
        if linked_identities.same_human(session, job.person.key, call.person.key):
            raise NotAllowedError("own_picture")
        names = linked_identities.identities(session, call.person.key)
        rule = command.rule
        if rule != ARTIST_RULE and (
            earlier := find_report(session, picture.id, names, rule=rule if command.intimate else None)
        ):
            case, events = earlier, list[OutboxRow]()
        else:
            weight = report_weight(session, call.person.key)
            case, events = open_case(session, _new_case(call, command, job, picture.id, weight))
    outbox.send(ports.database, ports.events, events)
    hidden = command.intimate and ports.desk.hide_reported(case.id)
    return ReportFiled(case=case, repeated=not events, hidden=hidden)


def _new_case(call: Call, command: Report, job: Job, picture_id: str, weight: float) -> NewCase:
    return NewCase(
        kind=CaseKind.REPORT,
        case_key=f"{_KEYS[command.rule]}:{picture_id}:{call.person.key}",
        subject=job.person,
        filed_by=call.person,
        job_id=job.id,
        picture_id=picture_id,
        rule=command.rule,
        evidence=command.artist if command.rule == ARTIST_RULE else "",
        words=command.reason,
        weight=URGENT if command.intimate else weight,
    )


_KEYS = {INTIMATE_RULE: "intimate", ARTIST_RULE: ARTIST_RULE, REPORT_RULE: "report"}
SPEC = CommandSpec(
    name="report",
    summary="Tell the moderators that a picture breaks the rules.",
    example="/report k3v9m2p4qx7a.2 --reason shows a private person",
    build=Report,
    handle=report,
    parameters=(
        Parameter(
            name="picture", kind=Kind.PICTURE, summary="The picture's id.", required=True, positional=True
        ),
        Parameter(
            name="artist",
            kind=Kind.TEXT,
            summary="Your name as an artist, to have your style left alone.",
            max_length=LONGEST_ARTIST,
        ),
        Parameter(
            name="intimate",
            kind=Kind.SWITCH,
            summary="It is an intimate picture of you, or of somebody you speak for.",
        ),
        Parameter(
            name="reason",
            kind=Kind.TEXT,
            literal=True,
            summary="What is wrong with it.",
            max_length=LONGEST_REASON,
        ),
    ),
    paints=False,
    rationed=True,
)
