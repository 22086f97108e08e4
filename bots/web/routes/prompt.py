"""What stands in the prompt when the page of the app opens: what somebody uses again of their pictures."""

from collections.abc import Mapping, Sequence

from bots.presentation.prompt_flags import typed_words
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from studio.domain.identifiers import split_picture_id
from studio.domain.pictures import Picture
from studio.domain.requests import MOST_REFERENCES
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services.visibility import Audience, find_picture

USES = ("prompt", "seed", "picture")


def load_prompt(context: WebContext, user: WebUser, query: Mapping[str, str]) -> str:
    """Of ``?use=<prompt, seed or picture>&of=<picture>,<picture>``; empty without it. Blocking.

    Raises `NotFoundError`.
    """
    use = query.get("use", "")
    if not use:
        return ""
    wanted = list(dict.fromkeys(query.get("of", "").split(",")))
    if use not in USES or len(wanted) > MOST_REFERENCES or not all(map(split_picture_id, wanted)):
        raise NotFoundError("this_page")
    audience = Audience.of_person(user.person)
    with context.ports.database.read() as session:
        pictures = [find_picture(session, picture_id, audience) for picture_id in wanted]
    if use == "prompt":
        return typed_words(pictures[0].recipe.prompt)
    if use == "seed":
        return f" --seed {pictures[0].recipe.seed}"
    return _references(context.ports, pictures)


def most_references(ports: Ports) -> int:
    """How many pictures one prompt may use. Where no model takes references, one is painted again."""
    return MOST_REFERENCES if any(model.takes_references for model in ports.options.models()) else 1


def _references(ports: Ports, pictures: Sequence[Picture]) -> str:
    """Of a model that takes none, the first picture is painted again with other words."""
    ids = [picture.id for picture in pictures]
    return f" --ref {', '.join(ids)}" if most_references(ports) > 1 else f"/remix {ids[0]} "
