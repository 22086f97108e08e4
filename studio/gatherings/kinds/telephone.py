"""Telephone: each player sees only the last picture and writes what they see; the words become the next picture.

lobby → running → reveal → done. A part is one turn, and its round is the number of its chain. Nobody knows of the jobs
before the reveal, which shows one chain after the other, link by link, and lets everybody vote for its best turn.
"""

from collections.abc import Mapping
from datetime import timedelta

from studio.db.identities.people import find_person
from studio.db.queries import pictures_of_job
from studio.domain.gatherings import OPEN_TURNS, Gathering, Part, PartState
from studio.domain.jobs import JobVisibility
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.fair_votes import lot, toggle_vote
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import Act, Opening, Option, OptionKind, Order, Outcome, Phase, Who
from studio.gatherings.kinds import telephone_reveal
from studio.gatherings.kinds.telephone_reveal import (
    DONE,
    FEWEST,
    REVEAL,
    all_shown,
    begin_reveal,
    return_credits,
    shown_links,
)
from studio.gatherings.kinds.turn_order import chains_of, is_over, next_turns
from studio.gatherings.progress import lose_part
from studio.ports import Ports

NAME = "telephone"
LOBBY, RUNNING = "lobby", "running"
CANDIDATES = 2
MOST_PLAYERS = 12
_TURNS = {"90s": timedelta(seconds=90), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
_WARNED_BEFORE = {"1h": timedelta(minutes=10), "1d": timedelta(hours=2)}
_LOBBY_LASTS = {"90s": timedelta(minutes=15), "1h": timedelta(days=1), "1d": timedelta(days=1)}


def turn_lasts(rules: Mapping[str, object]) -> timedelta:
    """Until the warning, or in a live game to its end."""
    speed = str(rules["turn"])
    return _TURNS[speed] - _WARNED_BEFORE.get(speed, timedelta())


def time_after_warning(rules: Mapping[str, object]) -> timedelta:
    """How much of a turn is left when its player is warned; nothing in a live game."""
    return _WARNED_BEFORE.get(str(rules["turn"]), timedelta())


def _begin(turn: Turn, _opening: Opening) -> None:
    turn.set_clock(_LOBBY_LASTS[str(turn.row.rules["turn"])])


# ---- what people do


def _member_joined(turn: Turn, _act: Act) -> None:
    """Raises `GatheringRefusedError` where the game is full or has begun."""
    if turn.row.state != LOBBY:
        raise GatheringRefusedError("begun", kind=NAME)
    players, most = len(turn.members()), int(str(turn.row.rules["players"]))
    if players > most:
        raise GatheringRefusedError("full", kind=NAME, most=most)
    if players == most:
        _start(turn)


def _start_now(turn: Turn, _act: Act) -> Outcome:
    if len(turn.members()) < FEWEST:
        raise GatheringRefusedError("too_few", kind=NAME, fewest=FEWEST)
    _start(turn)
    return Outcome(code="started")


def _look(turn: Turn, act: Act) -> Outcome:
    """The person who looks at the picture has the turn from then on."""
    part = _open_turn(turn, act.human)
    if part is not None and part.state is PartState.OFFERED:
        turn.claim(part, human=act.human, person_key=act.person.key)
        _forget_warning(turn, part)
    return Outcome(code="looked")


def _write(turn: Turn, act: Act) -> Outcome:
    part = _open_turn(turn, act.human)
    if part is None or (act.part and act.part != part.ordinal) or part.state is PartState.CHOOSING:
        raise GatheringRefusedError(Refusal.LATE)
    words = act.words.strip()
    if not words:
        raise GatheringRefusedError("no_words", kind=NAME)
    if part.state is PartState.OFFERED:
        turn.claim(part, human=act.human, person_key=act.person.key)
    return Outcome(code="written", paint=part.ordinal, words=words)


def _choose(turn: Turn, act: Act, number: int) -> Outcome:
    """One of the candidates becomes the turn's picture; its words stay."""
    part = _open_turn(turn, act.human)
    if part is None or part.state is not PartState.CHOOSING or part.job is None:
        raise GatheringRefusedError(Refusal.LATE)
    found = [picture for picture in pictures_of_job(turn.session, part.job) if picture.index == number]
    if not found:
        raise GatheringRefusedError(Refusal.GONE)
    _part_changed(turn, part, turn.change_part(part, PartState.SET, picture=found[0].id))
    return Outcome(code="chosen", values={"number": number})


def _choose_first(turn: Turn, act: Act) -> Outcome:
    return _choose(turn, act, 1)


def _choose_second(turn: Turn, act: Act) -> Outcome:
    return _choose(turn, act, 2)


def _stop(turn: Turn, _act: Act) -> Outcome:
    """No more turns: what is painted at the moment is awaited, then all is revealed."""
    if turn.row.state == LOBBY:
        turn.end()
        return Outcome(code="ended")
    turn.write_data(stopping=True)
    for part in turn.parts(PartState.OFFERED, PartState.CLAIMED, PartState.HELD):
        lose_part(turn, part)
    for part in turn.parts(PartState.CHOOSING):
        turn.change_part(part, PartState.SET)
    _go_on(turn)
    return Outcome(code="stopping")


def _vote(turn: Turn, act: Act) -> Outcome:
    """For the best turn of the chain that is shown. When all players have voted it goes on."""
    part = turn.part(act.part)
    if part is None or part.ordinal not in shown_links(turn.gathering, turn.parts()):
        raise GatheringRefusedError(Refusal.GONE)
    given = toggle_vote(turn, act)
    if turn.members().keys() <= turn.voters().keys() and all_shown(turn):
        turn.set_clock(timedelta())
    return Outcome(code="voted" if given else "vote_taken_back")


def _open_turn(turn: Turn, human: str) -> Part | None:
    return next((part for part in turn.parts(*OPEN_TURNS) if part.human == human), None)


# ---- turns


def _start(turn: Turn) -> None:
    chains = len(turn.members()) if turn.row.rules["chains"] == "all" else 1
    turn.write_data(chains=chains)
    turn.move(RUNNING)
    _go_on(turn)


def _go_on(turn: Turn) -> None:
    """Offer all turns that can be had now; when there are none any more, the reveal begins."""
    if turn.row.state != RUNNING:
        return
    members = turn.members()
    stopping = bool(turn.row.data.get("stopping"))
    order = [] if stopping else sorted(members, key=lambda human: lot(turn, "order", human))
    chains = chains_of(turn.parts(), int(str(turn.row.data["chains"])))
    for number, human in next_turns(chains, order):
        _offer(turn, number, human, members[human])
    if all(is_over(chain, order) for chain in chains):
        begin_reveal(turn)


def _offer(turn: Turn, chain: int, human: str, person_key: str) -> None:
    deadline = turn.at + turn_lasts(turn.row.rules)
    whose = {"human": human, "person_key": person_key}
    turn.add_part(state=PartState.OFFERED, round=chain, deadline=deadline, **whose)
    turn.remark("offered", person=person_key, private=True, or_in_thread=True)


def _last_call(turn: Turn, part: Part) -> timedelta | None:
    """A slow turn ends some time after its player was warned."""
    left = time_after_warning(turn.row.rules)
    if not left or part.data.get("warned"):
        return None
    turn.write_part_data(part, warned=True)
    minutes = left // timedelta(minutes=1)
    _notify(turn, part, "warned", minutes=minutes)
    return left


def _notify(turn: Turn, part: Part, code: str, **values: int) -> None:
    """Its player alone, if they take direct messages."""
    turn.remark(code, person=part.person_key, private=True, or_in_thread=True, **values)


def _forget_warning(turn: Turn, part: Part) -> None:
    claimed = turn.part(part.ordinal)
    if claimed is not None:
        turn.write_part_data(claimed, warned=False)


def _part_changed(turn: Turn, before: Part, after: Part) -> None:
    """Offers lapse silently; a turn that somebody had and did not finish is said to be skipped."""
    if turn.row.state == RUNNING:
        if after.state is PartState.SKIPPED and before.state is not PartState.OFFERED:
            turn.remark("skipped", person=before.person_key)
        elif after.state is PartState.CLAIMED:
            _notify(turn, before, "refused")
        elif after.state is PartState.CHOOSING:
            _notify(turn, before, "choose")
    _go_on(turn)


def _member_left(turn: Turn, _human: str) -> None:
    _go_on(turn)


def _phase_ended(turn: Turn) -> None:
    if turn.row.state == REVEAL:
        telephone_reveal.go_on(turn)
    elif len(turn.members()) >= FEWEST:
        _start(turn)
    else:
        turn.end()


def _order(ports: Ports, _gathering: Gathering, part: Part) -> Order:
    with ports.database.read() as session:
        person = find_person(session, part.person_key or "")
    count = min(CANDIDATES, ports.gate.allowance(person).max_pictures)
    return Order(command="imagine", values={"prompt": part.text, "count": count})


KIND = GatheringKind(
    name=NAME,
    command="telephone",
    summary="Write what you see in the last picture; your words become the next one.",
    example="/telephone 5 --turn 1h",
    phases={
        LOBBY: Phase(follows=frozenset({RUNNING})),
        RUNNING: Phase(follows=frozenset({REVEAL})),
        REVEAL: Phase(follows=frozenset({DONE}), hides_votes=True),
        DONE: Phase(is_over=True),
    },
    first=LOBBY,
    options=(
        Option(
            name="players",
            kind=OptionKind.NUMBER,
            summary="It starts when so many have joined.",
            default=6,
            minimum=FEWEST,
            maximum=MOST_PLAYERS,
        ),
        Option(
            name="turn",
            kind=OptionKind.CHOICE,
            summary="How long a turn lasts.",
            default="90s",
            choices=tuple(_TURNS),
        ),
        Option(
            name="chains",
            kind=OptionKind.CHOICE,
            summary="One chain, or as many as players, so that all write at once.",
            default="one",
            choices=("one", "all"),
        ),
    ),
    verbs={
        "start": Verb(handle=_start_now, states=frozenset({LOBBY}), who=Who.HOST),
        "stop": Verb(handle=_stop, states=frozenset({LOBBY, RUNNING}), who=Who.HOST),
        "turn": Verb(handle=_look, states=frozenset({RUNNING}), shows=True),
        "write": Verb(handle=_write, states=frozenset({RUNNING}), who=Who.MEMBERS),
        "first": Verb(handle=_choose_first, states=frozenset({RUNNING}), who=Who.MEMBERS),
        "second": Verb(handle=_choose_second, states=frozenset({RUNNING}), who=Who.MEMBERS),
        "vote": Verb(handle=_vote, states=frozenset({REVEAL}), votes=True),
    },
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    member_joined=_member_joined,
    member_left=_member_left,
    resumed=_go_on,
    closing=return_credits,
    last_call=_last_call,
    order=_order,
    choosing=timedelta(seconds=60),
    turn_lasts=turn_lasts,
    lost=PartState.SKIPPED,
    visibility=JobVisibility.UNLISTED,
)
