"""What errors of Discord's API mean for the delivery of a message."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bots.delivery.errors import (
    ChannelClosedError,
    DestinationUnreachableError,
    FileTooLargeError,
    PlatformUnavailableError,
)

# Codes of https://docs.discord.com/developers/topics/opcodes-and-status-codes#json.
HAS_A_THREAD = 160004
_UNKNOWN_WEBHOOK = 10015
_INVALID_WEBHOOK_TOKEN = 50027
_TOO_LARGE = 40005
_ARCHIVED_THREAD = 50083
_TOO_MANY_EDITS_OF_AN_OLD_MESSAGE = 30046

API_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)

log = logging.getLogger(__name__)


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Raises the errors of `bots.delivery.errors` in place of Discord's and the network's."""
    try:
        yield
    except API_ERRORS as error:
        raise map_error(error) from error


@contextmanager
def log_api_errors(what: str) -> Iterator[None]:
    """Around a request on which nothing depends; `what` says what was not done."""
    try:
        yield
    except discord.HTTPException as error:
        log.warning("%s: status=%s code=%s", what, error.status, error.code)


def map_error(error: Exception) -> Exception:
    if not isinstance(error, discord.HTTPException):
        return PlatformUnavailableError(type(error).__name__, perhaps_done=True)
    if error.status == 413 or error.code == _TOO_LARGE:
        return FileTooLargeError()
    if error.code == _ARCHIVED_THREAD or isinstance(error, discord.Forbidden):
        return ChannelClosedError()
    if isinstance(error, discord.NotFound):  # the message or the channel was deleted
        return DestinationUnreachableError()
    if error.status == 400 and error.code != _TOO_MANY_EDITS_OF_AN_OLD_MESSAGE:
        log.error("message rejected by Discord: code=%s", error.code)
        return DestinationUnreachableError()
    return PlatformUnavailableError(f"status {error.status}, code {error.code}")


def is_token_refused(error: discord.HTTPException) -> bool:
    """Whether Discord does not take an interaction's token any more."""
    return error.status in (401, 403) or error.code in (_UNKNOWN_WEBHOOK, _INVALID_WEBHOOK_TOKEN)
