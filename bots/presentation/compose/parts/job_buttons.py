"""The buttons under a job's pictures."""

from dataclasses import replace

from bots.presentation.compose.parts.buttons import button
from bots.presentation.message import Button, ButtonRow
from bots.queries.job_view import JobView
from bots.texts import choices as texts
from bots.texts import jobs
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.requests import Operation


def rows_under(job_view: JobView) -> tuple[ButtonRow, ...]:
    if job_view.job.request.draft:
        return draft_rows(job_view)
    return single_rows(job_view) if job_view.alone else grid_rows(job_view)


def feedback_buttons(job_view: JobView) -> tuple[Button, ...]:
    """Good: a star. Not good: what can be done about it."""
    index = job_view.pictures[0].index if job_view.alone else 0
    labels = {Action.STAR: texts.GOOD, Action.REPORT: texts.NOT_GOOD}
    return tuple(
        button(action, job_view.job.id, index, label=translate(text)) for action, text in labels.items()
    )


def draft_rows(job_view: JobView) -> tuple[ButtonRow, ...]:
    """A number for each draft, which paints it at full size."""
    job = job_view.job
    numbers = tuple(button(Action.FULL_SIZE, job.id, picture.index) for picture in job_view.pictures)
    menu = ButtonRow(buttons=numbers, menu=translate(jobs.FULL_SIZE_MENU))
    return menu, _row(job_view, [Action.REROLL, Action.MORE], 0)


def single_rows(job_view: JobView) -> tuple[ButtonRow, ...]:
    """Rows of at most three, whose words fit side by side on a phone."""
    is_upscaled = job_view.job.request.operation is Operation.UPSCALE
    rows = (
        [Action.VARY_SUBTLE, Action.VARY],
        [*([] if is_upscaled else [Action.UPSCALE]), Action.REMIX, Action.EDIT],
        [Action.REROLL, Action.MORE],
    )
    return tuple(_row(job_view, row, job_view.pictures[0].index) for row in rows)


def grid_rows(job_view: JobView) -> tuple[ButtonRow, ...]:
    """Upscale and vary for each picture; below, what asks which picture is meant."""
    there = {picture.index for picture in job_view.pictures}
    rows = [
        ButtonRow(
            buttons=tuple(
                replace(_button(job_view, action, index), disabled=index not in there)
                for index in range(1, max(there) + 1)
            ),
            menu=translate(menu),
        )
        for action, menu in ((Action.UPSCALE, jobs.UPSCALE_MENU), (Action.VARY, jobs.VARY_MENU))
    ]
    return (*rows, _row(job_view, [Action.REROLL, Action.REMIX, Action.EDIT, Action.MORE], 0))


def _button(job_view: JobView, action: Action, index: int, *, single: bool = False) -> Button:
    """Marked where somebody has pressed it."""
    made = button(action, job_view.job.id, index, single=single)
    return replace(made, pressed=made.id in job_view.pressed)


def _row(job_view: JobView, actions: list[Action], index: int) -> ButtonRow:
    """`index` is that of the only picture, or 0. A reroll is about the job, and left out where it would be refused."""
    return ButtonRow(
        buttons=tuple(
            _button(job_view, action, 0 if action is Action.REROLL else index, single=index > 0)
            for action in actions
            if job_view.may_reroll or action is not Action.REROLL
        )
    )
