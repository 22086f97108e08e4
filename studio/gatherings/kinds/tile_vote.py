"""The smallest gathering: everybody votes which picture of a job shall be upscaled, and the winner is.

voting → upscaling → done. Nobody voted: closed without a winner.
"""

from datetime import timedelta

from studio.db import queries
from studio.db.gatherings.part_rows import find_part
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState, JobVisibility
from studio.errors import BadRequestError, NotFoundError
from studio.gatherings.fair_votes import is_decided_by_lot, rank_parts, toggle_vote
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import Act, Opening, Option, OptionKind, Order, Outcome, Phase
from studio.ports import Ports

VOTING, UPSCALING, DONE = "voting", "upscaling", "done"


def _begin(turn: Turn, opening: Opening) -> None:
    """Raises `BadRequestError` for a job without a choice of pictures."""
    job = queries.find_job(turn.session, str(opening.rules["job"]))
    pictures = queries.pictures_of_job(turn.session, job.id) if job.state is JobState.DONE else []
    if len(pictures) < 2:
        raise BadRequestError("nothing_to_vote_on")
    whose = {"person_key": job.person.key, "human": turn.human_of(job.person.key)}
    for picture in pictures:
        turn.add_part(state=PartState.SET, picture=picture.id, **whose)
    turn.set_clock(timedelta(seconds=int(opening.rules["lasts"])))


def _vote(turn: Turn, act: Act) -> Outcome:
    given = toggle_vote(turn, act)
    return Outcome(code="voted" if given else "vote_taken_back", values={"part": act.part})


def _phase_ended(turn: Turn) -> None:
    standing = rank_parts(turn)
    if not standing or standing[0][1] == 0:
        turn.move(DONE)
        return
    winner, _votes = standing[0]
    by_lot = is_decided_by_lot(standing)
    turn.write_data(winner=winner.ordinal, lot=by_lot)
    turn.move(UPSCALING)
    turn.remark("won_by_lot" if by_lot else "won", part=winner.ordinal)
    host = turn.row.host
    turn.add_part(state=PartState.WANTED, human=turn.human_of(host), person_key=host)


def _part_changed(turn: Turn, before: Part, after: Part) -> None:
    """The upscaled picture is there or will not come; or one of those voted on is gone."""
    if turn.row.state == UPSCALING and before.ordinal != turn.row.data["winner"]:
        if after.state in (PartState.SET, PartState.SKIPPED):
            turn.move(DONE)
    elif turn.row.state == VOTING and len(turn.parts(PartState.SET)) < 2:
        turn.end()


def _order(ports: Ports, gathering: Gathering, _part: Part) -> Order:
    with ports.database.read() as session:
        winner = find_part(session, gathering.id, int(str(gathering.data["winner"])))
    if winner is None or winner.picture is None:
        raise NotFoundError("winner")
    return Order(command="upscale", values={"picture": winner.picture})


KIND = GatheringKind(
    name="tile_vote",
    command="pick",
    summary="Let everybody vote which picture of a job is upscaled.",
    example="/pick k3v9m2p4qx7a --lasts 10m",
    phases={
        VOTING: Phase(follows=frozenset({UPSCALING, DONE}), hides_votes=True),
        UPSCALING: Phase(follows=frozenset({DONE})),
        DONE: Phase(is_over=True),
    },
    first=VOTING,
    options=(
        Option(name="job", kind=OptionKind.JOB, summary="The job whose pictures they are.", required=True),
        Option(
            name="lasts",
            kind=OptionKind.DURATION,
            summary="How long people vote.",
            default=600,
            minimum=60,
            maximum=7 * 24 * 3600,
        ),
    ),
    verbs={"vote": Verb(handle=_vote, states=frozenset({VOTING}), votes=True)},
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    order=_order,
    lost=PartState.SKIPPED,
    visibility=JobVisibility.LISTED,
    own_votes=True,
    sponsored=False,
)
