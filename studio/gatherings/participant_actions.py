"""What people do in a gathering, and what its host and the moderators do with it. Each is one transaction."""

from collections.abc import Callable

from studio.db.gatherings import ballot_rows
from studio.domain.gatherings import OPEN_TURNS, PAUSED, STOPPED, PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings import fair_votes
from studio.gatherings.kind import Turn
from studio.gatherings.kind_description import Act, Outcome, Who
from studio.gatherings.pausable_clocks import resume, stop
from studio.gatherings.progress import catch_up, end_phase, lose_part, remove_part


def carry_out(turn: Turn, act: Act) -> Outcome:
    """Raises `GatheringRefusedError` for what cannot be done (any more), and what the kind raises."""
    catch_up(turn)
    if act.verb in GOVERNING:
        return _govern(turn, act)
    _require_open(turn)
    if act.verb in COMMON_VERBS:
        return COMMON_VERBS[act.verb](turn, act)
    verb = turn.kind.verbs.get(act.verb)
    if verb is None:
        raise GatheringRefusedError(Refusal.UNKNOWN)
    if turn.row.state not in verb.states or (act.round and act.round != turn.row.round):
        raise GatheringRefusedError(Refusal.LATE)
    _require_who(turn, act, verb.who)
    if verb.votes:
        fair_votes.require_voter(turn, act)
    return verb.handle(turn, act)


def _require_open(turn: Turn) -> None:
    if turn.row.closed_at is not None:
        raise GatheringRefusedError(Refusal.OVER)
    if turn.row.state in STOPPED:
        raise GatheringRefusedError(Refusal.STOPPED)


def _require_who(turn: Turn, act: Act, who: Who) -> None:
    if who is Who.MEMBERS and act.human not in turn.members():
        raise GatheringRefusedError(Refusal.MEMBERS_ONLY)
    if who is Who.HOST and not act.hosts:
        raise GatheringRefusedError(Refusal.HOST_ONLY)
    if who is Who.MODERATORS and not act.person.moderates:
        raise GatheringRefusedError(Refusal.MODERATORS_ONLY)


# ---- the same in every kind


def _join(turn: Turn, act: Act) -> Outcome:
    """Joining allows the other members to build on one's parts here; the answer says so."""
    key = act.person.key
    joined = ballot_rows.join(turn.session, turn.row.id, human=act.human, person_key=key, at=turn.at)
    if joined:
        turn.kind.member_joined(turn, act)
        turn.changed = True
    return Outcome(code="joined" if joined else "joined_before")


def _leave(turn: Turn, act: Act) -> Outcome:
    take_out(turn, act.human)
    return Outcome(code="left")


def take_out(turn: Turn, human: str, *, with_ballots: bool = True) -> None:
    """Somebody left, or was banned: open turns go back at once, ballots of a running round are removed."""
    left = ballot_rows.leave(turn.session, turn.row.id, human=human, at=turn.at)
    if with_ballots and turn.kind.hides_votes(turn.row.before or turn.row.state):
        ballot_rows.withdraw_ballots(turn.session, turn.row.id, turn.row.round, human=human)
    for part in turn.parts(*OPEN_TURNS, PartState.WANTED):
        if part.human == human:
            after = lose_part(turn, part)
            turn.kind.part_changed(turn, part, after)
    turn.changed = True
    if left:
        turn.kind.member_left(turn, human)


COMMON_VERBS: dict[str, Callable[[Turn, Act], Outcome]] = {"join": _join, "leave": _leave}


# ---- of hosts and moderators


def _govern(turn: Turn, act: Act) -> Outcome:
    if not act.hosts:
        raise GatheringRefusedError(Refusal.HOST_ONLY)
    if turn.row.closed_at is not None:
        raise GatheringRefusedError(Refusal.OVER)
    return GOVERNING[act.verb](turn, act)


def _end(turn: Turn, _act: Act) -> Outcome:
    turn.end()
    return Outcome(code="ended")


def _pause(turn: Turn, _act: Act) -> Outcome:
    stop(turn, PAUSED)
    return Outcome(code="paused")


def _resume(turn: Turn, _act: Act) -> Outcome:
    resume(turn)
    catch_up(turn)
    return Outcome(code="resumed")


def _skip(turn: Turn, _act: Act) -> Outcome:
    """The rest of a phase with a clock, or the part that everybody waits for."""
    _require_open(turn)
    if turn.row.phase_ends_at is not None:
        end_phase(turn)
        return Outcome(code="skipped")
    waiting = turn.parts(*OPEN_TURNS, PartState.HELD)
    if not waiting:
        raise GatheringRefusedError(Refusal.LATE)
    after = lose_part(turn, waiting[0])
    turn.kind.part_changed(turn, waiting[0], after)
    return Outcome(code="skipped")


def _remove(turn: Turn, act: Act) -> Outcome:
    """A part, by a moderator. The thread says so: it is not to be taken for its author's change of mind."""
    if not act.person.moderates:
        raise GatheringRefusedError(Refusal.MODERATORS_ONLY)
    part = turn.part(act.part)
    if part is None or part.state not in (PartState.SET, PartState.CHOOSING):
        raise GatheringRefusedError(Refusal.GONE)
    after = remove_part(turn, part)
    turn.remark("removed", part=part.ordinal)
    turn.kind.part_changed(turn, part, after)
    return Outcome(code="removed", values={"part": part.ordinal})


GOVERNING: dict[str, Callable[[Turn, Act], Outcome]] = {
    "end": _end,
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "remove": _remove,
}
