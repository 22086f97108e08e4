"""The cases of the moderators' desk: a list, and the one that the moderator claimed."""

from collections.abc import Mapping
from functools import partial

from pydantic import StrictBool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.cases import compose_case
from bots.presentation.compose.lists import case_entry, raid_spans
from bots.presentation.compose.settings import lockdown_spans
from bots.process.thread_pools import Pool
from bots.queries.open_cases import read_for
from bots.texts.cases import heading
from bots.texts.shortening import shorten
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.live.responses import text_of
from bots.web.queries.desk_counts import count_message, count_open
from bots.web.render import with_people
from bots.web.routes.authentication import require_posting_user
from bots.web.routes.desk.access import require_moderating_user
from bots.web.routes.page_layout import page_response
from bots.web.routes.posts import PostedBody, execute_posted, read_posted
from bots.web.templating import render_template
from studio.clock import now
from studio.commands.button_ids import Action
from studio.commands.moderation.raid_signs import find_raid_signs
from studio.commands.results import CaseOpened
from studio.db.cases import desk_cases
from studio.db.identities.people import find_person
from studio.db.settings import community_rules
from studio.domain.cases import Case, CaseDetails, CaseState
from studio.domain.people import Person
from studio.errors import NotFoundError
from studio.ports import CasePreview

DECISION_KEYS = {
    Action.APPROVE: "a",
    Action.SPOILER: "s",
    Action.REJECT: "r",
    Action.WARN: "w",
    Action.SUSPEND: "u",
    Action.BAN: "b",
    Action.BLOCK: "x",
    Action.OVERTURN: "o",
}
_DECIDED_SHOWN = 8
_LONGEST_EXCERPT = 140  # characters


class _Decision(PostedBody):
    decision: str
    note: str = ""


class _Lockdown(PostedBody):
    on: StrictBool


async def desk_page(request: Request) -> Response:
    """GET /desk."""
    context, user = await require_moderating_user(request)
    cases = await context.pools.run(Pool.DATABASE, _list, context, user)
    return page_response(
        request, "desk/desk.html", {"token": context.session_store.form_token(user), "cases": cases}
    )


async def case_list(request: Request) -> Response:
    """GET /desk/cases: the list alone, asked for again and again."""
    context, user = await require_moderating_user(request)
    return HTMLResponse(await context.pools.run(Pool.DATABASE, _list, context, user))


async def case_count(request: Request) -> Response:
    """GET /desk/count: how many cases are open, for the button of the desk."""
    context, user = await require_moderating_user(request)

    count = await context.pools.run(Pool.DATABASE, count_open, context.ports.database, *user.person.home)
    return JSONResponse(count_message(count))


async def claim_case(request: Request) -> Response:
    """POST /desk/<case>/claim: the case as a moderator reads it."""
    return await _review(request, {})


async def decide_case(request: Request) -> Response:
    """POST /desk/<case>/decide with a decision and a note as JSON."""
    return await _review(request, (await read_posted(request, _Decision)).model_dump())


async def change_lockdown(request: Request) -> Response:
    """POST /desk/lockdown with ``{"on": true}`` or false as JSON."""
    await _posting_moderator(request)
    on = (await read_posted(request, _Lockdown)).on
    await execute_posted(request, "community", {"setting": "lockdown", "value": "all" if on else "off"})
    return JSONResponse({"text": translate(texts.LOCKED_DOWN if on else texts.LOCKDOWN_ENDED)})


async def case_picture(request: Request) -> Response:
    """GET /desk/<case>/pictures/<picture>: a mosaic, or with ``?seen`` the picture; of ``?small`` its thumbnail."""
    context, user = await require_moderating_user(request)
    work = partial(
        _picture,
        context,
        user,
        request.path_params["case"],
        request.path_params["picture"],
        small="small" in request.query_params,
    )
    data = await context.pools.run(Pool.FILES, work)
    if "seen" not in request.query_params:
        from bots.delivery.attachments import pixelate  # Pillow is loaded when a moderator needs it

        blurred = await context.pools.run(Pool.FILES, pixelate, data)
        if blurred is None:
            raise NotFoundError("this_picture")
        data = blurred
    kind = "image/webp" if data[8:12] == b"WEBP" else "image/png"
    return Response(data, media_type=kind, headers={"Cache-Control": "private, no-store"})


