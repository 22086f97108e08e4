"""Cards of the feed, and who is here, as HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bots.presentation.compose.job_message import compose_job, end_sentence
from bots.presentation.compose.parts.heading import heading_of
from bots.presentation.message import Button
from bots.presentation.prompt_flags import typed_words
from bots.queries.job_view import JobView
from bots.texts.translation import translate
from bots.web import texts
from bots.web.addresses import picture_path
from bots.web.queries.job_cards import shape_of
from bots.web.render import ShownImage, shown_picture
from bots.web.templating import render_template
from studio.commands.button_ids import Action
from studio.commands.registry import REACTIONS
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.domain.pictures import Picture

# Everybody gets the same card; its styles show these buttons to the owner and moderators, the owner, or others only.
_SHOWN_TO = {
    Action.CANCEL: "own",
    Action.ENOUGH: "by-owner",
    Action.DELETE: "own",
    Action.APPEAL: "by-owner",
    Action.REPORT: "others",
}


def render_card(view: JobView, progress: JobProgress | None = None) -> str:
    """The recipe is a press away, and the credit leads to the pictures that it names."""
    job = view.job
    progress = progress if job.state is JobState.PAINTING else None
    underway = job.state in OUTSTANDING
    message = compose_job(view, progress)
    classes = _SHOWN_TO if view.lends_uploads else {**_SHOWN_TO, Action.REROLL: "by-owner"}
    return render_template(
        "job_card.html",
        job=job,
        message=message,
        heading=heading_of(view, picture_path),
        shape=shape_of(view),
        waits=job.state in WAITING,
        preview=progress.preview if progress else None,
        ended="" if underway else end_sentence(job, asks=view.asks),
        tiles={} if underway else {picture.id: _star(view, picture) for picture in view.pictures},
        shown={picture.id: _tile_image(picture, underway=underway) for picture in view.pictures},
        classes=classes,
        typed=typed_words(view.prompt),
        seeds={} if underway else {picture.id: picture.recipe.seed for picture in view.pictures},
        reactions=[] if underway else list(_reactions(view)),
    )


def render_people(people: Sequence[tuple[str, str]]) -> str:
    """`people` are user ids and names."""
    return render_template("people.html", people=people)


def _tile_image(picture: Picture, *, underway: bool) -> ShownImage:
    """A picture has a page of its own once its job is done."""
    shown = shown_picture(picture)
    return replace(shown, link="") if underway else shown


def _star(view: JobView, picture: Picture) -> tuple[Button, list[str]]:
    """The button, and the user ids of those who gave one."""
    star = Button(action=Action.STAR, target=picture.job_id, index=picture.index)
    return star, [key.rpartition(":")[2] for key in view.starred_by.get(picture.id, ())]


def _reactions(view: JobView) -> Iterator[tuple[str, Button]]:
    """The emoji that people know from the chats, for what the card shows."""
    indices = [picture.index for picture in view.pictures]
    for emoji, (action, index) in REACTIONS.items() if indices else ():
        if action is Action.REROLL and not view.may_reroll:
            continue
        about = indices[0] if index and action is not Action.VARY else index
        if action is Action.REPORT:
            about = 0  # its form asks which one
        if about == 0 or about in indices:
            question = texts.DELETE_ALL if len(indices) > 1 else texts.DELETE_ONE
            confirm = translate(question) if action is Action.DELETE else ""
            yield emoji, Button(action=action, target=view.job.id, index=about, confirm=confirm)
