"""The message of a job, in each of its states."""

from collections.abc import Collection
from dataclasses import replace

from bots.presentation.compose.parts.buttons import button
from bots.presentation.compose.parts.heading import heading_of
from bots.presentation.compose.parts.job_buttons import feedback_buttons, rows_under
from bots.presentation.compose.parts.pictures import (
    early_image,
    images_part,
    job_title,
    picture_image,
)
from bots.presentation.compose.parts.recipe import recipe_facts, recipe_line, recipe_notes
from bots.presentation.message import (
    Audience,
    ButtonRow,
    Command,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Progress,
    Small,
    Spans,
    Title,
    Tone,
)
from bots.presentation.spans import join_spans, plain_text, sentence
from bots.queries.job_view import JobView
from bots.texts import jobs
from bots.texts.coded.sentences import say_stored
from bots.texts.provenance.alt_texts import with_ai_label
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, WAITING, Job, JobState, JobVisibility

PREVIEW = "preview"  # the name of an unfinished picture
_TONES = {JobState.HELD: Tone.WARNING, JobState.CANCELLED: Tone.NEUTRAL}


def compose_job(
    job_view: JobView, progress: JobProgress | None = None, *, pixelated: bool = False
) -> Message:
    """`progress` counts while the job is painted. `pixelated`: the platform has no spoilers, so what a moderator hid is
    shown as a coarse copy, with a button that shows the picture to the person who presses it.
    """
    job = job_view.job
    if job.state in OUTSTANDING:
        return _outstanding(job_view, progress if job.state is JobState.PAINTING else None)
    if job.state is not JobState.DONE:
        return _without_pictures(job_view)
    if not job_view.pictures:
        return _notice(job, translate(jobs.ALL_DELETED), Tone.NEUTRAL)
    return _result(job_view, pixelated=pixelated and job.spoiler)


def compose_copy(job_view: JobView, *, pixelated: bool = False) -> Message:
    """What is sent to a person by direct message: the pictures and all of their recipe.

    `pixelated` as in `compose_job`; of the buttons only the one that shows a hidden picture stays.
    """
    message = compose_job(job_view, pixelated=pixelated)
    facts = (recipe_facts(picture) for picture in job_view.pictures[:1])
    rows = tuple(row for row in message.rows if row.buttons[0].action is Action.SHOW)
    return replace(message.with_parts(*facts), rows=rows, audience=Audience.PERSON)


def compose_ping(job: Job) -> Message:
    """Tells the owner of a job that took long; only here somebody is to be notified."""
    finished = translate_plural(jobs.FINISHED, jobs.FINISHED_SEVERAL, job.request.count)
    spans: Spans = (PersonName(job.person), f" {finished}")
    return Message(parts=(Paragraph(spans),), summary=plain_text(spans))


def with_missing_files(message: Message, missing: Collection[str]) -> Message:
    """The message without the images of these names, whose files are gone, and a note that says so."""
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, Images):
            there = tuple(image for image in part.images if image.name not in missing)
            if there:
                parts.append(replace(part, images=there))
            lost = jobs.FILES_MISSING if there else jobs.FILE_MISSING
            if len(there) < len(part.images):
                parts.append(Note(spans=(translate(lost),), tone=Tone.DANGER))
        else:
            parts.append(part)
    return replace(message, parts=tuple(parts))


