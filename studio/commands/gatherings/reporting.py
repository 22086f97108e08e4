"""Reports of pictures in a gathering, also of one that only the player of the next turn has been shown so far."""

from dataclasses import replace

from sqlalchemy.orm import Session

from studio.commands.gatherings.acting import find_actor
from studio.commands.moderation.report import LONGEST_REASON, Report, report
from studio.commands.results import ReportFiled
from studio.commands.spec import Call
from studio.db import queries
from studio.db.gatherings import part_rows
from studio.db.identities.linked_identities import human_of
from studio.domain.gatherings import Part, PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kinds.turn_order import picture_before
from studio.ports import Ports
from studio.services.visibility import is_secret_turn

REPORT = "report"


def report_part(ports: Ports, call: Call, gathering_id: str, ordinal: int, words: str) -> ReportFiled:
    """Ids of pictures of a secret game resolve for nobody, so its pictures are named by their turns.

    Raises `NotFoundError`, `GatheringRefusedError`, and what `/report` raises.
    """
    with ports.database.read() as session:
        actor = find_actor(session, call, gathering_id)
        part = part_rows.find_part(session, gathering_id, ordinal)
        shown = part is not None and _is_shown(session, part, human_of(session, actor.key))
    if part is None or part.picture is None or not shown:
        raise GatheringRefusedError(Refusal.GONE)
    ports.gate.check_command_rate(actor, REPORT)
    command = Report(picture=part.picture, reason=words[:LONGEST_REASON])
    return report(ports, replace(call, person=actor), command)


def _is_shown(session: Session, part: Part, human: str) -> bool:
    """Whether somebody who sees the gathering was shown its picture: of a secret game only that before their turn."""
    if part.picture is None or part.state is not PartState.SET:
        return False
    job_id = part.picture.partition(".")[0]
    if not is_secret_turn(queries.find_job(session, job_id)):
        return True
    parts = part_rows.parts_of(session, part.gathering)
    theirs = [turn for turn in parts if turn.human == human and turn.round == part.round]
    return any(picture_before(parts, turn) == part for turn in theirs)
