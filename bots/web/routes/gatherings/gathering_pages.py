"""Pages of gatherings: each with its live state, and what it shows to one person or asks in a form."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from bots.presentation.compose.gatherings.management import with_management
from bots.presentation.compose.gatherings.presenter import OPEN, with_drawings
from bots.presentation.compose.gatherings.registry import find_presenter
from bots.presentation.form_model import Form
from bots.presentation.interaction_router import Ask, Panel
from bots.presentation.message import Images, Message
from bots.presentation.subject_lookup import load_form, load_panel
from bots.process.thread_pools import Pool
from bots.queries.gathering_view import GatheringView, load_gathering_view
from bots.texts.translation import translate
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.render import FormPicture, ShownImage, render, render_form, shown_picture
from bots.web.routes.authentication import require_unbanned_user
from bots.web.routes.page_layout import dialog, message_html
from bots.web.templating import render_template
from studio.commands.button_ids import Action, Button, parse_button
from studio.errors import NotFoundError

_LARGEST_BYTES = 8 * 1024 * 1024
_TYPES = {".png": "image/png", ".webp": "image/webp", ".gif": "image/gif", ".jpg": "image/jpeg"}


@dialog(unbanned=True)
def gathering_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /gatherings/<id>."""
    message, images, label = _load(context, user, request)
    return render_template(
        "gathering.html",
        message=render(message, images),
        summary=message.summary,
        path=f"/gatherings/{request.path_params['gathering']}",
        whole_label=label,
    )


async def live_part(request: Request) -> Response:
    """GET /gatherings/<id>/live: the message as it is now, for a dialog that is open."""
    context, user = await require_unbanned_user(request)
    message, images, _ = await context.pools.run(Pool.DATABASE, _load, context, user, request)
    return HTMLResponse(render(message, images))


@dialog(unbanned=True)
def look_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /gatherings/<id>/look/<verb>/<round>/<part>: what it shows to one person."""
    message = _panel(context, user, request)
    images = {image.name: _image_at(f"{request.url.path}/images/{image.name}") for image in message.files}
    return message_html(message, images)


@dialog(unbanned=True)
def form_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /gatherings/<id>/form/<verb>/<round>/<part>: what it asks in a form."""
    form, picture = _form(context, user, request), None
    if form.image is not None:
        shown = _image_at(f"{request.url.path}/images/{form.image.name}")
        picture = FormPicture(image=shown, alt_text=form.image.alt_text)
    return str(render_form(form, picture))


async def image_file(request: Request) -> Response:
    """GET …/images/<name>: an image of the message, panel or form before it, if the person may see that now."""
    context, user = await require_unbanned_user(request)
    name: str = request.path_params["name"]
    load_message = _FILES_OF.get(request.path_params.get("shown_in", "message"))
    if load_message is None:
        raise NotFoundError("this_page")

    def load() -> tuple[bytes, str]:
        from bots.delivery.message_files import load_files  # brings Pillow, which most pages need not

        message = load_message(context, user, request)
        found = load_files(context.ports, message, limit_bytes=_LARGEST_BYTES).files.get(name)
        if found is None:
            raise NotFoundError("this_picture")
        return found.data, found.suffix

    data, suffix = await context.pools.run(Pool.FILES, load)
    kind = _TYPES.get(suffix, "application/octet-stream")
    return Response(data, media_type=kind, headers={"Cache-Control": "private, no-store"})


async def whole_file(request: Request) -> Response:
    """GET /gatherings/<id>/whole: all of it in full size, sent while it is read."""
    context, user = await require_unbanned_user(request)
    view = await context.pools.run(Pool.DATABASE, _view, context, user, request)
    presenter = find_presenter(view.gathering.kind)
    if presenter.whole is None:
        raise NotFoundError("this_picture")
    pieces, media_type = await context.pools.run(Pool.FILES, presenter.whole, context.ports, view)
    return StreamingResponse(pieces, media_type=media_type, headers={"Cache-Control": "private, no-store"})


def _message_files(context: WebContext, user: WebUser, request: Request) -> Message:
    view = _view(context, user, request)
    presenter = find_presenter(view.gathering.kind)
    return with_drawings(presenter.message(view), presenter.draw(context.ports, view, _LARGEST_BYTES))


def _panel(context: WebContext, user: WebUser, request: Request) -> Message:
    press = _press_of(request, Action.GATHER_SHOW)
    return load_panel(context.ports, Panel(job_id=press.job_id, index=0, press=press), user.person)


def _form(context: WebContext, user: WebUser, request: Request) -> Form:
    press = _press_of(request, Action.GATHER_ASK)
    return load_form(context.ports, Ask(action=press.action, job_id=press.job_id, press=press), user.person)


def _form_files(context: WebContext, user: WebUser, request: Request) -> Message:
    form = _form(context, user, request)
    return Message(parts=(Images(images=(form.image,)),) if form.image else ())


_FILES_OF = {"message": _message_files, "look": _panel, "form": _form_files}


def _view(context: WebContext, user: WebUser, request: Request) -> GatheringView:
    return load_gathering_view(context.ports.database, request.path_params["gathering"], reader=user.person)


def _load(
    context: WebContext, user: WebUser, request: Request
) -> tuple[Message, Mapping[str, ShownImage], str]:
    """The message, its images, and the label of the whole in full size; empty where its kind has none."""
    view = _view(context, user, request)
    presenter = find_presenter(view.gathering.kind)
    message = with_management(presenter.message(view), view, presenter.name)
    return message, _images(view, message), translate(presenter.whole_label) if presenter.whole else ""


def _images(view: GatheringView, message: Message) -> dict[str, ShownImage]:
    """Pictures that have pages of their own by those; secret ones and drawings by the gathering's page."""
    own_pages = {part.picture.key: part for part in view.parts if part.picture and not part.unlisted}
    shown = {}
    for image in message.files:
        part = own_pages.get(image.key)
        if part is not None and part.picture is not None:
            shown[image.name] = shown_picture(part.picture, spoiler=part.spoiler)
        else:
            shown[image.name] = _image_at(
                f"/gatherings/{view.gathering.id}/images/{image.name}?at={_version(view)}"
            )
    return shown


def _version(view: GatheringView) -> int:
    """Another one after each change of a part: a browser shows what it has of an address that a page named before."""
    changes = [found.part.changed_at.timestamp() for found in view.parts if found.part.changed_at]
    return int(1000 * max(changes, default=0))


def _image_at(address: str) -> ShownImage:
    return ShownImage(copies=[(address, 1)])


def _press_of(request: Request, action: Action) -> Button:
    """Raises `NotFoundError`."""
    path = request.path_params
    text = f"c1:{action}:{path['gathering']}:0:{path['verb']}:{path['round']}:{path['part']}"
    press = parse_button(text)
    if press is None or press.verb == OPEN:
        raise NotFoundError("this_page")
    return press
