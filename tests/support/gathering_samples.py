"""Samples of the messages and forms of gatherings, for the tests of every renderer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bots.presentation.compose.collected_pictures import compose_tray
from bots.presentation.compose.errors import compose_error
from bots.presentation.compose.gatherings.answers import compose_gathering_answer
from bots.presentation.compose.gatherings.management import (
    REMOVE,
    compose_management,
    removal_form,
    with_management,
)
from bots.presentation.compose.gatherings.registry import PRESENTERS
from bots.presentation.compose.gatherings.remarks import compose_remark
from bots.presentation.form_model import Form
from bots.presentation.message import Message
from bots.queries.gathering_view import GatheringView, PartView, Reader
from studio.commands.button_ids import Action, Button
from studio.commands.gathering_results import GatheringActed, GatheringOpened, GatheringsListed, Tray
from studio.domain.events import GatheringRemark
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.people import Address, Person, Platform, Role
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.evolution_generations import ChildRole
from tests.support.sample_domain import ANA, BO, JOB_ID, NOON, sample_picture

GATHERING_ID = "g4therm2p4qx"


def sample_gathering(kind: str, state: str, **changes: object) -> Gathering:
    address = Address(platform=Platform.DISCORD, community="8001", channel="9001")
    gathering = Gathering(
        id=GATHERING_ID,
        kind=kind,
        address=address,
        host=ANA.key,
        state=state,
        opened_at=NOON,
        phase_ends_at=NOON + timedelta(minutes=10),
    )
    return replace(gathering, **changes)  # type: ignore[arg-type]


def sample_part(ordinal: int, person: Person = ANA, **changes: object) -> PartView:
    """A part that is set, with the picture of that number."""
    part = Part(
        gathering=GATHERING_ID,
        ordinal=ordinal,
        state=PartState.SET,
        person_key=person.key,
        human=person.key,
        picture=f"{JOB_ID}.{ordinal}",
    )
    picture = sample_picture(ordinal)
    return PartView(part=replace(part, **changes), picture=picture, person=person)  # type: ignore[arg-type]


def sample_gathering_view(kind: str, state: str, **changes: object) -> GatheringView:
    """Four parts of Ana's, in a gathering of that kind and state; Bo has joined and three people voted."""
    parts = tuple(sample_part(ordinal) for ordinal in range(1, 5))
    gathering = sample_gathering(kind, state)
    view = GatheringView(gathering=gathering, host=ANA, parts=parts, voters=3, members=(ANA, BO))
    return replace(view, **changes)  # type: ignore[arg-type]


def read_by_moderator(view: GatheringView) -> GatheringView:
    moderator = replace(BO, roles=frozenset({Role.MEMBER, Role.MODERATOR}))
    return replace(view, reader=Reader(person=moderator, human=moderator.key, hosts=True))


def _tile_votes() -> dict[str, Message]:
    presenter = PRESENTERS["tile_vote"]
    voting = sample_gathering_view("tile_vote", "voting")
    over = {"closed_at": NOON, "data": {"winner": 2}}
    won = sample_gathering_view(
        "tile_vote", "done", gathering=sample_gathering("tile_vote", "done", **over), votes={2: 3}
    )
    nobody = replace(won, gathering=replace(won.gathering, data={}))
    paused = sample_gathering_view("tile_vote", "paused")
    interrupted = sample_gathering_view("tile_vote", "interrupted")
    return {
        "tile vote": with_management(presenter.message(voting), voting, presenter.name),
        "tile vote won": presenter.message(won),
        "tile vote without votes": presenter.message(nobody),
        "tile vote paused": presenter.message(paused),
        "tile vote interrupted": presenter.message(interrupted),
        "gathering managed": compose_management(read_by_moderator(voting), presenter.name),
        "gathering managed while paused": compose_management(read_by_moderator(paused), presenter.name),
        "gathering not managed": compose_management(voting, presenter.name),
    }


def _evolutions() -> dict[str, Message]:
    presenter = PRESENTERS["evolution"]
    rules = {"words": "a lighthouse made of glass", "rounds": 3}
    generation = tuple(sample_part(ordinal, data={"role": ChildRole.WORDS}) for ordinal in range(1, 5))
    brought = sample_part(5, BO, data={"role": ChildRole.INJECTED})
    winners = [{"round": 1, "part": 2, "votes": 3}, {"round": 2, "part": 6, "votes": 1}]

    def view(state: str, *parts: PartView, **changes: object) -> GatheringView:
        gathering = sample_gathering("evolution", state, rules=rules, **changes)
        return sample_gathering_view("evolution", state, gathering=gathering, parts=parts, chose=(ANA, BO))

    second = sample_part(6, round=2, data={"role": ChildRole.VARIATION, "parents": [2]})
    waiting = sample_part(7, round=2, state=PartState.HELD, picture=None, data={"role": ChildRole.WILDCARD})
    voting = view("voting", *generation, brought)
    over = view("done", *generation, second, closed_at=NOON, round=2, data={"winners": winners})
    return {
        "evolution begins": presenter.message(view("open", *generation)),
        "evolution voting": with_management(presenter.message(voting), voting, presenter.name),
        "evolution generating": presenter.message(
            view("generating", *generation, second, waiting, round=2, data={"winners": winners[:1]})
        ),
        "evolution resting": presenter.message(view("resting", *generation)),
        "evolution done": presenter.message(over),
        "evolution without votes": presenter.message(view("done", *generation, closed_at=NOON)),
    }


