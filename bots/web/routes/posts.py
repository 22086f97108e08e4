"""What pages and their scripts post: JSON, and the commands that come of it."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.process.thread_pools import Pool
from bots.web import texts
from bots.web.routes.authentication import read_short_body, require_user
from studio.commands.registry import execute
from studio.commands.results import Answer

_LONGEST_BODY = 16 * 1024


class PostedBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Body = TypeVar("Body", bound=PostedBody)


async def read_posted(request: Request, kind: type[Body]) -> Body:
    """Raises `HTTPException` for what is no JSON of this kind."""
    try:
        return kind.model_validate_json(await read_short_body(request, limit_bytes=_LONGEST_BODY))
    except ValidationError as error:
        raise HTTPException(400, texts.MESSAGE_UNREADABLE) from error


async def execute_posted(request: Request, command: str, values: Mapping[str, object]) -> Answer:
    """Carry out a command for the user of a request, whose form token is known to be genuine.

    Raises `LoginRequiredError`, and a `ChatelierError` for what the command refuses.
    """
    context, user = require_user(request)
    call = user.call(f"web:{request.url.path}:{user.user_id}")
    return await context.pools.run(Pool.COMMANDS, execute, context.ports, call, command, values)
