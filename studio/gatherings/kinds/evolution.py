"""Evolution: votes choose whose children the next generation are.

open → voting → generating → voting … → done. Where too few vote it rests until the next vote, at most seven days.
"""

from datetime import timedelta

from studio.db import queries
from studio.db.gatherings import ballot_rows, part_rows
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobVisibility
from studio.errors import BadParameterError, NotFoundError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings import evolution_generations as generations
from studio.gatherings.evolution_generations import (
    Child,
    ChildRole,
    number_in_round,
    parents_of,
    role_of,
    winners_of,
)
from studio.gatherings.fair_votes import toggle_vote
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import Act, Opening, Option, OptionKind, Order, Outcome, Phase
from studio.gatherings.kinds.evolution_selection import draw_wildcard, rank_round
from studio.ports import Ports

NAME = "evolution"
OPEN, VOTING, GENERATING, RESTING, DONE = "open", "voting", "generating", "resting", "done"
MOST_SHOWN = 10  # pictures in one gallery
_RESTS = timedelta(days=7)
_MOST_TRIES = 2  # at a generation of which nothing came: with other seeds, then from the grandparent
_UNFINISHED = (PartState.WANTED, PartState.GENERATING, PartState.CLAIMED, PartState.CHOOSING)


def _begin(turn: Turn, opening: Opening) -> None:
    """Raises `BadParameterError` without words or picture or with both, `NotFoundError` for a picture out of reach."""
    picture, words = opening.rules.get("picture"), opening.rules.get("words")
    if bool(picture) == bool(words):
        raise BadParameterError("words", "picture_or_words")
    start = None
    if picture:
        found = queries.find_picture(turn.session, str(picture), viewer=opening.person)
        job = queries.find_job(turn.session, found.job_id)
        turn.row.parent_id = job.gathering
        whose = {"person_key": job.person.key, "human": turn.human_of(job.person.key)}
        data = {"role": ChildRole.START}
        start = turn.add_part(state=PartState.SET, round=0, picture=found.id, data=data, **whose)
    _spawn(turn, generations.first_generation(start, _number(turn, "children")))


def _number(turn: Turn, rule: str) -> int:
    return int(str(turn.row.rules[rule]))


def _vote_lasts(turn: Turn) -> timedelta:
    return timedelta(seconds=_number(turn, "vote"))


def _spawn(turn: Turn, children: list[Child]) -> None:
    """Pictures of the present round, in the name of the host."""
    host = turn.row.host
    for child in children:
        turn.add_part(state=PartState.WANTED, human=turn.human_of(host), person_key=host, data=child.data)


def _round_of(turn: Turn, *states: PartState) -> list[Part]:
    return turn.parts(*states, round_number=turn.row.round)


# ---- what people do


def _vote(turn: Turn, act: Act) -> Outcome:
    """Approve of a picture, or take it back. A vote wakes a gathering that rests."""
    part = turn.part(act.part)
    if part is None or part.round != turn.row.round:
        raise GatheringRefusedError(Refusal.GONE)
    if role_of(part) is ChildRole.INJECTED and part.human == act.human:
        raise GatheringRefusedError(Refusal.OWN_PART)
    given = toggle_vote(turn, act)
    if turn.row.state == RESTING:
        turn.move(VOTING, lasts=_vote_lasts(turn))
    else:
        _shorten(turn)
    number = number_in_round(turn.parts(), part)
    return Outcome(code="voted" if given else "vote_taken_back", values={"part": number})


def _shorten(turn: Turn) -> None:
    """Everybody who voted in the last round has voted: half the time is enough."""
    before = ballot_rows.voters_of(turn.session, turn.row.id, turn.row.round - 1)
    voters = turn.voters()
    ends_at = turn.row.phase_ends_at
    everybody = before and before.keys() <= voters.keys() and len(voters) >= _number(turn, "quorum")
    if everybody and ends_at is not None and turn.row.data.get("shortened") != turn.row.round:
        turn.write_data(shortened=turn.row.round)
        turn.set_clock(max(timedelta(), ends_at - _vote_lasts(turn) / 2 - turn.at))


def _add(turn: Turn, act: Act) -> Outcome:
    """One's own picture is among the next generation: one for each person and round."""
    following = turn.row.round + 1
    brought = turn.parts(PartState.SET, round_number=following)
    if turn.row.round >= _number(turn, "rounds"):
        raise GatheringRefusedError("last_round", kind=NAME)
    if any(part.human == act.human for part in brought):
        raise GatheringRefusedError("one_each", kind=NAME)
    if len(brought) >= MOST_SHOWN - _number(turn, "children"):
        raise GatheringRefusedError("full", kind=NAME)
    picture = queries.find_picture(turn.session, act.picture, viewer=act.person)
    owner = queries.find_job(turn.session, picture.job_id).person.key
    if turn.human_of(owner) != act.human:
        raise GatheringRefusedError("not_own", kind=NAME)
    whose = {"person_key": owner, "human": act.human}
    data = {"role": ChildRole.INJECTED}
    turn.add_part(state=PartState.SET, round=following, picture=picture.id, data=data, **whose)
    return Outcome(code="added")


# ---- what follows


