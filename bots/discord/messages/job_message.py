"""How a job looks in chat: words, picture and buttons, for each of its states."""

import io
from dataclasses import dataclass

import discord

from bots.delivery.attachments import Attachment
from bots.delivery.job_view import JobView
from bots.discord.texts import texts
from bots.texts import chat
from studio.commands.button_ids import Action
from studio.domain.events import JobProgress
from studio.domain.jobs import WAITING, JobState
from studio.domain.requests import Operation

_TILES_IN_A_ROW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button to be shown. A `dead` one cannot be pressed: its picture is gone."""

    action: Action
    index: int = 0
    dead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMessage:
    """A message before it is sent; the same post may be sent to several places until one takes it."""

    job_id: str
    content: str
    print: Attachment | None = None
    alternative: str = ""
    rows: tuple[tuple[Key, ...], ...] = ()
    alone: bool = False
    spoiler: bool = False

    def files(self) -> list[discord.File]:
        """Fresh ones for each try, because sending reads them to their end."""
        if self.print is None:
            return []
        name = f"{self.job_id}{self.print.suffix}"
        data = io.BytesIO(self.print.data)
        return [discord.File(data, name, description=self.alternative, spoiler=self.spoiler)]


def compose(job_view: JobView, picture: Attachment | None) -> JobMessage:
    job = job_view.job
    if job.state in WAITING:
        return _underway(job_view, chat.waiting(job_view.ahead, job_view.eta_seconds))
    if job.state is JobState.PAINTING:
        return _underway(job_view, "Painting…" if not job.cancel_requested else "Stopping…")
    if job.state is not JobState.DONE:
        sentence = texts.ended(job, asks=job_view.asks)
        rows = ((Key(action=Action.APPEAL),),) if job_view.may_appeal else ()
        return JobMessage(job_id=job.id, content=f"{texts.mention(job.person)} · {sentence}", rows=rows)
    if not job_view.pictures:
        return JobMessage(job_id=job.id, content=chat.ALL_DELETED)
    if picture is None:
        return JobMessage(job_id=job.id, content=chat.NO_PICTURE_FILE)
    prompt = job_view.prompt
    return JobMessage(
        job_id=job.id,
        content="\n".join(
            [
                texts.headline(prompt),
                texts.credit(job_view),
                texts.recipe(job, job_view.pictures),
            ]
        ),
        print=picture,
        alternative=chat.alternative(
            prompt, 1 if job_view.alone else len(job_view.pictures), longest=texts.LONGEST_ALTERNATIVE
        ),
        rows=_single_rows(job_view) if job_view.alone else _grid_rows(job_view),
        alone=job_view.alone,
        spoiler=job.spoiler,
    )


def compose_progress(job_view: JobView, progress: JobProgress, *, preview: Attachment | None) -> JobMessage:
    post = _underway(job_view, chat.painting(progress.step, progress.steps, progress.seconds_left))
    return JobMessage(
        job_id=post.job_id,
        content=post.content,
        rows=post.rows,
        print=preview,
        alternative=chat.unfinished(job_view.job.request.prompt, longest=texts.LONGEST_ALTERNATIVE),
        spoiler=job_view.job.spoiler,
    )


def _underway(job_view: JobView, status: str) -> JobMessage:
    job = job_view.job
    maker = texts.credit(job_view)
    return JobMessage(
        job_id=job.id,
        content="\n".join(filter(None, [texts.headline(job.request.prompt), maker, chat.price(job), status])),
        rows=((Key(action=Action.CANCEL),),),
    )


def _single_rows(job_view: JobView) -> tuple[tuple[Key, ...], ...]:
    index = job_view.pictures[0].index
    upscaled = job_view.job.request.operation is Operation.UPSCALE
    first = [Key(action=Action.VARY_SUBTLE, index=index), Key(action=Action.VARY, index=index)]
    if not upscaled:
        first += [Key(action=Action.UPSCALE, index=index), Key(action=Action.REROLL)]
    actions = (Action.REMIX, Action.EDIT, Action.EXPAND, Action.STAR)
    return tuple(first), tuple(Key(action=action, index=index) for action in actions)


def _grid_rows(job_view: JobView) -> tuple[tuple[Key, ...], ...]:
    """U and V for each tile; below, what needs to know which tile asks for it."""
    there = {picture.index for picture in job_view.pictures}
    last = max(there)
    rows = [
        tuple(
            Key(action=action, index=index, dead=index not in there)
            for index in range(start, min(start + _TILES_IN_A_ROW, last + 1))
        )
        for action in (Action.UPSCALE, Action.VARY)
        for start in range(1, last + 1, _TILES_IN_A_ROW)
    ]
    actions = (Action.REROLL, Action.REMIX, Action.EDIT, Action.EXPAND, Action.STAR)
    return (*rows, tuple(Key(action=action) for action in actions))