def _mural_view(state: str = "open", **changes: object) -> GatheringView:
    """Three by three: Ana's cell in the middle, Bo's below it, one of Ana's in work and one held."""
    rules = {"theme": "a quiet sea", "size": "3x3"}
    states = {4: PartState.GENERATING, 5: PartState.SET, 6: PartState.HELD, 8: PartState.SET}
    parts = tuple(
        sample_part(ordinal, BO if ordinal == 8 else ANA)
        if states.get(ordinal) is PartState.SET
        else PartView(
            part=Part(gathering=GATHERING_ID, ordinal=ordinal, state=states.get(ordinal, PartState.FREE))
        )
        for ordinal in range(1, 10)
    )
    gathering = sample_gathering("mural", state, rules=rules, data={"cell": [64, 64]}, **changes)
    return sample_gathering_view("mural", state, gathering=gathering, parts=parts)


def _mural_choosing() -> GatheringView:
    view = _mural_view()
    pictures = sample_picture(1), sample_picture(2)
    chosen = sample_part(6, state=PartState.CHOOSING, deadline=NOON)
    parts = (*view.parts[:5], replace(chosen, candidates=pictures), *view.parts[6:])
    return replace(view, parts=parts, reader=Reader(person=ANA, human=ANA.key))


def _murals() -> dict[str, Message]:
    presenter = PRESENTERS["mural"]
    view, choosing = _mural_view(), _mural_choosing()
    empty = sample_gathering("mural", "open", rules=view.gathering.rules)
    waiting = PartView(part=Part(gathering=GATHERING_ID, ordinal=5, state=PartState.WANTED))
    free = [replace(found, part=replace(found.part, state=PartState.FREE)) for found in view.parts]
    missing = replace(view, gathering=empty, parts=tuple(replace(found, picture=None) for found in free))

    def panel(of: GatheringView, verb: str) -> Message:
        press = Button(action=Action.GATHER_SHOW, job_id=GATHERING_ID, verb=verb, round=1)
        return presenter.panel(of, press)

    return {
        "mural": with_management(presenter.message(view), view, presenter.name),
        "mural begins": presenter.message(
            replace(missing, parts=(*missing.parts[:4], waiting, *missing.parts[5:]))
        ),
        "mural without its first cell": presenter.message(missing),
        "mural with candidates": presenter.message(choosing),
        "mural paused": presenter.message(_mural_view("paused")),
        "mural full": presenter.message(_mural_view("full", closed_at=NOON)),
        "mural ended": presenter.message(_mural_view("ended", closed_at=NOON)),
        "mural looked at": panel(view, "look"),
        "mural story": panel(view, "story"),
        "mural lineage": panel(view, "lineage"),
        "mural without a story": panel(missing, "story"),
        "mural candidates": panel(choosing, "choose"),
        "mural nothing to choose": panel(view, "choose"),
    }


def _mural_form() -> Form:
    press = Button(action=Action.GATHER_ASK, job_id=GATHERING_ID, verb="paint", round=1)
    return PRESENTERS["mural"].form(_mural_view(), press)


def _evolution_form(verb: str) -> Form:
    view = sample_gathering_view("evolution", "voting")
    press = Button(action=Action.GATHER_ASK, job_id=GATHERING_ID, verb=verb, round=1)
    return PRESENTERS["evolution"].form(view, press)


def _trays() -> dict[str, Message]:
    items = tuple((f"{JOB_ID}.{index}", f"pictures/{index}.png") for index in (1, 2, 3))
    return {
        "tray": compose_tray(Tray(items=(*items, ("", "uploads/a.png")), added=True)),
        "tray with one": compose_tray(Tray(items=items[:1], added=False)),
        "tray empty": compose_tray(Tray(items=())),
    }


def _late_press() -> GatheringRefusedError:
    error = GatheringRefusedError(Refusal.LATE)
    error.gathering_id = GATHERING_ID
    return error


_GAME_RULES = {"players": 4, "turn": "1h", "chains": "one"}


