"""Two to four pictures side by side, in a dialog."""

from starlette.requests import Request

from bots.presentation.compose.parts.heading import heading_of
from bots.presentation.compose.parts.pictures import alt_text_of
from bots.queries.job_view import load_job_views
from bots.web.access.session_cookies import WebUser
from bots.web.addresses import picture_path
from bots.web.context import WebContext
from bots.web.render import shown_picture
from bots.web.routes.page_layout import dialog
from bots.web.templating import render_template
from studio.domain.identifiers import split_picture_id
from studio.errors import NotFoundError
from studio.services.visibility import Audience, find_pictures

MOST_COMPARED = 4


@dialog(unbanned=True)
def comparison_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /compare/<picture>,<picture>...: each once, in their order. Raises `NotFoundError` if one is missing."""
    wanted = list(dict.fromkeys(request.path_params["pictures"].split(",")))
    if not 2 <= len(wanted) <= MOST_COMPARED or not all(map(split_picture_id, wanted)):
        raise NotFoundError("this_page")
    with context.ports.database.read() as session:
        found = find_pictures(session, wanted, Audience.of_person(user.person))
        if len(found) < len(wanted) or any(picture.deleted for picture, _ in found):
            raise NotFoundError("this_picture")
        views = load_job_views(session, [job for _, job in found])
    pictures = [
        (shown_picture(picture, spoiler=job.spoiler), alt_text_of(picture), heading_of(view, picture_path))
        for (picture, job), view in zip(found, views, strict=True)
    ]
    return render_template("comparison.html", pictures=pictures)
