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


def compose(standing: JobView, picture: Attachment | None) -> JobMessage:
    job = standing.job
    if job.state in WAITING:
        return _underway(standing, chat.waiting(standing.ahead, standing.eta_seconds))
    if job.state is JobState.PAINTING:
        return _underway(standing, "Painting…" if not job.cancel_requested else "Stopping…")
    if job.state is not JobState.DONE:
        sentence = texts.ended(job, asks=standing.asks)
        rows = ((Key(action=Action.APPEAL),),) if standing.may_appeal else ()
        return JobMessage(job_id=job.id, content=f"{texts.mention(job.person)} · {sentence}", rows=rows)
    if not standing.pictures:
        return JobMessage(job_id=job.id, content=chat.ALL_DELETED)
    if picture is None:
        return JobMessage(job_id=job.id, content=chat.NO_PICTURE_FILE)
    prompt = standing.prompt
    return JobMessage(
        job_id=job.id,
        content="\n".join(
            [
                texts.headline(prompt),
                texts.credit(standing),
                texts.recipe(job, standing.pictures),
            ]
        ),
        print=picture,
        alternative=chat.alternative(
            prompt, 1 if standing.alone else len(standing.pictures), longest=texts.LONGEST_ALTERNATIVE
        ),
        rows=_single_rows(standing) if standing.alone else _grid_rows(standing),
        alone=standing.alone,
        spoiler=job.spoiler,
    )


def compose_progress(standing: JobView, progress: JobProgress, *, preview: Attachment | None) -> JobMessage:
    post = _underway(standing, chat.painting(progress.step, progress.steps, progress.seconds_left))
    return JobMessage(
        job_id=post.job_id,
        content=post.content,
        rows=post.rows,
        print=preview,
        alternative=chat.unfinished(standing.job.request.prompt, longest=texts.LONGEST_ALTERNATIVE),
        spoiler=standing.job.spoiler,
    )


def _underway(standing: JobView, status: str) -> JobMessage:
    job = standing.job
    maker = texts.credit(standing)
    return JobMessage(
        job_id=job.id,
        content="\n".join(filter(None, [texts.headline(job.request.prompt), maker, chat.price(job), status])),
        rows=((Key(action=Action.CANCEL),),),
    )


def _single_rows(standing: JobView) -> tuple[tuple[Key, ...], ...]:
    index = standing.pictures[0].index
    upscaled = standing.job.request.operation is Operation.UPSCALE
    first = [Key(action=Action.VARY_SUBTLE, index=index), Key(action=Action.VARY, index=index)]
    if not upscaled:
        first += [Key(action=Action.UPSCALE, index=index), Key(action=Action.REROLL)]
    actions = (Action.REMIX, Action.EDIT, Action.EXPAND, Action.STAR)
    return tuple(first), tuple(Key(action=action, index=index) for action in actions)


def _grid_rows(standing: JobView) -> tuple[tuple[Key, ...], ...]:
    """U and V for each tile; below, what needs to know which tile asks for it."""
    there = {picture.index for picture in standing.pictures}
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
