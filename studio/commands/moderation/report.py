"""/report: tell the moderators of a picture that breaks the rules."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import ReportFiled
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.cases import find_report, open_case, report_weight
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.domain.cases import CaseKind, NewCase
from studio.errors import NotAllowedError
from studio.ports import Ports

LONGEST_REASON = 500  # characters
LONGEST_ARTIST = 80
REPORT_RULE = "report"
ARTIST_RULE = "artist"  # the rule of a case in which an artist asks that their style is left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`artist` is the name of the artist who reports a picture in their style."""

    picture: str
    reason: str = ""
    artist: str = ""


def report(ports: Ports, call: Call, command: Report) -> ReportFiled:
    """One human reports one picture once, under whichever name. Raises `NotFoundError`."""
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, call.person.key)
        lock_person(session, call.person)
        picture = queries.find_picture(session, command.picture, viewer=call.person, early=True)
        job = queries.find_job(session, picture.job_id)
        if linked_identities.same_human(session, job.person.key, call.person.key):
            raise NotAllowedError("own_picture")
        names = linked_identities.identities(session, call.person.key)
        if not command.artist and (earlier := find_report(session, picture.id, names)):
            return ReportFiled(case=earlier, repeated=True)
        case, events = open_case(
            session,
            NewCase(
                kind=CaseKind.REPORT,
                case_key=f"{ARTIST_RULE if command.artist else 'report'}:{picture.id}:{call.person.key}",
                subject=job.person,
                filed_by=call.person,
                job_id=job.id,
                picture_id=picture.id,
                rule=ARTIST_RULE if command.artist else REPORT_RULE,
                evidence=command.artist,
                words=command.reason,
                weight=report_weight(session, call.person.key),
            ),
        )
    outbox.send(ports.database, ports.events, events)
    return ReportFiled(case=case, repeated=False)


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