def _outstanding(job_view: JobView, progress: JobProgress | None) -> Message:
    job = job_view.job
    status = _status(job_view)
    stop = Action.ENOUGH if job_view.pictures else Action.CANCEL
    heading = heading_of(job_view)
    parts: list[Part] = [Title(heading.title), Small(heading.line)]
    if progress is not None and progress.preview:
        alt_text = with_ai_label(translate(jobs.ALT_TEXT_PREVIEW, prompt=heading.title))
        preview = Image(name=PREVIEW, alt_text=alt_text, kind=FileKind.PREVIEW)
        parts.insert(0, Images(images=(preview,), spoiler=job.spoiler))
    if early := tuple(early_image(picture, job.request.count) for picture in job_view.pictures):
        parts.insert(0, Images(images=early))
    if job.cost > job.request.count:
        parts.append(Small(sentence(jobs.COST, credits=job.cost)))
    if progress is not None and not job.stops:
        parts.append(Progress(step=progress.step, steps=progress.steps, seconds_left=progress.seconds_left))
    else:
        parts.append(Paragraph((status,)))
    if job_view.moves_soon:
        parts.append(Note(spans=sentence(jobs.MOVES_SOON, history=Command("/history"))))
    return Message(
        parts=tuple(parts),
        rows=() if job.stops else (ButtonRow(buttons=(button(stop, job.id),)),),
        tone=Tone.NEUTRAL if job.state in WAITING else Tone.WORKING,
        summary=_summary(job_view, status),
    )


def _status(job_view: JobView) -> str:
    job = job_view.job
    if job.stops:
        return translate(jobs.STOPPING)
    if job.state is JobState.PAINTING:
        return translate(jobs.GENERATING)
    return jobs.waiting(job_view.ahead, job_view.eta_seconds)


def _without_pictures(job_view: JobView) -> Message:
    """Held, refused, failed or cancelled. Its words are not repeated: they may be what was refused."""
    job = job_view.job
    message = _notice(job, end_sentence(job, asks=job_view.asks), _TONES.get(job.state, Tone.DANGER))
    if not job.may_appeal:
        return message
    return replace(message, rows=(ButtonRow(buttons=(button(Action.APPEAL, job.id),)),))


def _notice(job: Job, text: str, tone: Tone) -> Message:
    spans = join_spans([PersonName(job.person), " · ", text])
    return Message(parts=(Note(spans=spans, tone=tone),), tone=tone, summary=plain_text(spans))


def end_sentence(job: Job, *, asks: bool = False) -> str:
    """One sentence for a job that shows no pictures. `asks`: it waits for a picture's owner, not a moderator."""
    match job.state:
        case JobState.HELD:
            return translate(jobs.ASKED if asks else jobs.HELD)
        case JobState.CANCELLED:
            return _stored_sentence(job) or translate(jobs.CANCELLED)
        case JobState.REFUSED:
            return _stored_sentence(job) or translate(jobs.REFUSED)
        case _:
            return _stored_sentence(job) or translate(jobs.FAILED)


def _stored_sentence(job: Job) -> str:
    return say_stored(job.error_text) if job.error_text else ""


def _result(job_view: JobView, *, pixelated: bool) -> Message:
    job, pictures, heading = job_view.job, job_view.pictures, heading_of(job_view)
    images = tuple(picture_image(picture, job.request.count, pixelated=pixelated) for picture in pictures)
    all_together = with_ai_label(translate(jobs.ALT_TEXT_SHEET, count=len(pictures), prompt=heading.title))
    private = job.visibility is JobVisibility.PRIVATE
    show = (ButtonRow(buttons=(button(Action.SHOW, job.id),)),) if pixelated else ()
    publish = (ButtonRow(buttons=(button(Action.PUBLISH, job.id),)),) if private else ()
    return Message(
        parts=(
            images_part(images, all_together, spoiler=job.spoiler and not pixelated),
            *([Note(spans=(translate(jobs.HIDDEN),))] if pixelated else []),
            Title(heading.title),
            Small(heading.line),
            Small(recipe_line(pictures)),
            *recipe_notes(pictures),
            *([Small((translate(jobs.PRIVATE),))] if private else []),
        ),
        rows=(*show, *publish, *rows_under(job_view)),
        feedback=feedback_buttons(job_view),
        tone=Tone.SUCCESS,
        summary=_summary(job_view),
    )


def _summary(job_view: JobView, state: str = "") -> str:
    maker, prompt = f"@{job_view.job.person.display_name}", job_title(job_view.job, job_view.prompt)
    if not state:
        return translate(jobs.SUMMARY_DONE, maker=maker, prompt=prompt)
    return translate(jobs.SUMMARY_STATE, maker=maker, prompt=prompt, state=state)