async def _review(request: Request, values: dict[str, str]) -> Response:
    """What was claimed as a piece of HTML; of a decision its outcome."""
    context, _ = await _posting_moderator(request)
    answer = await execute_posted(request, "review", {"case": request.path_params["case"], **values})
    if isinstance(answer, CaseOpened):
        html = await context.pools.run(Pool.DATABASE, _case_html, context, answer.details)
        return JSONResponse({"html": html})
    return JSONResponse({"text": text_of(compose_answer(answer))})


def _case_html(context: WebContext, details: CaseDetails) -> str:
    """All pictures of the case, pixelated until the moderator asks for one."""
    with context.ports.database.read() as session:
        message = with_people(compose_case(details, taken=True), partial(find_person, session))
    return render_template(
        "desk/case.html",
        case=details.case,
        message=message,
        images=details.images,
        decisions=[
            (DECISION_KEYS[button.action], button)
            for button in message.buttons
            if button.action in DECISION_KEYS
        ],
    )


def _list(context: WebContext, user: WebUser) -> str:
    with context.ports.database.read() as session:
        opened = desk_cases(session, user.person)
        closed = desk_cases(session, user.person, states=(CaseState.CLOSED,), limit=_DECIDED_SHOWN)
        lockdown = lockdown_spans(community_rules(session, *user.person.home))
        raid = raid_spans(signs) if (signs := find_raid_signs(session, user.person, at=now())) else ()
        people = {case.subject: find_person(session, case.subject) for case in (*opened, *closed)}
    count = count_open(context.ports.database, *user.person.home)
    previews = context.ports.desk.preview(user.person, opened)
    return render_template(
        "desk/cases.html",
        rows=[_row(case, people, user, previews.get(case.id)) for case in opened],
        decided=[_row(case, people, user) for case in closed],
        count=count,
        lockdown=lockdown,
        raid=raid,
    )


def _row(
    case: Case, people: Mapping[str, Person], user: WebUser, preview: CasePreview | None = None
) -> dict[str, object]:
    held_by = case.claimed_by if case.claimed_until and case.claimed_until > now() else None
    return {
        "case": case,
        "heading": heading(case),
        "entry": case_entry(case),
        "person": people[case.subject],
        "mine": held_by == user.person.key,
        "taken": held_by not in (None, user.person.key),
        "words": _excerpts(case, preview) if preview else [],
        "image": preview.image if preview else None,
    }


def _excerpts(case: Case, preview: CasePreview) -> list[str]:
    """The beginning of the prompt, then of what was written about it."""
    prompt = preview.prompt
    if preview.withheld:
        prompt = translate(texts.WITHHELD_WORDS)
    elif preview.encrypted:
        prompt = translate(texts.ENCRYPTED_WORDS)
    return [shorten(words, _LONGEST_EXCERPT) for words in (prompt, case.words) if words]


def _picture(context: WebContext, user: WebUser, case_id: str, picture_id: str, *, small: bool) -> bytes:
    details = read_for(context.ports.database, context.ports.desk, user.person, case_id)
    found = next((image for image in details.images if image.id == picture_id), None)
    if found is None:
        raise NotFoundError("this_picture")
    return context.ports.store.get(found.thumbnail_key if small else found.key)


async def _posting_moderator(request: Request) -> tuple[WebContext, WebUser]:
    """Raises as `require_moderating_user`, and `HTTPException` for a post without the form token of its page."""
    await require_moderating_user(request)
    return require_posting_user(request)
