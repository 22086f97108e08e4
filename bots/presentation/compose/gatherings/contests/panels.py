"""What a contest shows to one person: their ballot, their own entries, and to moderators the entries to choose from."""

from collections.abc import Collection, Sequence

from bots.presentation.compose.gatherings.parts import (
    gather_button,
    hint,
    part_image,
    vote_button,
)
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.message import (
    Audience,
    Button,
    Images,
    Message,
    Note,
    Part,
    Title,
    Tone,
)
from bots.presentation.spans import plain_text, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import contest as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import WITH_JOB, PartState
from studio.gatherings.kinds.contest import PAGE


def compose_panel(view: GatheringView, press: ButtonId) -> Message:
    match press.verb:
        case "ballot":
            return _ballot(view, press)
        case "judge":
            return _judge(view, press)
        case _:
            return _mine(view)


def _entries(view: GatheringView) -> list[PartView]:
    return [found for found in view.parts if found.part.state is PartState.SET and found.picture]


def _ballot(view: GatheringView, press: ButtonId) -> Message:
    """The page that the button was about; 0: the last one that was dealt. Without names."""
    pages = view.reader.pages if view.reader else ()
    number = min(press.part or len(pages), len(pages))
    dealt = pages[number - 1] if number else ()
    shown = [found for found in _entries(view) if found.part.ordinal in dealt]
    if not shown and press.part in (0, number):
        return _only(texts.BALLOT_EMPTY)
    chosen = view.reader.chosen if view.reader else frozenset[int]()
    votes = _number_buttons(view, "vote", shown, chosen)
    following = _following(view, "ballot", number) if _has_more(view, number) else []
    title = translate(texts.BALLOT, page=number)
    return _page(title, texts.BALLOT_HINT, shown, votes, following)


def _number_buttons(
    view: GatheringView, verb: str, shown: Sequence[PartView], chosen: Collection[object]
) -> list[Button]:
    """By their places on the page, as galleries show no other numbers."""
    ordinals = [(str(number), entry.part.ordinal) for number, entry in enumerate(shown, 1)]
    return [vote_button(view, verb, label, ordinal, chosen) for label, ordinal in ordinals]


def _following(view: GatheringView, verb: str, number: int) -> list[Button]:
    label = translate(texts.NEXT_PAGE)
    return [gather_button(view, verb, label, part=number + 1, action=Action.GATHER_SHOW)]


def _has_more(view: GatheringView, number: int) -> bool:
    """Whether a page follows: one that was dealt, or entries of others that the reader was not shown."""
    pages = view.reader.pages if view.reader else ()
    seen = {ordinal for page in pages for ordinal in page}
    human = view.reader.human if view.reader else ""
    unseen = [
        entry for entry in _entries(view) if entry.part.ordinal not in seen and entry.part.human != human
    ]
    return number < len(pages) or bool(unseen)


def _judge(view: GatheringView, press: ButtonId) -> Message:
    if view.reader is None or not view.reader.person.moderates:
        return _only(common_texts.REFUSALS["moderators"])
    entries, number = _entries(view), max(1, press.part)
    shown = entries[(number - 1) * PAGE : number * PAGE]
    if not shown:
        return _only(texts.JUDGE_EMPTY)
    choices = _number_buttons(view, "choose", shown, {view.gathering.data.get("chosen")})
    following = _following(view, "judge", number) if len(entries) > number * PAGE else []
    title = translate(texts.JUDGE_TITLE, page=number)
    return _page(title, texts.JUDGE_HINT, shown, choices, following)


def _mine(view: GatheringView) -> Message:
    human = view.reader.human if view.reader else ""
    own = [found for found in view.parts if found.part.human == human]
    shown = [found for found in own if found.part.state is PartState.SET and found.picture]
    waiting = [found for found in own if found.part.state in WITH_JOB]
    if not shown and not waiting:
        return _only(texts.NO_ENTRY_OF_YOURS)
    parts: list[Part] = [Title(translate(texts.MINE)), *_gallery(shown)]
    parts += [
        Note(spans=sentence(texts.WAITS, number=number))
        for number in range(len(shown) + 1, len(shown) + len(waiting) + 1)
    ]
    buttons = [
        gather_button(
            view,
            "withdraw",
            translate(texts.WITHDRAW, number=number),
            part=found.part.ordinal,
            tone=Tone.DANGER,
        )
        for number, found in enumerate((*shown, *waiting), 1)
    ]
    return Message(
        parts=tuple(parts),
        rows=rows_of(buttons, most=2),
        audience=Audience.PERSON,
        summary=translate(texts.MINE),
    )


def _page(
    title: str, hint_: str, shown: Sequence[PartView], buttons: list[Button], following: list[Button]
) -> Message:
    parts: tuple[Part, ...] = (Title(title), hint(hint_), *_gallery(shown))
    rows = (*rows_of(buttons, most=3), *rows_of(following))
    return Message(parts=parts, rows=rows, audience=Audience.PERSON, summary=title)


def _gallery(shown: Sequence[PartView]) -> list[Images]:
    images = tuple(
        part_image(found, translate(texts.ENTRY_ALT_TEXT, number=number), name=f"entry{found.part.ordinal}")
        for number, found in enumerate(shown, 1)
    )
    return [Images(images=images, spoiler=any(found.spoiler for found in shown))] if images else []


def _only(msgid: str) -> Message:
    spans = sentence(msgid)
    return Message(parts=(Note(spans=spans),), audience=Audience.PERSON, summary=plain_text(spans))