def _game(state: str, *parts: PartView, reader: Person = ANA, **changes: object) -> GatheringView:
    data = {"chains": 2, "revealed": [1], "winners": [{"chain": 1, "part": 2, "votes": 2}], "shown": 3}
    gathering = sample_gathering("telephone", state, **{"rules": _GAME_RULES, "data": data, **changes})
    reads = Reader(person=reader, human=reader.key, joined=True)
    return sample_gathering_view("telephone", state, gathering=gathering, parts=parts, reader=reads)


def _turn(state: PartState, **changes: object) -> PartView:
    """Ana's turn, after three of others."""
    found = sample_part(4, ANA, state=state, deadline=NOON, text="a fox that reads", picture=None)
    return replace(found, picture=None, **changes)  # type: ignore[arg-type]


def _telephones() -> dict[str, Message]:
    presenter = PRESENTERS["telephone"]
    links = tuple(sample_part(number, BO, text=f"a fox number {number}") for number in (1, 2, 3))
    gone = replace(sample_part(3, BO, text="", state=PartState.REMOVED), picture=None)
    looking = _game("running", *links, _turn(PartState.OFFERED))
    candidates = (sample_picture(1), sample_picture(2))
    press = Button(action=Action.GATHER_SHOW, job_id=GATHERING_ID, verb="turn", round=1)
    return {
        "telephone lobby": presenter.message(_game("lobby")),
        "telephone running": presenter.message(looking),
        "telephone of many chains": presenter.message(
            _game("running", *links, _turn(PartState.HELD), rules={**_GAME_RULES, "chains": "all"})
        ),
        "telephone link revealed": presenter.message(
            _game("reveal", *links, data={"revealed": [1], "shown": 1, "chains": 1})
        ),
        "telephone revealed": presenter.message(_game("reveal", *links[:2], gone)),
        "telephone done": presenter.message(_game("done", *links[:2], gone, closed_at=NOON)),
        "telephone ended": presenter.message(_game("ended", *links, closed_at=NOON)),
        "telephone turn": presenter.panel(looking, press),
        "telephone first turn": presenter.panel(_game("running", _turn(PartState.CLAIMED)), press),
        "telephone turn generating": presenter.panel(_game("running", _turn(PartState.GENERATING)), press),
        "telephone turn chosen": presenter.panel(
            _game("running", *links, _turn(PartState.CHOOSING, candidates=candidates)), press
        ),
        "telephone turn held": presenter.panel(_game("running", _turn(PartState.HELD)), press),
        "telephone turn of another": presenter.panel(_game("running", *links), press),
        "telephone turn offered": compose_remark(
            looking,
            GatheringRemark(gathering_id=GATHERING_ID, platform=Platform.DISCORD, code="offered"),
            ANA,
        ),
    }


def _telephone_form(verb: str) -> Form:
    links = tuple(sample_part(number, BO, text="a fox") for number in (1, 2, 3))
    view = _game("running", *links, _turn(PartState.CLAIMED))
    press = Button(action=Action.GATHER_ASK, job_id=GATHERING_ID, verb=verb, round=1, part=4)
    return PRESENTERS["telephone"].form(view, press)


def _answers() -> dict[str, Message]:
    gathering = sample_gathering("tile_vote", "voting")
    return {
        "gathering opened": compose_gathering_answer(GatheringOpened(gathering_id=GATHERING_ID)),
        "gathering joined": compose_gathering_answer(
            GatheringActed(gathering=gathering, code="joined", values={})
        ),
        "gathering voted": compose_gathering_answer(
            GatheringActed(gathering=gathering, code="voted", values={"part": 2})
        ),
        "gatherings": compose_gathering_answer(GatheringsListed(gatherings=(gathering,))),
        "gatherings of linked communities": compose_gathering_answer(
            GatheringsListed(gatherings=(gathering,), elsewhere=frozenset({gathering.id}))
        ),
        "gathering pressed late": compose_error(_late_press()),
        "gatherings none": compose_gathering_answer(GatheringsListed(gatherings=())),
    }


GATHERING_MESSAGES: Mapping[str, Message] = {
    **_tile_votes(),
    **_evolutions(),
    **_murals(),
    **_telephones(),
    **_trays(),
    **_answers(),
}
_PRESS = Button(action=Action.GATHER_ASK, job_id=GATHERING_ID, verb=REMOVE, round=1)
GATHERING_FORMS: Mapping[str, Form] = {
    "gathering removal": removal_form(
        read_by_moderator(sample_gathering_view("tile_vote", "voting")), _PRESS
    ),
    "evolution picture brought": _evolution_form("add"),
    "evolution branched": _evolution_form("branch"),
    "mural cell": _mural_form(),
    "telephone written": _telephone_form("write"),
    "telephone reported": _telephone_form("report"),
    "telephone again": _telephone_form("again"),
}
