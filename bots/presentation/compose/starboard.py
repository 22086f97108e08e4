"""A starred picture on the starboard."""

from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.pictures import picture_image, title_of
from bots.presentation.message import Code, Images, Link, Message, PersonName, Small, Title
from bots.presentation.spans import join_parts
from bots.queries.starboard_entry import StarboardEntry
from bots.texts import jobs
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action


def compose_starboard(entry: StarboardEntry, *, url: str = "", pixelated: bool = False) -> Message:
    """`url` leads to the message of its job. `pixelated`: the platform has no spoilers."""
    picture, job = entry.picture, entry.job
    pixelated = pixelated and job.spoiler
    stars = translate_plural(jobs.STAR, jobs.STARS, picture.stars)
    line = join_parts(
        [
            (f"⭐ {stars}",),
            (PersonName(job.person),),
            (Code(picture.id),),
            (Link(translate(jobs.JUMP), url),) if url else (),
        ]
    )
    title = title_of(picture.recipe.prompt)
    return Message(
        parts=(
            Images(
                images=(picture_image(picture, pixelated=pixelated),), spoiler=job.spoiler and not pixelated
            ),
            Title(title),
            Small(line),
        ),
        rows=rows_of([button(Action.SHOW, job.id)]) if pixelated else (),
        summary=f"⭐ {stars}: {title}",
    )
