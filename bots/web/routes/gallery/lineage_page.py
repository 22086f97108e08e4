"""The page with the family tree of a picture: its generations as lists, between which a script draws the lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse

from bots.drawing.generations import find_generations
from bots.presentation.compose.gatherings.mural_lineage import describe_whole, lineage_button
from bots.presentation.compose.parts.pictures import alt_text_of, title_of
from bots.presentation.message import PersonName, Spans
from bots.presentation.spans import sentence
from bots.process.thread_pools import Pool
from bots.texts.coded.notices import DEEDS
from bots.texts.gatherings.mural import SHOW_WHOLE
from bots.texts.jobs import CREDIT
from bots.texts.shortening import subject_of
from bots.texts.translation import translate
from bots.web.access.session_cookies import WebUser
from bots.web.addresses import picture_path
from bots.web.render import ShownImage, shown_picture
from bots.web.routes.authentication import require_unbanned_user
from bots.web.routes.page_layout import page_response
from studio.commands.registry import execute
from studio.commands.results import Family, Relative
from studio.errors import NotFoundError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One picture of the tree. `image` is None where it was deleted.

    `parents` are ids of nodes, and `sources` say what those show.
    """

    relative: Relative
    image: ShownImage | None
    alt_text: str
    deed: str
    credit: Spans
    sources: str

    @property
    def parents(self) -> str:
        return " ".join(self.relative.parents)


async def lineage_page(request: Request) -> HTMLResponse:
    """GET /lineage/<picture>."""
    context, user = await require_unbanned_user(request)
    picture_id: str = request.path_params["picture"]
    family = await context.pools.run(Pool.DATABASE, _load_family, context.ports, user, picture_id)
    asked = next(relative for relative in family.relatives if relative.picture.id == picture_id)
    values = {
        "picture": picture_id,
        "title": title_of(asked.picture.recipe.prompt),
        "generations": [list(row) for row in _nodes(family)],
        "count": len(family.relatives),
        "wholes": [
            (describe_whole(whole), lineage_button(whole.gathering, SHOW_WHOLE)) for whole in family.wholes
        ],
        "back": picture_path(picture_id),
    }
    return page_response(request, "lineage.html", values)


def _load_family(ports: Ports, user: WebUser, picture_id: str) -> Family:
    """Raises `NotFoundError`."""
    answer = execute(ports, user.call(), "lineage", {"picture": picture_id})
    if not isinstance(answer, Family):
        raise NotFoundError("this_page")
    return answer


def _nodes(family: Family) -> Iterator[Sequence[Node]]:
    by_id = {relative.picture.id: relative for relative in family.relatives}
    for generation in find_generations(family.relatives):
        yield [_node(relative, [by_id[parent] for parent in relative.parents]) for relative in generation]


def _node(relative: Relative, parents: Sequence[Relative]) -> Node:
    picture = relative.picture
    words = [_subject(parent) for parent in parents]
    return Node(
        relative=relative,
        image=None if picture.deleted else shown_picture(picture, spoiler=relative.spoiler),
        alt_text="" if picture.deleted else alt_text_of(picture),
        deed=translate(DEEDS[picture.recipe.operation]),
        credit=sentence(CREDIT, maker=PersonName(relative.person)),
        sources=", ".join(words),
    )


def _subject(relative: Relative) -> str:
    picture = relative.picture
    return translate("a deleted picture") if picture.deleted else subject_of(picture.recipe.prompt)
