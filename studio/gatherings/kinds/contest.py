"""Contest: people enter pictures, the others approve of the ones they like on ballots of their own, and the best wins.

announced → open → voting → closed. An entry is `SET` (in), `HELD` (its picture waits for a moderator), `REMOVED`
(withdrawn, or its picture is gone) or `SKIPPED` (barred: it was refused, or let through too late). Names stay hidden
until the end.
"""

from datetime import datetime, timedelta

from studio.db.gatherings import ballot_rows, sponsors
from studio.domain.gatherings import WITH_JOB, Part, PartState
from studio.domain.identifiers import split_picture_id
from studio.domain.jobs import JobState
from studio.errors import BadParameterError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.contests import records
from studio.gatherings.contests.entry_rules import Candidate, EntryRules, find_fault
from studio.gatherings.contests.options import MODERATORS, OPTIONS, VOTES
from studio.gatherings.contests.ranking import Place, Score, find_winners, head_start, rank, split_prize
from studio.gatherings.fair_votes import deal_ballot, find_on_ballot, toggle_vote
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import PRIZE, Act, Opening, Outcome, Phase, Who
from studio.gatherings.progress import remove_part

NAME = "contest"
ANNOUNCED, OPEN, VOTING, CLOSED = "announced", "open", "voting", "closed"
PAGE = 6  # entries on one page of a ballot
MOST_ENTRIES = 200


def _begin(turn: Turn, opening: Opening) -> None:
    if (opens := opening.rules.get("opens")) is not None:
        turn.set_clock(timedelta(seconds=int(opens)))
    else:
        _open(turn)


def _open(turn: Turn) -> None:
    turn.write_data(opened=turn.at.isoformat())
    turn.move(OPEN, lasts=_length(turn, "closes"))


def _length(turn: Turn, rule: str) -> timedelta:
    return timedelta(seconds=int(str(turn.row.rules[rule])))


def _rules(turn: Turn) -> EntryRules:
    opened_at = datetime.fromisoformat(str(turn.row.data["opened"]))
    return EntryRules.of(turn.row.rules, opened_at=opened_at)


# ---- entries


def _enter(turn: Turn, act: Act) -> Outcome:
    """All checks are answered at once. Raises `GatheringRefusedError`, `NotFoundError`, `BadParameterError`."""
    if split_picture_id(act.picture) is None:
        raise BadParameterError("picture", "not_a_picture_id")
    row, job = records.find_entered(turn.session, act.picture)
    _require_may_enter(turn, act, row.id, job.id, records.candidate_of(turn.session, row))
    whose = {"human": act.human, "person_key": act.person.key}
    ballot_rows.join(turn.session, turn.row.id, at=turn.at, **whose)
    competes = not records.has_won_lately(turn.session, turn.row, act.human, at=turn.at)
    data = {"competes": competes, "entered": row.id}
    if job.state is JobState.HELD:
        until = turn.row.phase_ends_at + _length(turn, "voting") if turn.row.phase_ends_at else None
        part = turn.add_part(state=PartState.HELD, job=job.id, deadline=until, data=data, **whose)
        return Outcome(code="entered_waits", values={"part": part.ordinal})
    part = turn.add_part(state=PartState.SET, picture=row.id, data=data, **whose)
    return Outcome(code="entered" if competes else "entered_outside", values={"part": part.ordinal})


def _require_may_enter(turn: Turn, act: Act, picture: str, job: str, candidate: Candidate) -> None:
    """Raises `GatheringRefusedError`."""
    entries = turn.parts(PartState.SET, *WITH_JOB)
    own = [part for part in entries if part.human == act.human]
    if any(part.data.get("entered") == picture or part.job == job for part in own):
        raise GatheringRefusedError("entered_before", kind=NAME)
    if len(turn.parts()) >= MOST_ENTRIES:
        raise GatheringRefusedError("full", kind=NAME, most=MOST_ENTRIES)
    rules = _rules(turn)
    if fault := find_fault(rules, candidate, human=act.human, entered=len(own)):
        aspect = str(turn.row.rules.get("aspect", ""))
        raise GatheringRefusedError(fault, kind=NAME, most=rules.most, aspect=aspect)


def _withdraw(turn: Turn, act: Act) -> Outcome:
    part = turn.part(act.part)
    if part is None or part.human != act.human or part.state not in {PartState.SET, *WITH_JOB}:
        raise GatheringRefusedError(Refusal.GONE)
    _take_back(turn, part)
    return Outcome(code="withdrawn", values={"part": part.ordinal})


def _take_back(turn: Turn, part: Part) -> None:
    remove_part(turn, part)
    _close_if_empty(turn)


def _member_left(turn: Turn, human: str) -> None:
    """Their entries go with them, also when they are banned."""
    for part in turn.parts(PartState.SET, *WITH_JOB):
        if part.human == human and turn.row.closed_at is None:
            _take_back(turn, part)


def _part_changed(turn: Turn, before: Part, after: Part) -> None:
    if before.state in WITH_JOB and after.state is PartState.SET:
        _let_in(turn, after)
    _close_if_empty(turn)


def _let_in(turn: Turn, part: Part) -> None:
    """A moderator let a picture through. In the first half of the voting it joins with the median of the showings."""
    start = 0
    if turn.row.state == VOTING:
        ends_at = turn.row.phase_ends_at
        if ends_at is None or ends_at - turn.at < _length(turn, "voting") / 2:
            turn.change_part(part, PartState.SKIPPED)
            return
        others = turn.parts(PartState.SET)
        start = head_start([other.showings for other in others if other.ordinal != part.ordinal])
    values = {"picture": part.data["entered"], "showings": start}
    turn.write_part(part, data={**part.data, "head_start": start}, **values)


