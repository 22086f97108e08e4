"""An evolution as a message: the generation to vote on, and at the end the chosen picture of each."""

from collections.abc import Iterator, Mapping

from bots.presentation.compose.gatherings.parts import (
    common_facts,
    draw_part_strip,
    gather_button,
    gather_form,
    hint,
    name_people,
    own_picture_field,
    part_image,
    state_notes,
    vote_button,
)
from bots.presentation.compose.gatherings.presenter import Drawing, GatheringPresenter
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.message import (
    Button,
    ButtonRow,
    Facts,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Part,
    Spans,
    Title,
    Tone,
)
from bots.presentation.spans import join_list, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import evolution as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import PartState
from studio.gatherings.evolution_generations import ChildRole, number_in_round, role_of, winners_of
from studio.gatherings.kinds.evolution import GENERATING, OPEN, RESTING, VOTING
from studio.ports import Ports

STRIP = "strip"
_MOST_BRANCHES = 25  # choices of a select
_LONGEST_PLACE = 16  # of a generation and a number, or of a picture's id


def compose_evolution(view: GatheringView) -> Message:
    state = view.gathering.state
    parts: list[Part] = [Title(translate(texts.TITLE)), *state_notes(view)]
    if state in (OPEN, GENERATING):
        parts += _being_painted(view)
    elif view.gathering.is_over:
        parts += _result(view)
    else:
        parts += [hint(texts.HINT)] if state == VOTING else []
        parts += [Note(spans=sentence(texts.RESTS), tone=Tone.WARNING)] if state == RESTING else []
        parts += _gallery(view)
    parts.append(Facts(tuple(_facts(view))))
    tone = Tone.WORKING if state in (OPEN, GENERATING) else Tone.NEUTRAL
    return Message(
        parts=tuple(parts),
        rows=_rows(view),
        tone=Tone.SUCCESS if view.gathering.is_over else tone,
        summary=translate(texts.TITLE),
    )


def _candidates(view: GatheringView) -> list[PartView]:
    return [
        found
        for found in view.parts
        if found.part.round == view.gathering.round and found.part.state is PartState.SET and found.picture
    ]


def _number(view: GatheringView, found: PartView) -> int:
    return number_in_round([other.part for other in view.parts], found.part)


# ---- what is shown


def _gallery(view: GatheringView) -> list[Part]:
    found = _candidates(view)
    images = tuple(_image(view, candidate) for candidate in found)
    return [Images(images=images, spoiler=any(part.spoiler for part in found))] if images else []


def _image(view: GatheringView, found: PartView) -> Image:
    brought = role_of(found.part) is ChildRole.INJECTED and found.person is not None
    name = found.person.display_name if found.person else ""
    msgid = texts.ALT_TEXT_BROUGHT if brought else texts.ALT_TEXT
    values = {"number": _number(view, found), "round": found.part.round}
    return part_image(found, translate(msgid, **values, **({"name": name} if brought else {})))


def _being_painted(view: GatheringView) -> list[Part]:
    """How far the generation is, below the picture that it comes from."""
    round_number, rules = view.gathering.round, view.gathering.rules
    painted = [found for found in view.parts if found.part.round == round_number]
    values = {"ready": len(_candidates(view)), "count": len(painted)}
    parts: list[Part] = []
    winners = winners_of(view.gathering.data)
    if winners:
        winner = view.part(winners[-1]["part"])
        if winner is not None and winner.picture is not None:
            parts.append(Images(images=(_image(view, winner),), spoiler=winner.spoiler))
            number = _number(view, winner)
            msgid = texts.CHOSEN_BY_LOT if winners[-1].get("lot") else texts.CHOSEN
            parts.append(Note(spans=sentence(msgid, number=number, round=winner.part.round)))
        progress = sentence(texts.PAINTING, round=round_number, rounds=str(rules.get("rounds", "")), **values)
    else:
        progress = sentence(texts.PAINTING_FIRST, **values)
    return [*parts, Note(spans=progress)]


def _result(view: GatheringView) -> list[Part]:
    if not winners_of(view.gathering.data):
        return [Note(spans=sentence(texts.NOBODY))]
    strip = Image(name=STRIP, alt_text=translate(texts.STRIP), kind=FileKind.DRAWING)
    chain = list(_chain(view))
    return [Images(images=(strip,), spoiler=any(found.spoiler for found, _ in chain))]


def _chain(view: GatheringView) -> Iterator[tuple[PartView, str]]:
    """The start and the winners, with their captions."""
    start = next((found for found in view.parts if role_of(found.part) is ChildRole.START), None)
    if start is not None:
        yield start, translate(texts.START)
    for winner in winners_of(view.gathering.data):
        found = view.part(winner["part"])
        if found is not None:
            votes = translate_plural(texts.VOTE, texts.VOTES, winner["votes"])
            yield found, translate(texts.CAPTION, round=winner["round"], votes=votes)


