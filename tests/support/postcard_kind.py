"""A fifth, small kind of gathering: everybody paints a postcard, then the best one is voted for.

painting → voting → closed. Two modules of the product would hold it: the kind, and how it is shown.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.presentation.compose.gatherings.parts import gather_button, gather_form, hint, part_images
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.compose.gatherings.registry import PRESENTERS
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Field, FieldKind, Form
from bots.presentation.message import Message, Title
from bots.queries.gathering_view import GatheringView
from studio.commands.button_ids import Action, Button
from studio.commands.gatherings import gather
from studio.commands.gatherings.opening import opening_spec
from studio.commands.registry import CATALOG
from studio.domain.gatherings import Gathering, Part, PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.fair_votes import rank_parts, toggle_vote
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import (
    Act,
    Opening,
    Option,
    OptionKind,
    Order,
    Outcome,
    Phase,
)
from studio.gatherings.registry import KINDS
from studio.ports import Ports

PAINTING, VOTING, CLOSED = "painting", "voting", "closed"


def _begin(turn: Turn, opening: Opening) -> None:
    for _ in range(int(opening.rules["cards"])):
        turn.add_part(state=PartState.FREE)
    turn.set_clock(timedelta(days=7))


def _claimed(turn: Turn, act: Act) -> Part:
    """The card, as the person's own. Raises `GatheringRefusedError`."""
    part = turn.part(act.part)
    if part is None:
        raise GatheringRefusedError(Refusal.GONE)
    if part.state is PartState.CLAIMED and part.human == act.human:
        return part
    if part.state is not PartState.FREE:
        raise GatheringRefusedError(Refusal.TAKEN)
    return turn.claim(part, human=act.human, person_key=act.person.key)


def _take(turn: Turn, act: Act) -> Outcome:
    return Outcome(code="taken", values={"part": _claimed(turn, act).ordinal})


def _paint(turn: Turn, act: Act) -> Outcome:
    part = _claimed(turn, act)
    if act.option:
        turn.write_part_data(part, after=int(act.option))
    return Outcome(code="painting", values={"part": part.ordinal}, paint=part.ordinal, words=act.words)


def _vote(turn: Turn, act: Act) -> Outcome:
    return Outcome(code="voted" if toggle_vote(turn, act) else "vote_taken_back", values={"part": act.part})


def _part_changed(turn: Turn, _before: Part, _after: Part) -> None:
    if turn.row.state == PAINTING and len(turn.parts(PartState.SET)) == len(turn.parts()):
        turn.move(VOTING, lasts=timedelta(hours=1))


def _phase_ended(turn: Turn) -> None:
    if turn.row.state == PAINTING and len(turn.parts(PartState.SET)) > 1:
        turn.move(VOTING, lasts=timedelta(hours=1))
        return
    standing = rank_parts(turn)
    turn.write_data(winner=standing[0][0].ordinal if standing else 0)
    turn.move(CLOSED)


def _order(ports: Ports, gathering: Gathering, part: Part) -> Order:
    words = f"a postcard: {gathering.rules['words']}, {part.text}"
    if after := part.data.get("after"):
        with ports.database.read() as session:
            from studio.db.gatherings.part_rows import find_part

            first = find_part(session, gathering.id, int(str(after)))
        assert first is not None
        return Order(command="vary", values={"picture": first.picture, "prompt": words, "count": 1})
    return Order(command="imagine", values={"prompt": words, "count": 1})


KIND = GatheringKind(
    name="postcards",
    command="postcards",
    summary="Everybody paints a postcard, and the best one wins.",
    example="/postcards greetings --cards 4",
    phases={
        PAINTING: Phase(follows=frozenset({VOTING, CLOSED})),
        VOTING: Phase(follows=frozenset({CLOSED}), hides_votes=True),
        CLOSED: Phase(is_over=True),
    },
    first=PAINTING,
    options=(
        Option(name="words", kind=OptionKind.WORDS, summary="What they say.", required=True),
        Option(name="cards", kind=OptionKind.NUMBER, summary="How many.", default=3, minimum=2, maximum=9),
    ),
    verbs={
        "take": Verb(handle=_take, states=frozenset({PAINTING})),
        "paint": Verb(handle=_paint, states=frozenset({PAINTING})),
        "vote": Verb(handle=_vote, states=frozenset({VOTING}), votes=True),
    },
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    order=_order,
)


def _message(view: GatheringView) -> Message:
    images = part_images(view.parts, "Postcard {part}")
    buttons = [
        gather_button(
            view, "paint", f"Card {part.part.ordinal}", part=part.part.ordinal, action=Action.GATHER_ASK
        )
        for part in view.parts
        if part.part.state is PartState.FREE
    ]
    parts = (Title("Postcards"), hint("Paint one. Then vote."), *([images] if images else []))
    return Message(parts=parts, rows=rows_of(buttons), summary="Postcards")


def _form(_view: GatheringView, press: Button) -> Form:
    words = Field(name="words", kind=FieldKind.TEXT, label="Your words", required=True)
    return gather_form(press, "Paint a postcard", words, submit="Paint")


PRESENTER = GatheringPresenter(
    name="Postcards",
    message=_message,
    form=_form,
    outcomes={
        "taken": "Card {part} is yours.",
        "painting": "Card {part} is being painted.",
        "voted": "You voted for {part}.",
        "vote_taken_back": "Taken back.",
    },
)


def with_postcards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two registry lines, for one test."""
    monkeypatch.setitem(KINDS, KIND.name, KIND)
    monkeypatch.setitem(PRESENTERS, KIND.name, PRESENTER)
    monkeypatch.setitem(CATALOG, KIND.command, opening_spec(KIND))  # type: ignore[arg-type]
    do, *others = gather.SPEC.parameters
    verbs = tuple(dict.fromkeys((*do.choices, *KIND.verbs)))
    spec = replace(gather.SPEC, parameters=(replace(do, choices=verbs), *others))
    monkeypatch.setitem(CATALOG, "gather", spec)  # type: ignore[arg-type]
