"""The message with which an interaction was acknowledged, edited and deleted by the interaction's token."""

import logging
from datetime import timedelta
from typing import Any

import discord

from bots.discord.messages.error_mapping import is_token_refused
from studio.clock import now
from studio.domain.deliveries import MessageRef
from studio.domain.people import Address

_TOKEN_MARGIN = timedelta(seconds=45)

log = logging.getLogger(__name__)


def acknowledging_message(address: Address | None) -> MessageRef | None:
    """The message is there from the first moment."""
    if address is None or not address.message:
        return None
    return MessageRef(channel=address.channel, message=address.message)


def is_token_valid(address: Address, ref: MessageRef) -> bool:
    """A token opens the message with which its interaction was acknowledged, for a quarter of an hour."""
    if not address.token or address.token_expires_at is None or ref.message != address.message:
        return False
    return now() + _TOKEN_MARGIN < address.token_expires_at


async def edit_by_token(
    client: discord.Client, address: Address | None, ref: MessageRef, arguments: dict[str, Any]
) -> bool:
    """False where there is no token, or Discord does not take it any more. Raises as Discord does."""
    if address is None or not is_token_valid(address, ref):
        return False
    try:
        await _webhook(client, address).edit_message(int(ref.message), **arguments)
    except discord.HTTPException as error:
        if not is_token_refused(error):
            raise
        log.info("interaction token expired", extra={"message_id": ref.message})
        return False
    return True


async def delete_by_token(client: discord.Client, address: Address) -> None:
    """Nothing where there is no token any more. Raises as Discord does."""
    ref = acknowledging_message(address)
    if ref is not None and is_token_valid(address, ref):
        await _webhook(client, address).delete_message(int(ref.message))


def _webhook(client: discord.Client, address: Address) -> discord.Webhook:
    return discord.Webhook.partial(client.application_id or 0, address.token or "", client=client)
