"""The page "My pictures": a search, filters, and pictures that go on below as one scrolls."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.presentation.compose.parts.pictures import alt_text_of
from bots.process.thread_pools import Pool
from bots.texts.coded.notices import DEEDS
from bots.texts.translation import translate
from bots.web import texts
from bots.web.render import shown_picture
from bots.web.routes.authentication import require_unbanned_user
from bots.web.routes.gallery.folders import MOST_SELECTED
from bots.web.routes.page_layout import page_response
from bots.web.routes.prompt import most_references
from bots.web.templating import render_template, script_texts
from studio.commands.styles.named_style import names_of_styles
from studio.commands.submission.known_names import names_offered
from studio.db.database import Database
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation
from studio.errors import NotFoundError
from studio.services.gallery.folders import Folder, find_folder, list_folders
from studio.services.gallery.picture_list import (
    ListedPicture,
    PictureFilter,
    Position,
    list_homes,
    list_pictures,
)

# Two to six in a row fill a page without a gap.
PICTURES_A_PAGE = 60
_MOST_LETTERS = 200
_EVERYBODY = "everybody"


async def gallery_page(request: Request) -> Response:
    """GET /pictures, with the fields of its form as its query, and ``after=<place>`` to go on without scripts."""
    context, user = await require_unbanned_user(request)
    wanted = read_filter(request.query_params)
    first = await context.pools.run(
        Pool.DATABASE, render_pictures, context.ports.database, user.person, request.query_params
    )
    opened, offered, homes = await context.pools.run(
        Pool.DATABASE, _load_places, context.ports.database, user.person, wanted.folder
    )
    models, _ = names_offered(context.ports)
    styles = await context.pools.run(Pool.DATABASE, names_of_styles, context.ports, user.person)
    values = {
        "token": context.session_store.form_token(user),
        "wanted": wanted,
        "folder": opened,
        "folders": offered,
        "homes": _labels_of(homes),
        "moderates": user.person.moderates,
        "is_narrow": not wanted.is_wide,
        "download": f"/pictures/zip?{urlencode(dict(request.query_params))}",
        "first": first,
        "operations": {operation: translate(deed).capitalize() for operation, deed in DEEDS.items()},
        "models": models,
        "styles": styles,
        "most_references": most_references(context.ports),
        "data": {"texts": script_texts()},
    }
    return page_response(request, "gallery.html", values)


def _load_places(
    database: Database, viewer: Person, folder_id: str
) -> tuple[Folder | None, list[Folder], list[tuple[Platform, str]]]:
    """The folder that is open, all that the viewer may open, and their communities. Raises `NotFoundError`."""
    with database.read() as session:
        found = list_folders(session, viewer)
        opened = find_folder(session, viewer, folder_id) if folder_id else None
        return opened, found, list_homes(session, viewer)


def _labels_of(homes: Sequence[tuple[Platform, str]]) -> dict[tuple[Platform, str], str]:
    """Communities as people know them: by their platform, and by their id as well where it has several."""
    platforms = [platform for platform, _ in homes]
    return {
        (platform, community): translate(texts.PLATFORMS[platform])
        + (f" {community}" if platforms.count(platform) > 1 else "")
        for platform, community in homes
    }


async def more_pictures(request: Request) -> Response:
    """GET /pictures/page, with the same query: the pictures alone."""
    context, user = await require_unbanned_user(request)
    return HTMLResponse(
        await context.pools.run(
            Pool.DATABASE, render_pictures, context.ports.database, user.person, request.query_params
        )
    )


def read_filter(query: Mapping[str, str]) -> PictureFilter:
    """Raises `NotFoundError` for values that the form does not send."""
    if any("\0" in value for value in query.values()):  # which PostgreSQL takes in no text
        raise NotFoundError("this_page")
    try:
        return PictureFilter(
            words=query.get("words", "")[:_MOST_LETTERS],
            mine=query.get("of", "") != _EVERYBODY,
            operation=Operation(found) if (found := query.get("operation")) else None,
            model=query.get("model", "")[:_MOST_LETTERS],
            style=query.get("style", "")[:_MOST_LETTERS],
            starred=bool(query.get("starred")),
            home=_read_home(query.get("community", "")),
            since=_read_day(query.get("since")),
            until=_read_day(query.get("until")),
            folder=query.get("folder", "")[:_MOST_LETTERS],
            pictures=tuple(filter(None, query.get("pictures", "").split(",")))[:MOST_SELECTED],
        )
    except ValueError as error:
        raise NotFoundError("this_page") from error


def _read_day(typed: str | None) -> date | None:
    return date.fromisoformat(typed) if typed else None


def _read_home(typed: str) -> tuple[Platform, str] | None:
    """Of ``discord:8123``. Raises `ValueError`."""
    platform, _, community = typed.partition(":")
    return (Platform(platform), community[:_MOST_LETTERS]) if typed else None


def _read_position(typed: str) -> Position:
    """Raises `NotFoundError`."""
    moment, _, picture_id = typed.partition("~")
    try:
        created_at = datetime.fromisoformat(moment)
    except ValueError as error:
        raise NotFoundError("this_page") from error
    if created_at.tzinfo is None or not picture_id or len(picture_id) > 16:
        raise NotFoundError("this_page")
    return Position(created_at, picture_id)


def render_pictures(database: Database, viewer: Person, query: Mapping[str, str]) -> str:
    """One page of pictures as HTML. Blocking; raises `NotFoundError`."""
    wanted = read_filter(query)
    typed = query.get("after", "")
    after = _read_position(typed) if typed else None
    with database.read() as session:
        if wanted.folder:
            find_folder(session, viewer, wanted.folder)
        found = list_pictures(session, viewer, wanted, after=after, limit=PICTURES_A_PAGE)
    return render_template(
        "gallery_pictures.html",
        cards=[
            (entry, shown_picture(entry.picture, spoiler=entry.job.spoiler), alt_text_of(entry.picture))
            for entry in found
        ],
        after=typed,
        older=_address_behind(query, found[-1]) if len(found) == PICTURES_A_PAGE else "",
        wanted=wanted,
    )


def _address_behind(query: Mapping[str, str], last: ListedPicture) -> str:
    """Of the pictures that come after one, with the same filter."""
    place = f"{last.picture.created_at.isoformat()}~{last.picture.id}"
    fields = {name: value for name, value in query.items() if value} | {"after": place}
    return f"/pictures?{urlencode(fields)}"
