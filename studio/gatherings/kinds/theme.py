"""Theme: opens a contest every day or week by itself, until somebody ends it or nobody enters anything any more.

running → ended. Its rounds are its contests. Their times are on a grid that starts with the first opening, so that
neither a pause nor a sweeper that was down moves them. Several themes, separated by ``|``, take turns.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from studio.db.gatherings import ballot_rows, gathering_rows
from studio.db.identities.people import find_person
from studio.db.settings import community_rules
from studio.db.tables import GatheringRow
from studio.domain.gatherings import Gathering
from studio.domain.identifiers import job_id_of
from studio.domain.people import Platform
from studio.domain.settings.communities import Hosts
from studio.errors import BadParameterError
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.contests.options import OPTIONS as CONTEST_OPTIONS
from studio.gatherings.contests.theme_times import (
    INTERVALS,
    WEEK,
    first_opening,
    is_too_late,
    next_opening,
    parse_time_of_day,
    split_time,
)
from studio.gatherings.kind import GatheringKind, Turn
from studio.gatherings.kind_description import Opening, Option, OptionKind, Phase
from studio.gatherings.kinds import contest
from studio.gatherings.limits import require_room

NAME = "theme"
RUNNING = "running"
MOST_EMPTY = 3  # contests in a row that nobody entered
_WAIT_FOR_ROOM = timedelta(minutes=15)
_LONGEST_TITLE = 100
_SHARED = ("entries", "judge", "rules", "aspect")  # options that are those of its contests


def subjects_of(gathering: Gathering) -> Sequence[str]:
    """The themes that take turns."""
    words = str(gathering.rules.get("theme", "")).split("|")
    return [subject for part in words if (subject := " ".join(part.split()))]


def next_subject(gathering: Gathering) -> str:
    """What the next contest is about."""
    subjects = subjects_of(gathering) or ("…",)
    return subjects[(gathering.round - 1) % len(subjects)]


def _begin(turn: Turn, opening: Opening) -> None:
    """Raises `BadParameterError`."""
    at = opening.rules.get("at")
    time_of_day = parse_time_of_day(str(at)) if at else None
    if at and time_of_day is None:
        raise BadParameterError("at", "not_like", example="09:00")
    if not subjects_of(turn.gathering):
        raise BadParameterError("theme", "not_themes")
    first = first_opening(turn.at, time_of_day)
    turn.write_data(first=first.isoformat())
    if first > turn.at:
        turn.set_clock(first - turn.at)
    else:
        _open_next(turn)


def _phase_ended(turn: Turn) -> None:
    rules = community_rules(turn.session, Platform(turn.row.platform), turn.row.community)
    if rules.gatherings is Hosts.OFF:
        turn.end()
    elif _is_deserted(turn):
        turn.remark("deserted", person=turn.row.host, private=True, times=MOST_EMPTY)
        turn.end()
    else:
        _open_next(turn)


def _is_deserted(turn: Turn) -> bool:
    """Whether nobody entered anything in the last contests."""
    query = select(GatheringRow.data).where(
        GatheringRow.parent_id == turn.row.id, GatheringRow.state == contest.CLOSED
    )
    latest = turn.session.scalars(query.order_by(GatheringRow.opened_at.desc()).limit(MOST_EMPTY)).all()
    return len(latest) == MOST_EMPTY and not any(data.get("places") for data in latest)


def _open_next(turn: Turn) -> None:
    """A contest now, unless there is no room for it yet. If the next one is near, this one is left out after a sweeper
    that was down; when somebody did not want to wait, the next one is.
    """
    every = _interval(turn)
    following = next_opening(_first(turn), every, after=turn.at)
    if is_too_late(following - turn.at, every):
        if _is_due(turn):
            turn.set_clock(following - turn.at)
            return
        following += every
    try:
        require_room(turn.session, contest.NAME, turn.gathering.address)
    except GatheringRefusedError:
        turn.set_clock(_WAIT_FOR_ROOM)
        return
    _open_contest(turn, following - turn.at)
    turn.set_clock(following - turn.at)


def _is_due(turn: Turn) -> bool:
    ends_at = turn.row.phase_ends_at
    return ends_at is not None and ends_at <= turn.at


def _open_contest(turn: Turn, left: timedelta) -> None:
    subject, number = next_subject(turn.gathering), turn.row.round
    turn.begin_round()
    entries, voting = split_time(left)
    rules: dict[str, str | int] = {
        "title": subject[:_LONGEST_TITLE],
        "closes": int(entries.total_seconds()),
        "voting": int(voting.total_seconds()),
        **{name: value for name, value in turn.row.rules.items() if name in _SHARED},
    }
    child = Gathering(
        id=job_id_of(f"theme:{turn.row.id}:{number}"),
        kind=contest.NAME,
        address=turn.gathering.address,
        host=turn.row.host,
        state=contest.KIND.first,
        opened_at=turn.at,
        rules=rules,
        parent_id=turn.row.id,
    )
    row = gathering_rows.add_gathering(turn.session, child)
    human = turn.human_of(child.host)
    ballot_rows.join(turn.session, child.id, human=human, person_key=child.host, at=turn.at)
    begun = Turn(session=turn.session, kind=contest.KIND, row=row, at=turn.at, changed=True)
    person = find_person(turn.session, child.host)
    contest.KIND.begin(begun, Opening(person=person, human=human, rules=rules))
    turn.events += begun.finish()


def _interval(turn: Turn) -> timedelta:
    return INTERVALS[str(turn.row.rules["every"])]


def _first(turn: Turn) -> datetime:
    return datetime.fromisoformat(str(turn.row.data["first"]))


def _go_on(turn: Turn) -> None:
    """The clock did not stand still: contests open at their times."""
    following = next_opening(_first(turn), _interval(turn), after=turn.at)
    turn.set_clock(following - turn.at)


def _member_left(turn: Turn, human: str) -> None:
    """Without its host, in whose name the contests are, nothing opens any more."""
    if human == turn.human_of(turn.row.host):
        turn.end()


_OF_CONTESTS = {option.name: option for option in CONTEST_OPTIONS}

KIND = GatheringKind(
    name=NAME,
    command="theme",
    summary="Open a contest about a theme every day or week by itself.",
    example='/theme "Autumn light | Rain | Old boats" --every week --at 09:00',
    phases={RUNNING: Phase()},
    first=RUNNING,
    options=(
        Option(
            name="theme",
            kind=OptionKind.WORDS,
            summary="What the pictures shall show. Several themes, separated by |, take turns.",
            required=True,
            max_length=500,
        ),
        Option(
            name="every",
            kind=OptionKind.CHOICE,
            summary="How often a contest opens.",
            default=WEEK,
            choices=tuple(INTERVALS),
        ),
        Option(
            name="at",
            kind=OptionKind.TIME_OF_DAY,
            summary="The time of day (UTC), such as 09:00; now, if you leave it out.",
            max_length=5,
        ),
        *(_OF_CONTESTS[name] for name in _SHARED),
        Option(
            name="channel",
            kind=OptionKind.CHANNEL,
            summary="The channel in which they open, by its id; moderators may name one.",
            max_length=80,
        ),
    ),
    begin=_begin,
    phase_ended=_phase_ended,
    resumed=_go_on,
    member_left=_member_left,
    sponsored=False,
)
