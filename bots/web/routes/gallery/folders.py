"""What is done with folders and with several pictures at once, from the page "My pictures"."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.presentation.subject_lookup import changes_star
from bots.process.thread_pools import Pool
from bots.texts.translation import translate_plural
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.routes.authentication import require_not_banned, require_posting_user, require_unbanned_user
from bots.web.routes.posts import PostedBody, read_posted
from studio.commands.registry import execute
from studio.domain.identifiers import JOB_ID, PICTURE_ID
from studio.errors import ChatelierError, RateLimitedError
from studio.services.gallery import folders

MOST_SELECTED = 200
_SELECTIONS_A_MINUTE = 12
_AT_ONCE = 10  # pictures, after which other commands have their turn
_PICTURE = f"^{PICTURE_ID.pattern}$"
_FOLDER = f"^({JOB_ID.pattern})?$"


class _FolderChange(PostedBody):
    do: Literal["rename", "share", "unshare", "delete"]
    name: Annotated[str, Field(max_length=400)] = ""


class _NewFolder(PostedBody):
    name: Annotated[str, Field(max_length=400)]


class _Selection(PostedBody):
    do: Literal["move", "star", "delete"]
    pictures: Annotated[
        tuple[Annotated[str, Field(pattern=_PICTURE)], ...], Field(min_length=1, max_length=MOST_SELECTED)
    ]
    folder: Annotated[str, Field(pattern=_FOLDER)] = ""


async def folder_page(request: Request) -> Response:
    """GET /folders/<folder>: the address of a folder. The page says whether one may open it."""
    await require_unbanned_user(request)
    return RedirectResponse(f"/pictures?folder={request.path_params['folder']}", status_code=303)


async def new_folder(request: Request) -> Response:
    """POST /folders, with its name as JSON; answers with its id."""
    context, user = await _require_unbanned_poster(request)
    wanted, create = await read_posted(request, _NewFolder), folders.create_folder
    folder_id = await context.pools.run(Pool.COMMANDS, create, context.ports, user.person, wanted.name)
    return JSONResponse({"id": folder_id})


async def change_folder(request: Request) -> Response:
    """POST /folders/<folder>: rename, share, unshare or delete it."""
    context, user = await _require_unbanned_poster(request)
    wanted = await read_posted(request, _FolderChange)
    await context.pools.run(
        Pool.COMMANDS, _change_folder, context, user, request.path_params["folder"], wanted
    )
    return JSONResponse({})


def _change_folder(context: WebContext, user: WebUser, folder_id: str, wanted: _FolderChange) -> None:
    match wanted.do:
        case "rename":
            folders.rename_folder(context.ports, user.person, folder_id, wanted.name)
        case "delete":
            folders.delete_folder(context.ports, user.person, folder_id)
        case _:
            folders.share_folder(context.ports, user.person, folder_id, shared=wanted.do == "share")


async def change_selection(request: Request) -> Response:
    """POST /pictures/selection: move, star or delete up to 200 pictures. Of what fails, the answer says why."""
    context, user = await _require_unbanned_poster(request)
    return JSONResponse(await _change(context, user, await read_posted(request, _Selection)))


async def _change(context: WebContext, user: WebUser, wanted: _Selection) -> dict[str, object]:
    key = f"selection:{user.user_id}"
    if not context.attempt_limiter.take(key, tries=_SELECTIONS_A_MINUTE):
        raise RateLimitedError(retry_after_seconds=60 / _SELECTIONS_A_MINUTE, scope="attempts")
    run = context.pools.run
    if wanted.do == "move":
        move, pictures = folders.move_pictures, wanted.pictures
        await run(Pool.COMMANDS, move, context.ports, user.person, pictures, wanted.folder)
        return _done(len(pictures), texts.MOVED)
    selected, changed, problem = tuple(dict.fromkeys(wanted.pictures)), [], ""
    for start in range(0, len(selected), _AT_ONCE):
        part = selected[start : start + _AT_ONCE]
        done, refused = await run(Pool.COMMANDS, _change_pictures, context, user, wanted.do, part)
        changed += done
        problem = refused or problem
    sentences = texts.DELETED if wanted.do == "delete" else texts.STARRED
    return {**_done(len(changed), sentences), "changed": changed, "problem": problem}


def _change_pictures(
    context: WebContext, user: WebUser, do: str, pictures: Sequence[str]
) -> tuple[list[str], str]:
    """Those that were changed, and why the last of the others was not."""
    changed, problem = [], ""
    for picture in pictures:
        try:
            if do == "delete":
                execute(context.ports, user.call(), "delete", {"what": picture})
            elif changes_star(context.ports.database, picture, user.person.key, added=True):
                execute(context.ports, user.call(), "star", {"picture": picture})
            changed.append(picture)
        except ChatelierError as error:
            problem = compose_error(error).summary
    return changed, problem


def _done(count: int, sentences: tuple[str, str]) -> dict[str, object]:
    return {"text": translate_plural(*sentences, count)}


async def _require_unbanned_poster(request: Request) -> tuple[WebContext, WebUser]:
    """Raises `HTTPException` and `BannedError`."""
    context, user = require_posting_user(request)
    await require_not_banned(context, user)
    return context, user