def _draw(ports: Ports, view: GatheringView, _limit_bytes: int) -> Mapping[str, Drawing]:
    if not (view.gathering.is_over and winners_of(view.gathering.data)):
        return {}
    return {STRIP: draw_part_strip(ports, _chain(view), common_texts.REMOVED_TILE)}


def _facts(view: GatheringView) -> Iterator[tuple[str, Spans]]:
    gathering = view.gathering
    if words := gathering.rules.get("words"):
        yield translate(texts.STARTED), (str(words),)
    place = translate(texts.ROUND_OF, round=gathering.round, rounds=gathering.rules.get("rounds", ""))
    yield translate(texts.ROUND), (place,)
    held = sum(found.part.state is PartState.HELD for found in view.parts)
    if held and not gathering.is_over:
        yield translate(common_texts.STATE), (translate_plural(*texts.WAITS, held),)
    if gathering.is_over:
        painters = {found.person.key: found.person for found in view.parts if found.person}
        yield translate(texts.PAINTED), name_people(list(painters.values()))
        if rounds := [winner["round"] for winner in winners_of(gathering.data) if winner.get("lot")]:
            drawn = [(translate(texts.BY_LOT_GENERATION, round=number),) for number in rounds]
            yield translate(texts.BY_LOT), join_list(drawn)
        if view.chose:
            yield translate(texts.CHOSE), name_people(list(view.chose))
    yield from common_facts(view)


# ---- what people press


def _rows(view: GatheringView) -> tuple[ButtonRow, ...]:
    state = view.gathering.state
    chosen = view.reader.chosen if view.reader else frozenset[int]()
    votes: list[Button] = []
    if state in (VOTING, RESTING):
        votes = [
            vote_button(view, "vote", str(_number(view, found)), found.part.ordinal, chosen)
            for found in _candidates(view)
        ]
    others: list[Button] = []
    if state in (VOTING, RESTING) and view.gathering.round < int(str(view.gathering.rules.get("rounds", 0))):
        others.append(gather_button(view, "add", translate(texts.ADD), action=Action.GATHER_ASK))
    if _branches(view):
        others.append(gather_button(view, "branch", translate(texts.BRANCH), action=Action.GATHER_ASK))
    return (*rows_of(votes), *rows_of(others))


def _branches(view: GatheringView) -> list[Choice]:
    """Every picture that is left, the latest first."""
    found = [node for node in view.parts if node.picture and node.part.state is PartState.SET]
    return [Choice(value=str(node.part.ordinal), label=_branch_label(view, node)) for node in reversed(found)]


def _earlier_field() -> Field:
    """Where a picture is named that the menu has no room for."""
    return Field(
        name="words",
        kind=FieldKind.LINE,
        label=translate(texts.BRANCH_EARLIER),
        hint=translate(texts.BRANCH_EARLIER_HINT),
        max_length=_LONGEST_PLACE,
    )


def _branch_label(view: GatheringView, node: PartView) -> str:
    if role_of(node.part) is ChildRole.START:
        return translate(texts.BRANCH_START)
    return translate(texts.BRANCH_CHOICE, round=node.part.round, number=_number(view, node))


def _form(view: GatheringView, press: ButtonId) -> Form:
    if press.verb == "branch":
        found = _branches(view)
        part = Field(
            name="part",
            kind=FieldKind.CHOICE,
            label=translate(texts.BRANCH_FIELD),
            required=len(found) <= _MOST_BRANCHES,
            choices=tuple(found[:_MOST_BRANCHES]),
        )
        fields = (part,) if part.required else (part, _earlier_field())
        return gather_form(
            press, translate(texts.BRANCH_TITLE), *fields, submit=translate(texts.BRANCH_SUBMIT)
        )
    picture = own_picture_field(texts.ADD_FIELD, texts.ADD_HINT)
    return gather_form(press, translate(texts.ADD_TITLE), picture, submit=translate(texts.ADD_SUBMIT))


def _part_name(view: GatheringView, ordinal: int) -> str:
    found = view.part(ordinal)
    return _branch_label(view, found) if found else ""


PRESENTER = GatheringPresenter(
    name=texts.TITLE,
    message=compose_evolution,
    form=_form,
    draw=_draw,
    outcomes={"voted": texts.VOTED, "vote_taken_back": texts.TAKEN_BACK, "added": texts.ADDED},
    refusals=texts.REFUSALS,
    remarks=texts.REMARKS,
    part_name=_part_name,
)
