"""The pages and the sheets that open over them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.runtime.thread_pools import Pool
from bots.texts.answers import lines_of
from bots.web.access.sessions import ROOM_ADDRESS
from bots.web.live.responses import VOICE
from bots.web.queries.inbox import mark_read, read_messages
from bots.web.queries.job_cards import load_cards
from bots.web.queries.picture_details import load_details
from bots.web.rendering import render
from bots.web.routes.authentication import context_of, require_not_banned, require_unbanned_user, require_user
from bots.web.routes.banned import banned_page
from bots.web.routes.login import entry_page
from bots.web.routes.page_layout import page_of, sheet_of
from bots.web.texts import texts
from studio.commands.moderation.report import LONGEST_REASON
from studio.commands.registry import FORMER_COMMANDS, REACTIONS, execute
from studio.commands.results import History, InQueue
from studio.commands.spec import Call
from studio.commands.submission.known_names import default_note, names_offered
from studio.db import queries
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.settings.preferences import RemixConsent
from studio.errors import BannedError, NotFoundError
from studio.parsing.grid_regions import COLUMNS, ROWS

ASPECTS = ("16:9", "3:2", "1:1", "2:3", "9:16")


async def room_page(request: Request) -> Response:
    context = context_of(request)
    user = context.session_store.read(request)
    if user is None or not context.session_store.admits(user):
        return entry_page(request, user)
    try:
        await require_not_banned(context, user)
    except BannedError as error:
        return await banned_page(request, texts.sentence_of(error))
    return HTMLResponse(page_of(request, user))


async def older(request: Request) -> Response:
    """GET /wall?before=<job>: older work, for scrolling down."""
    context, user = await require_unbanned_user(request)
    before = request.query_params.get("before", "")
    if not is_job_id(before):
        raise NotFoundError("That page")
    return HTMLResponse(await context.feed.load_page(user, before))


async def picture_sheet(request: Request) -> Response:
    """GET /view, /edit, /remix and /expand/<picture>: one picture, and what can be made of it."""
    context, user = await require_unbanned_user(request)
    picture_id: str = request.path_params["picture"]
    if split_picture_id(picture_id) is None:
        raise NotFoundError("That picture")

    def load() -> str:
        with context.ports.database.read() as session:
            details = load_details(session, picture_id, user.person)
        name = request.url.path.split("/")[1]
        return render(f"{name}.html", details=details, user=user, **_FORM_WORDS)

    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))


async def job_sheet(request: Request) -> Response:
    """GET /jobs/<job>: a job with its pictures and its recipe."""
    context, user = require_user(request)
    job_id: str = request.path_params["job"]

    def load() -> str:
        with context.ports.database.read() as session:
            job = queries.find_job(session, job_id, viewer=user.person)
            card = load_cards(session, [job])[0]
        if not card.seen_by(user.user_id, moderator=user.moderator):
            raise NotFoundError(f"Job {job_id}")
        if job.person.key != user.person.key:  # one's own stay within reach of whoever is banned
            context.ports.gate.require_not_banned(user.person)
        return render("job.html", card=card, job=card.job)

    if not is_job_id(job_id):
        raise NotFoundError("That job")
    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))


async def flag_sheet(request: Request) -> Response:
    """GET /flag/<picture> and /flag/<job>: which picture is reported, and why."""
    context, user = await require_unbanned_user(request)
    what: str = request.path_params["what"]
    split = split_picture_id(what)
    job_id = split[0] if split else what
    if not is_job_id(job_id):
        raise NotFoundError("That picture")

    def load() -> str:
        with context.ports.database.read() as session:
            card = load_cards(session, [queries.find_job(session, job_id, viewer=user.person)])[0]
        if not card.tiles:
            raise NotFoundError("That picture")
        return render("flag.html", card=card, chosen=what, longest_reason=LONGEST_REASON)

    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))


async def own_sheet(request: Request) -> Response:
    """GET /mine/queue and /mine/history: one's own jobs, those that wait or those that are over."""
    context, user = require_user(request)
    name: str = request.path_params["name"]
    if name not in ("queue", "history"):
        raise NotFoundError("That page")
    call = Call(person=user.person, address=ROOM_ADDRESS, request_key="")

    def load() -> str:
        answer = execute(context.ports, call, name, {})
        places = answer.places if isinstance(answer, InQueue) else ()
        jobs = answer.jobs if isinstance(answer, History) else ()
        rows = [(place.job, place.ahead, place.eta_seconds) for place in places]
        rows += [(job, 0, None) for job in jobs]
        return render("job_list.html", name=name, rows=rows)

    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))


async def help_sheet(request: Request) -> Response:
    context, user = require_user(request)
    note = default_note(context.ports)
    html = render("help.html", reactions=REACTIONS, moderator=user.moderator, note=note)
    return sheet_of(request, user, html)


_FORM_WORDS: dict[str, Any] = {"columns": COLUMNS, "rows": ROWS, "aspects": ASPECTS}


async def messages_sheet(request: Request) -> Response:
    """GET /mine/messages: reading them is having been told."""
    context, user = require_user(request)

    def load() -> str:
        with context.ports.database.begin() as session:
            questions, notices = read_messages(session, user.person.key)
            mark_read(session, user.person.key)
        return render("messages.html", questions=questions, notices=notices)

    sheet = sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))
    context.hub.post_changed(user.user_id)
    return sheet


async def settings_sheet(request: Request) -> Response:
    """GET /settings: what one has settled for oneself."""
    context, user = require_user(request)
    call = Call(person=user.person, address=ROOM_ADDRESS, request_key="")

    def load() -> str:
        settled: Any = execute(context.ports, call, "settings", {})
        models, styles = names_offered(context.ports)
        return render(
            "settings.html",
            chosen=settled.preferences,
            consents=RemixConsent,
            models=models,
            styles=styles,
            **_FORM_WORDS,
        )

    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))


async def rules_sheet(request: Request) -> Response:
    """GET /rules: what the moderators settled for the room; for them only. ?typed= is the command's former name."""
    context, user = require_user(request)
    call = Call(person=user.person, address=ROOM_ADDRESS, request_key="")
    typed = request.query_params.get("typed", "")
    name = typed if typed in FORMER_COMMANDS else "community"

    def load() -> str:
        answer: Any = execute(context.ports, call, name, {})
        return render("rules.html", lines=lines_of(answer, VOICE))

    return sheet_of(request, user, await context.pools.run(Pool.DATABASE, load))
