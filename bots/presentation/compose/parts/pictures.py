"""What is said of a picture: its title, its alternative text, and whose pictures it was made from."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bots.presentation.message import FileKind, Image, Images, Link, PersonName, Span, Spans
from bots.presentation.spans import join_list, sentence
from bots.queries.job_view import JobView, Origin
from bots.texts import answers, jobs
from bots.texts.provenance.alt_texts import with_ai_label
from bots.texts.shortening import subject_of
from bots.texts.translation import translate
from studio.domain.jobs import Job
from studio.domain.pictures import Picture

MOST_SINGLY = 8
SHEET = "sheet"  # the name of the image that shows many


def images_part(images: Sequence[Image], alt_text: str, *, spoiler: bool = False) -> Images:
    """Up to eight single images; more as one numbered sheet too, which `alt_text` describes."""
    if len(images) <= MOST_SINGLY:
        return Images(images=tuple(images), spoiler=spoiler)
    sheet = Image(name=SHEET, alt_text=alt_text, kind=FileKind.SHEET, tiles=tuple(images))
    return Images(images=tuple(images), spoiler=spoiler, sheet=sheet)


def picture_image(picture: Picture, count: int = 1, *, pixelated: bool = False) -> Image:
    """A picture of a job that asked for `count`."""
    if pixelated:
        return Image(
            name=picture.id,
            alt_text=with_ai_label(translate(jobs.ALT_TEXT_PIXELATED)),
            key=picture.key,
            kind=FileKind.PIXELATED,
        )
    return Image(name=picture.id, alt_text=alt_text_of(picture, count), key=picture.key)


def early_image(picture: Picture, count: int) -> Image:
    """A picture whose job still paints others: its largest small copy, as it is sent with each step that is shown."""
    largest = picture.thumbnail_keys[max(picture.thumbnail_keys)]
    return replace(picture_image(picture, count), key=largest)


def numbered_image(picture: Picture, number: int) -> Image:
    """A picture whose line in the message has a number."""
    image = picture_image(picture)
    return replace(image, alt_text=translate(jobs.ALT_TEXT_NUMBERED, number=number, subject=image.alt_text))


def alt_text_of(picture: Picture, count: int = 1) -> str:
    """The owner's words, else what a model saw, else the prompt. `count` is that of the job's pictures."""
    shown = picture.alt_text or picture.description or title_of(picture.recipe.prompt)
    if count != 1:
        shown = translate(jobs.ALT_TEXT_OF_SEVERAL, index=picture.index, count=count, prompt=shown)
    return with_ai_label(shown)


def title_of(prompt: str) -> str:
    return prompt.strip() or translate(jobs.FROM_AN_UPLOAD)


def job_title(job: Job, prompt: str) -> str:
    """`prompt` are its words. Those of a request that waits for a moderator may be encrypted, and are not shown."""
    return title_of(prompt) if prompt or job.request.sources else translate(answers.WITHOUT_WORDS)


def credit(job_view: JobView, address_of: Callable[[str], str] | None = None) -> Spans:
    """``by @ana, from @bo’s fox and their own boat``.

    `address_of` makes the address of a picture from its id, where a platform has one to link it to.
    """
    sources = dict.fromkeys(credit_of(origin, address_of) for origin in job_view.origins)
    maker = PersonName(job_view.job.person)
    if not sources:
        return sentence(jobs.CREDIT, maker=maker)
    return sentence(jobs.CREDIT_FROM, maker=maker, sources=join_list(list(sources)))


def credit_of(origin: Origin, address_of: Callable[[str], str] | None = None) -> Spans:
    """``@bo’s fox``."""
    words = subject_of(origin.prompt)
    subject: Span = words
    if address_of and origin.picture_id:
        subject = Link(words, address_of(origin.picture_id))
    if origin.own:
        return sentence(jobs.OWN, subject=subject)
    return sentence(jobs.OWNERS, owner=PersonName(origin.job.person), subject=subject)
