"""What pages and their scripts post: JSON, forms with a file, and the commands that come of it."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.process.thread_pools import Pool
from bots.web import texts
from bots.web.routes.authentication import read_short_body, require_user
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.errors import BadImageError

_LONGEST_BODY = 16 * 1024
_SPARE_BYTES = 64 * 1024  # for the other fields of a form with a file


class PostedBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Body = TypeVar("Body", bound=PostedBody)


async def read_posted(request: Request, kind: type[Body]) -> Body:
    """Raises `HTTPException` for what is no JSON of this kind."""
    try:
        return kind.model_validate_json(await read_short_body(request, limit_bytes=_LONGEST_BODY))
    except ValidationError as error:
        raise HTTPException(400, texts.MESSAGE_UNREADABLE) from error


def require_length(request: Request, *, most_bytes: int) -> None:
    """Raises `BadImageError` for more than a form with a file of `most_bytes`, or of unknown length, which could fill
    the disk.
    """
    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared) > most_bytes + _SPARE_BYTES:
        raise BadImageError("over_limit", most=most_bytes // 1024**2)


async def read_form(request: Request, *, most_bytes: int) -> tuple[dict[str, str], bytes]:
    """The fields of a form, and its `file`, empty without one. Raises `BadImageError` as `require_length`."""
    require_length(request, most_bytes=most_bytes)
    async with request.form(max_files=1, max_fields=9, max_part_size=4096) as form:
        file = form.get("file")
        data = await file.read(most_bytes + 1) if isinstance(file, UploadFile) else b""
        return {name: value for name, value in form.items() if isinstance(value, str)}, data


async def execute_posted(request: Request, command: str, values: Mapping[str, object]) -> Answer:
    """Carry out a command for the user of a request, whose form token is known to be genuine.

    Raises `LoginRequiredError`, and a `ChatelierError` for what the command refuses.
    """
    context, user = require_user(request)
    call = user.call(f"web:{request.url.path}:{user.user_id}")
    return await context.pools.run(Pool.COMMANDS, execute, context.ports, call, command, values)
