"""A contest as a message: what can be entered, then that there is a vote, then who won. No names before the end."""

from collections.abc import Iterator

from bots.presentation.compose.gatherings.contests.panels import compose_panel
from bots.presentation.compose.gatherings.parts import (
    common_facts,
    gather_button,
    gather_form,
    hint,
    own_picture_field,
    part_image,
    state_notes,
)
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Form
from bots.presentation.message import (
    Button,
    Command,
    Facts,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import join_list, join_parts, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import contest as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import WITH_JOB, PartState
from studio.gatherings.contests.entry_rules import NO_UPLOADS, OWN
from studio.gatherings.contests.options import MODERATORS
from studio.gatherings.kinds.contest import ANNOUNCED, CLOSED, OPEN, VOTING

_MOST_PLACES = 10  # images in one gallery


def compose_contest(view: GatheringView) -> Message:
    gathering = view.gathering
    title = str(gathering.rules.get("title", "")) or translate(texts.NAME)
    parts: list[Part] = [Title(title), *state_notes(view)]
    if gathering.state == CLOSED:
        parts += _result(view)
    elif gathering.state == VOTING:
        parts.append(hint(texts.HINT_JUDGED if _is_judged(view) else texts.HINT_VOTING))
    elif not gathering.is_over:
        parts.append(hint(texts.HINT_OPEN, command=(Command("/enter"),)))
    parts.append(Facts(tuple(_facts(view))))
    return Message(
        parts=tuple(parts),
        rows=rows_of(list(_buttons(view))),
        tone=Tone.SUCCESS if gathering.state == CLOSED else Tone.NEUTRAL,
        summary=f"{translate(texts.NAME)}: {title}",
    )


def _is_judged(view: GatheringView) -> bool:
    return view.gathering.rules.get("judge") == MODERATORS


def _buttons(view: GatheringView) -> Iterator[Button]:
    state = view.gathering.state
    if state == OPEN:
        yield gather_button(
            view, "enter", translate(texts.ENTER), action=Action.GATHER_ASK, tone=Tone.SUCCESS
        )
    if state == VOTING and _is_judged(view):
        yield gather_button(view, "judge", translate(texts.JUDGE), action=Action.GATHER_SHOW)
    elif state == VOTING:
        yield gather_button(
            view, "ballot", translate(texts.VOTE), action=Action.GATHER_SHOW, tone=Tone.SUCCESS
        )
    if state in (OPEN, VOTING):
        yield gather_button(view, "mine", translate(texts.MINE), action=Action.GATHER_SHOW)


# ---- what is said of it


def _facts(view: GatheringView) -> Iterator[tuple[str, Spans]]:
    gathering = view.gathering
    rules = gathering.rules
    if theme := rules.get("theme"):
        yield translate(texts.THEME), (str(theme),)
    if not gathering.is_over:
        yield translate(texts.RULES), join_parts(((rule,) for rule in _rules(view)), "; ")
    if prize := rules.get("prize"):
        credits = translate_plural(texts.ONE_CREDIT, texts.CREDITS, int(str(prize)))
        yield translate(texts.PRIZE), (credits,)
    if gathering.state != ANNOUNCED:
        yield translate(texts.ENTRIES), (_entries(view),)
    if gathering.state == ANNOUNCED and gathering.phase_ends_at is not None:
        yield translate(texts.OPENS), (Time(gathering.phase_ends_at),)
        yield translate(common_texts.HOST), (PersonName(view.host),)
    else:
        yield from common_facts(view, ends=texts.ENTER_UNTIL if gathering.state == OPEN else texts.VOTE_UNTIL)


def _rules(view: GatheringView) -> Iterator[str]:
    rules = view.gathering.rules
    most = int(str(rules.get("entries", 1)))
    yield translate_plural(texts.ONE_EACH, texts.SEVERAL_EACH, most)
    yield translate(texts.RULE_NEW)
    named = str(rules.get("rules", "")).split(",")
    if OWN in named:
        yield translate(texts.RULE_OWN)
    if NO_UPLOADS in named:
        yield translate(texts.RULE_NO_UPLOADS)
    if aspect := rules.get("aspect"):
        yield translate(texts.RULE_ASPECT, aspect=str(aspect))


def _entries(view: GatheringView) -> str:
    entries = sum(found.part.state is PartState.SET for found in view.parts)
    waiting = sum(found.part.state in WITH_JOB for found in view.parts)
    text = translate_plural(texts.ONE_ENTRY, texts.MANY_ENTRIES, entries)
    return f"{text}, {translate_plural(texts.ONE_WAITS, texts.MANY_WAIT, waiting)}" if waiting else text


# ---- who won


def _result(view: GatheringView) -> Iterator[Part]:
    places = _places(view)
    winners = [found for found, _ in places if found.part.ordinal in _winners(view)]
    numbered = list(enumerate(places, 1))[:_MOST_PLACES]
    images = tuple(_image(found, place, number) for number, (found, place) in numbered if found.picture)
    if images:
        yield Images(images=images, spoiler=any(found.spoiler for found, _ in places))
    if winners:
        label = translate(texts.WINNERS if len(winners) > 1 else texts.WINNER)
        yield Note(spans=(f"{label}: ", *join_list([_name(found) for found in winners])), tone=Tone.SUCCESS)
    else:
        yield Note(spans=sentence(texts.NO_WINNER if places else texts.NO_ENTRY))
    if len(places) > 1:
        for number, (found, place) in numbered:
            yield Paragraph(_line(view, found, place, number))


def _winners(view: GatheringView) -> frozenset[int]:
    winners = view.gathering.data.get("winners")
    return frozenset(winners) if isinstance(winners, list) else frozenset()


def _places(view: GatheringView) -> list[tuple[PartView, dict[str, int]]]:
    """Winners first: those who are out of competition may have had more approvals."""
    written = view.gathering.data.get("places")
    places = written if isinstance(written, list) else []
    found = [(part, place) for place in places if (part := view.part(place["part"])) is not None]
    won = _winners(view)
    return sorted(found, key=lambda entry: entry[0].part.ordinal not in won)


def _line(view: GatheringView, found: PartView, place: dict[str, int], number: int) -> Spans:
    if _is_judged(view):
        return sentence(texts.RESULT_JUDGED, number=number, person=_name(found))
    numbers = {name: place[name] for name in ("place", "approvals", "showings")}
    return sentence(texts.RESULT, number=number, person=_name(found), **numbers)


def _name(found: PartView) -> Spans:
    """Of who was forgotten, or whose picture is gone, the place stays empty."""
    return (PersonName(found.person),) if found.person and found.picture else (translate(texts.GONE),)


def _image(found: PartView, place: dict[str, int], number: int) -> Image:
    alt_text = translate(texts.RESULT_ALT_TEXT, number=number, place=place["place"])
    return part_image(found, alt_text, name=f"entry{found.part.ordinal}")


def _form(_view: GatheringView, press: ButtonId) -> Form:
    picture = own_picture_field(texts.PICTURE, texts.PICTURE_HINT)
    return gather_form(press, translate(texts.ENTER_TITLE), picture, submit=translate(texts.ENTER))


PRESENTER = GatheringPresenter(
    name=texts.NAME,
    message=compose_contest,
    form=_form,
    panel=compose_panel,
    outcomes=texts.OUTCOMES,
    refusals=texts.REFUSALS,
    remarks=texts.REMARKS,
)
