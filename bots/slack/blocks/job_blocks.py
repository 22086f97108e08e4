"""How a job looks in Slack: blocks for each of its states."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bots.delivery.job_view import JobView
from bots.slack.texts import texts
from bots.slack.texts.escaping import entities, mrkdwn
from bots.texts import chat
from studio.commands.button_ids import Action, Button
from studio.domain.events import JobProgress
from studio.domain.jobs import WAITING, JobState
from studio.domain.requests import Operation

Block = dict[str, Any]

STAR_MENU = "c1s:star"
_LONGEST_SAID = 2000
_MOST_SECTIONS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class JobBlocks:
    """`text` is what notifications and screen readers get."""

    text: str
    blocks: tuple[Block, ...]

    def arguments(self, method: str) -> dict[str, Any]:
        """For one of Slack's methods, or for a ``response_url``: new messages alone take a word on their links."""
        plain = {"unfurl_links": False, "unfurl_media": False} if method == "chat.postMessage" else {}
        return {"text": self.text, "blocks": list(self.blocks), **plain}


def compose(job_view: JobView, file_id: str | None, *, hidden: bool = False) -> JobBlocks:
    """`file_id` is the uploaded picture of a job that is done; `hidden`: it is a mosaic of it."""
    job = job_view.job
    if job.state in WAITING:
        return _underway(job_view, chat.waiting(job_view.ahead, job_view.eta_seconds))
    if job.state is JobState.PAINTING:
        return _underway(job_view, "Stopping…" if job.cancel_requested else "Painting…")
    if job.state is not JobState.DONE:
        return _ended(job_view)
    if not job_view.pictures:
        return _notice(job_view, chat.ALL_DELETED)
    if file_id is None:
        return _notice(job_view, chat.NO_PICTURE_FILE)
    return _result(job_view, file_id, hidden=hidden)


def compose_progress(job_view: JobView, progress: JobProgress, preview: str | None = None) -> JobBlocks:
    """`preview` is the uploaded file of an unfinished picture."""
    post = _underway(job_view, chat.painting(progress.step, progress.steps, progress.seconds_left))
    if preview is None:
        return post
    text = chat.unfinished(job_view.job.request.prompt, longest=texts.LONGEST_ALTERNATIVE)
    return replace(post, blocks=(image(preview, text), *post.blocks))


def section(text: str, **more: Any) -> Block:
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text[: texts.LONGEST_SECTION], "verbatim": True},
        **more,
    }


def said(text: str, *, ours: bool = True) -> JobBlocks:
    """Words alone, in as many sections as they need. `ours`: they are mrkdwn already; else they are escaped."""
    text = text if ours else mrkdwn(text, longest=_LONGEST_SAID)
    pages: list[str] = []
    for line in (each[: texts.LONGEST_SECTION] for each in text.split("\n")):
        if pages and len(pages[-1]) + 1 + len(line) <= texts.LONGEST_SECTION:
            pages[-1] += f"\n{line}"
        else:
            pages.append(line)
    return JobBlocks(
        text=pages[0], blocks=tuple(section(page) for page in pages[:_MOST_SECTIONS] if page.strip())
    )


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:2000], "verbatim": True}]}


def image(file_id: str, alternative: str, **more: Any) -> Block:
    return {
        "type": "image",
        "slack_file": {"id": file_id},
        "alt_text": alternative[: texts.LONGEST_ALTERNATIVE],
        **more,
    }


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def button(action: Action, job_id: str, index: int = 0, *, alone: bool = True, **more: Any) -> Block:
    """All of its state is in its id, so it works for ever."""
    identifier = str(Button(action=action, job_id=job_id, index=index))
    label = plain(texts.label(action, index, alone=alone))
    return {"type": "button", "action_id": identifier, "value": identifier, "text": label} | more


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def _underway(job_view: JobView, status: str) -> JobBlocks:
    job = job_view.job
    maker = texts.credit(job_view)
    return JobBlocks(
        text=f"{entities(chat.subject_of(job.request.prompt))}: {status}",
        blocks=(
            section(texts.headline(job.request.prompt)),
            context(" ".join(filter(None, [maker, chat.price(job)]))),
            section(status),
            actions(button(Action.CANCEL, job.id, style="danger")),
        ),
    )


def _notice(job_view: JobView, sentence: str) -> JobBlocks:
    text = f"{texts.name_of(job_view.job)} · {sentence}"
    return JobBlocks(text=text, blocks=(section(text),))


def _ended(job_view: JobView) -> JobBlocks:
    """A job that shows no pictures. Its person may ask for a second look at what a house rule refused."""
    job = job_view.job
    post = _notice(job_view, mrkdwn(chat.ended(job, asks=job_view.asks), longest=900))
    if not job_view.may_appeal:
        return post
    return JobBlocks(text=post.text, blocks=(*post.blocks, actions(button(Action.APPEAL, job.id))))


def _result(job_view: JobView, file_id: str, *, hidden: bool) -> JobBlocks:
    job, pictures = job_view.job, job_view.pictures
    prompt = job_view.prompt
    alternative = chat.alternative(
        prompt, 1 if job_view.alone else len(pictures), longest=texts.LONGEST_ALTERNATIVE
    )
    shown = image(file_id, texts.HIDDEN if hidden else alternative)
    window = [actions(button(Action.SHOW, job.id))] if hidden else []
    rows = _single_rows(job_view) if job_view.alone else _grid_rows(job_view)
    return JobBlocks(
        text=entities(alternative),
        blocks=(
            shown,
            *window,
            section(texts.headline(prompt)),
            context(texts.credit(job_view)),
            context(texts.recipe(job, pictures)),
            *rows,
        ),
    )


def _single_rows(job_view: JobView) -> tuple[Block, ...]:
    job, index = job_view.job, job_view.pictures[0].index
    first = [button(Action.VARY_SUBTLE, job.id, index), button(Action.VARY, job.id, index)]
    if job.request.operation is not Operation.UPSCALE:
        first += [button(Action.UPSCALE, job.id, index), button(Action.REROLL, job.id)]
    second = [
        button(action, job.id, index) for action in (Action.REMIX, Action.EDIT, Action.EXPAND, Action.STAR)
    ]
    return actions(*first), actions(*second)


def _grid_rows(job_view: JobView) -> tuple[Block, ...]:
    """U and V for each tile that is there; below, what asks which tile is meant."""
    job = job_view.job
    there = [picture.index for picture in job_view.pictures]
    rows = [
        actions(*(button(action, job.id, index, alone=False) for index in there))
        for action in (Action.UPSCALE, Action.VARY)
    ]
    asking = [
        button(action, job.id, alone=False)
        for action in (Action.REROLL, Action.REMIX, Action.EDIT, Action.EXPAND)
    ]
    return (*rows, actions(*asking, star_menu(job.id, there)))


def star_menu(job_id: str, indices: Sequence[int]) -> Block:
    options = [
        {"text": plain(str(index)), "value": str(Button(action=Action.STAR, job_id=job_id, index=index))}
        for index in indices
    ]
    return {
        "type": "static_select",
        "action_id": STAR_MENU,
        "placeholder": plain(texts.STAR_WHICH),
        "options": options,
    }
