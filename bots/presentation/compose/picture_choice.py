"""Private messages with buttons only: which picture is meant, and what else can be done with one."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby

from bots.presentation.actions import ACTIONS, PanelReader, label
from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.recipe import recipe_facts
from bots.presentation.message import Audience, ButtonRow, Message, Note, Paragraph, Title, Tone
from bots.queries.job_view import JobView
from bots.texts import choices as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.jobs import Job
from studio.domain.pictures import Picture

_NUMBERS_IN_A_ROW = 4
OCCASIONAL = frozenset(
    {Action.PICK, Action.ENTER, Action.REWRITE, Action.DESCRIBE}
)  # possible only at times, or where it is set up


def compose_choice(action: Action, job_id: str, indices: Sequence[int]) -> Message:
    """One button for each picture that the action may be meant for."""
    numbers = [button(action, job_id, index, label=str(index)) for index in indices]
    return Message(
        parts=(Title(label(action, single=True)), Paragraph((translate(texts.WHICH_PICTURE),))),
        rows=rows_of(numbers, most=_NUMBERS_IN_A_ROW),
        audience=Audience.PERSON,
        summary=translate(texts.WHICH_PICTURE),
    )


def compose_disliked(job_view: JobView, index: int) -> Message:
    """What to do about a result that is not good; `index` 0: each form asks which of the pictures is meant."""
    actions = [Action.REMIX, Action.EDIT, *([Action.REROLL] if job_view.may_reroll else []), Action.REPORT]
    question = translate(texts.WHAT_WAS_WRONG)
    rows = rows_of([button(action, job_view.job.id, index, single=True) for action in actions])
    parts = (Title(question), Paragraph((translate(texts.WHAT_TO_DO),)))
    return Message(parts=parts, rows=rows, audience=Audience.PERSON, summary=question)


def compose_confirmation(button_id: ButtonId) -> Message:
    """The question before a press counts, where the platform has none of its own."""
    confirm = ACTIONS[button_id.action].confirm
    sure = replace(button(button_id.action, button_id.job_id, button_id.index), confirm="")
    return Message(
        parts=(Note(spans=(translate(confirm),), tone=Tone.WARNING),),
        rows=(ButtonRow(buttons=(sure,)),),
        tone=Tone.WARNING,
        audience=Audience.PERSON,
    )


def compose_panel(
    job: Job,
    picture: Picture,
    *,
    own: bool,
    moderates: bool = False,
    pressed: Collection[Action] = (),
    possible: Collection[Action] = (),
) -> Message:
    """What the buttons under a message leave out, for one picture. `own`: it is the reader's.

    `pressed` are the actions whose buttons are marked, `possible` those of the `OCCASIONAL` ones that are.
    """
    readers = {PanelReader.ANYBODY, PanelReader.OWNER if own else PanelReader.OTHERS}
    readers |= {PanelReader.OWNER} if moderates else set()
    left_out = OCCASIONAL - set(possible)
    if not own:
        left_out |= {Action.ENTER}
    offered = [
        action
        for action, spec in ACTIONS.items()
        if spec.panel_row and spec.panel_reader in readers and action not in left_out
    ]
    offered.sort(key=lambda action: ACTIONS[action].panel_row)
    title = texts.MORE if job.request.count == 1 else texts.MORE_OF
    rows = groupby(offered, key=lambda action: ACTIONS[action].panel_row)
    made = [
        [button(action, job.id, picture.index, single=True, pressed=action in pressed) for action in row]
        for _, row in rows
    ]
    return Message(
        parts=(Title(translate(title, index=picture.index)), recipe_facts(picture)),
        rows=tuple(row for same_row in made for row in rows_of(same_row)),
        audience=Audience.PERSON,
        summary=translate(title, index=picture.index),
    )