def _phase_ended(turn: Turn) -> None:
    if turn.row.state == RESTING:
        turn.move(DONE)
        return
    voters = turn.voters()
    was_skipped = turn.row.phase_ends_at is not None and turn.row.phase_ends_at > turn.at
    if len(voters) >= _number(turn, "quorum") or (voters and was_skipped):
        _choose(turn)
    elif turn.row.data.get("extended") == turn.row.round:
        turn.move(RESTING, lasts=_RESTS)
    else:
        turn.write_data(extended=turn.row.round)
        turn.set_clock(_vote_lasts(turn))
        turn.remark("extended", quorum=_number(turn, "quorum"))


def _choose(turn: Turn) -> None:
    """The winner of the round, and the next generation."""
    standing, by_lot = rank_round(turn)
    winner, approvals = standing[0]
    won = {
        "round": turn.row.round,
        "part": winner.ordinal,
        "votes": approvals,
        **({"lot": 1} if by_lot else {}),
    }
    turn.write_data(winners=[*winners_of(turn.row.data), won], tries=0)
    if turn.row.round >= _number(turn, "rounds"):
        turn.move(DONE)
        return
    turn.move(GENERATING)
    following = turn.begin_round()
    brought = _round_of(turn, PartState.SET)
    noise = generations.noise_of(following, _number(turn, "rounds"))
    wildcard = None if brought else draw_wildcard(turn, [part for part, _ in standing[:2]])
    count = _number(turn, "children") - bool(brought)
    _spawn(turn, generations.next_generation(standing, wildcard=wildcard, count=count, noise=noise))


def _part_changed(turn: Turn, _before: Part, _after: Part) -> None:
    candidates = _round_of(turn, PartState.SET)
    if turn.row.state in (VOTING, RESTING):
        if not candidates:
            _paint_again(turn)
        return
    if turn.row.state not in (OPEN, GENERATING) or _round_of(turn, *_UNFINISHED):
        return
    waits = bool(_round_of(turn, PartState.HELD))  # one that is let through later is a candidate from then on
    if len(candidates) > 1 or (candidates and not waits):
        turn.move(VOTING, lasts=_vote_lasts(turn))
    elif not waits:
        _paint_again(turn)


def _paint_again(turn: Turn) -> None:
    """Nothing came of a generation, or all of it was deleted: with other seeds, then from the grandparent."""
    tries = int(str(turn.row.data.get("tries", 0))) + 1
    parts = {part.ordinal: part for part in turn.parts()}
    again = generations.same_again(_round_of(turn), _number(turn, "children"))
    if tries == _MOST_TRIES:
        again = generations.from_grandparent(again, parts)
    if tries > _MOST_TRIES or not again:
        turn.end()
        return
    turn.write_data(tries=tries)
    turn.move(GENERATING)
    _spawn(turn, again)


def _order(ports: Ports, gathering: Gathering, part: Part) -> Order:
    """Raises `NotFoundError` where neither a parent nor any of its forebears is there any more."""
    if role_of(part) is ChildRole.WORDS:
        return Order(command="imagine", values={"prompt": gathering.rules["words"], "count": 1})
    with ports.database.read() as session:
        parts = {found.ordinal: found for found in part_rows.parts_of(session, gathering.id)}
    parents = [generations.find_living(parts, ordinal) for ordinal in parents_of(part)]
    pictures = list(dict.fromkeys(parent.picture for parent in parents if parent and parent.picture))
    if not pictures:
        raise NotFoundError("picture", id="")
    return Child.of(part).order_for(pictures)


KIND = GatheringKind(
    name=NAME,
    command="evolve",
    summary="Paint generations of pictures; everybody votes whose children come next.",
    example="/evolve a lighthouse made of glass --rounds 4 --vote 10m",
    phases={
        OPEN: Phase(follows=frozenset({VOTING, GENERATING})),
        VOTING: Phase(follows=frozenset({GENERATING, RESTING, DONE}), hides_votes=True),
        GENERATING: Phase(follows=frozenset({VOTING})),
        RESTING: Phase(follows=frozenset({VOTING, GENERATING, DONE}), hides_votes=True),
        DONE: Phase(is_over=True),
    },
    first=OPEN,
    options=(
        Option(name="picture", kind=OptionKind.PICTURE, summary="The picture to start from."),
        Option(name="words", kind=OptionKind.WORDS, summary="Or words to start from.", max_length=400),
        Option(
            name="rounds", kind=OptionKind.NUMBER, summary="How many votes.", default=6, minimum=2, maximum=12
        ),
        Option(
            name="vote",
            kind=OptionKind.DURATION,
            summary="How long people vote in each round.",
            default=3600,
            minimum=60,
            maximum=7 * 24 * 3600,
        ),
        Option(
            name="children",
            kind=OptionKind.NUMBER,
            summary="Pictures in each generation.",
            default=6,
            minimum=3,
            maximum=8,
        ),
        Option(
            name="quorum",
            kind=OptionKind.NUMBER,
            summary="How many people have to vote.",
            default=3,
            minimum=1,
            maximum=50,
        ),
    ),
    verbs={
        "vote": Verb(handle=_vote, states=frozenset({VOTING, RESTING}), votes=True),
        "add": Verb(handle=_add, states=frozenset({VOTING, RESTING})),
    },
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    order=_order,
    lost=PartState.SKIPPED,
    visibility=JobVisibility.IN_GATHERING,
    own_votes=True,
    several_choices=True,
)
