"""The entry page: a name, and the invite word where one is needed."""

import asyncio
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bots.web import words
from bots.web.access.trusted_proxies import network_of
from bots.web.fragments import render
from bots.web.house import House
from bots.web.visitors import COOKIE, LONGEST_NAME, Visitor, clean_name

_TRIES_A_MINUTE = 20
_WRONG_WORD_SECONDS = 0.5


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


class NotAdmitted(Exception):
    """Answered with the entry page, or with a plain refusal where no page is expected."""


def admitted(request: Request) -> tuple[House, Visitor]:
    """Raises `NotAdmitted`."""
    house = house_of(request)
    visitor = house.passes.read(request)
    if visitor is None or not house.passes.admits(visitor):
        raise NotAdmitted
    return house, visitor


async def welcomed(request: Request) -> tuple[House, Visitor]:
    """For what somebody who is banned has no business with. Raises `NotAdmitted` and `Banned`."""
    house, visitor = admitted(request)
    await require_welcome(house, visitor)
    return house, visitor


async def require_welcome(house: House, visitor: Visitor) -> None:
    """Raises `Banned`."""
    await house.backroom.run("wall", house.ports.gate.require_welcome, visitor.person)


def entry_page(
    request: Request, visitor: Visitor | None, *, problem: str = "", status: int = 200
) -> Response:
    house = house_of(request)
    visitor = visitor or house.passes.newcomer()
    html = render(
        "entry.html",
        room_name=house.settings.room_name,
        token=house.passes.form_token(visitor),
        name=visitor.name,
        longest_name=LONGEST_NAME,
        asks_word=house.settings.shared_secret is not None,
        asks_moderators=house.settings.moderator_secret is not None,
        problem=problem,
    )
    response = HTMLResponse(html, status_code=status)
    house.passes.write(response, visitor, secure=request.url.scheme == "https")
    return response


async def enter(request: Request) -> Response:
    """POST /enter: name and word in, session out."""
    house = house_of(request)
    visitor = house.passes.read(request)
    async with request.form(max_files=0, max_fields=8, max_part_size=4096) as form:
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
    if visitor is None or not house.passes.knows_form(visitor, fields.get("token", "")):
        return entry_page(request, visitor, problem=words.STALE_FORM, status=403)
    if not house.doorkeeper.patient_with(f"door:{address_of(request)}", tries=_TRIES_A_MINUTE):
        return entry_page(request, visitor, problem=words.TOO_MANY_TRIES, status=429)
    name = clean_name(fields.get("name", ""))
    visitor = replace(visitor, name=name)
    if problem := name_problem(house, name, visitor):
        return entry_page(request, visitor, problem=problem, status=422)
    admitted = house.passes.let_in(visitor, name=name, word=fields.get("word", ""))
    if admitted is None:
        house.doorkeeper.count(f"door:{address_of(request)}", tries=_TRIES_A_MINUTE)
        await asyncio.sleep(_WRONG_WORD_SECONDS)
        return entry_page(request, visitor, problem=words.WRONG_WORD, status=403)
    response = RedirectResponse("/", status_code=303)
    house.passes.write(response, admitted, secure=request.url.scheme == "https")
    return response


async def rename(request: Request) -> Response:
    """POST /name, with the form token in a header: the new name is the body."""
    house = house_of(request)
    visitor = poster(request)
    if visitor is None:
        return JSONResponse({"text": words.STALE_FORM}, status_code=403)
    name = clean_name((await short_body(request, most_bytes=1024)).decode(errors="ignore"))
    if problem := name_problem(house, name, visitor):
        return JSONResponse({"text": problem}, status_code=422)
    renamed = replace(visitor, name=name)
    house.room.renamed(renamed)
    response = JSONResponse({"name": name})
    house.passes.write(response, renamed, secure=request.url.scheme == "https")
    return response


async def leave(request: Request) -> Response:
    """POST /leave: forget the session."""
    if poster(request) is None:
        return JSONResponse({"text": words.STALE_FORM}, status_code=403)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response


def poster(request: Request) -> Visitor | None:
    """The admitted visitor behind a POST, if it carries the token of their page."""
    house = house_of(request)
    visitor = house.passes.read(request)
    if visitor is None or not house.passes.admits(visitor):
        return None
    token = request.headers.get("x-form-token", "")
    return visitor if house.passes.knows_form(visitor, token) else None


async def short_body(request: Request, *, most_bytes: int) -> bytes:
    """At most `most_bytes` of the body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return body[:most_bytes]
    return body


def name_problem(house: House, name: str, visitor: Visitor) -> str:
    if not name:
        return words.NAME_MISSING
    return words.NAME_TAKEN if house.room.name_taken(name, user_id=visitor.user_id) else ""


def address_of(request: Request) -> str:
    """What tries are counted by: an IPv4 address, or an IPv6 network that one subscriber has."""
    return network_of(request.client.host) if request.client else ""