def _close_if_empty(turn: Turn) -> None:
    if turn.row.state == VOTING and not turn.parts(PartState.SET, *WITH_JOB):
        _close(turn, [], [])


# ---- votes


def _ballot(turn: Turn, act: Act) -> Outcome:
    """A page of one's ballot; what it is about is shown to the person."""
    _require_judged_by(turn, VOTES)
    return Outcome(code="dealt", values={"part": deal_ballot(turn, act, page=act.part, most=PAGE)})


def _vote(turn: Turn, act: Act) -> Outcome:
    _require_judged_by(turn, VOTES)
    shown = find_on_ballot(turn, act.human, act.part)
    if shown is None:
        raise GatheringRefusedError("not_shown", kind=NAME)
    given = toggle_vote(turn, act)
    values = {"page": shown[0], "part": shown[1]}
    return Outcome(code="voted" if given else "vote_taken_back", values=values)


def _choose(turn: Turn, act: Act) -> Outcome:
    """A moderator says who wins; it counts when the contest closes, and can be changed until then."""
    _require_judged_by(turn, MODERATORS)
    part = turn.part(act.part)
    if part is None or part.state is not PartState.SET:
        raise GatheringRefusedError(Refusal.GONE)
    if part.human == act.human:
        raise GatheringRefusedError(Refusal.OWN_PART)
    turn.write_data(chosen=part.ordinal)
    return Outcome(code="chosen", values={"part": part.ordinal})


def _require_judged_by(turn: Turn, judges: str) -> None:
    """Raises `GatheringRefusedError`."""
    if turn.row.rules.get("judge", VOTES) != judges:
        raise GatheringRefusedError(Refusal.UNKNOWN)


# ---- phases


def _phase_ended(turn: Turn) -> None:
    match turn.row.state:
        case state if state == ANNOUNCED:
            _open(turn)
        case state if state == OPEN:
            _end_entries(turn)
        case _:
            _count(turn)


def _end_entries(turn: Turn) -> None:
    """A walk-over where there is one entry, and nothing where there is none."""
    entries, waiting = turn.parts(PartState.SET), turn.parts(*WITH_JOB)
    if len(entries) + len(waiting) > 1 or waiting:
        turn.move(VOTING, lasts=_length(turn, "voting"))
    else:
        _close(turn, _scores(turn), _scores(turn))


def _count(turn: Turn) -> None:
    scores = _scores(turn)
    if len(scores) == 1:
        winners = scores
    elif turn.row.rules.get("judge", VOTES) == MODERATORS:
        winners = [score for score in scores if score.ordinal == turn.row.data.get("chosen")]
    else:
        winners = find_winners(scores)
    _close(turn, scores, winners)


def _scores(turn: Turn) -> list[Score]:
    votes = turn.votes()
    return [
        Score(
            ordinal=part.ordinal,
            human=part.human or "",
            showings=part.showings - int(str(part.data.get("head_start", 0))),
            approvals=votes.get(part.ordinal, 0),
            competes=bool(part.data.get("competes", True)),
        )
        for part in turn.parts(PartState.SET)
    ]


def _close(turn: Turn, scores: list[Score], winners: list[Score]) -> None:
    """The prize goes to who won; what is left of it goes back to the host."""
    won = [score for score in winners if score.competes]
    parts = {part.ordinal: part for part in turn.parts(PartState.SET)}
    keys = [parts[score.ordinal].person_key or "" for score in won]
    turn.write_data(
        winners=[score.ordinal for score in won], places=[_place_data(place) for place in rank(scores)]
    )
    for part in turn.parts(*WITH_JOB):
        turn.change_part(part, PartState.SKIPPED)
    shares = split_prize(int(str(turn.row.rules.get(PRIZE, 0))), keys)
    sponsors.pay_out(turn.session, turn.row.id, shares, at=turn.at)
    turn.move(CLOSED)
    for key in dict.fromkeys(keys):
        turn.remark("won", person=key)


def _place_data(place: Place) -> dict[str, int]:
    score = place.score
    numbers = {"approvals": score.approvals, "showings": score.showings}
    return {"place": place.place, "part": score.ordinal, **numbers}


_RUNNING = frozenset({OPEN, VOTING})

KIND = GatheringKind(
    name=NAME,
    command="contest",
    summary="Hold a contest: people enter pictures, and everybody votes without knowing whose they are.",
    example="/contest Autumn light --closes 3d --voting 24h",
    phases={
        ANNOUNCED: Phase(follows=frozenset({OPEN})),
        OPEN: Phase(follows=frozenset({VOTING, CLOSED})),
        VOTING: Phase(follows=frozenset({CLOSED}), hides_votes=True),
        CLOSED: Phase(is_over=True),
    },
    first=ANNOUNCED,
    options=OPTIONS,
    verbs={
        "enter": Verb(handle=_enter, states=frozenset({OPEN})),
        "withdraw": Verb(handle=_withdraw, states=_RUNNING),
        "ballot": Verb(handle=_ballot, states=frozenset({VOTING}), votes=True, shows=True),
        "vote": Verb(handle=_vote, states=frozenset({VOTING}), votes=True),
        "choose": Verb(handle=_choose, states=frozenset({VOTING}), who=Who.MODERATORS),
    },
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    member_left=_member_left,
    lost=PartState.SKIPPED,
    sponsored=False,
    several_choices=True,
)
