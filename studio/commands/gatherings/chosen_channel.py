"""Opening a gathering in another channel than the one in which it is asked for."""

import re
from dataclasses import replace

from sqlalchemy import select

from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.domain.people import Address, Platform
from studio.errors import BadParameterError
from studio.errors.gatherings import GatheringRefusedError, Refusal

CHANNEL = "channel"
_IDS = {Platform.DISCORD: re.compile(r"[0-9]{1,20}"), Platform.SLACK: re.compile(r"[CG][A-Z0-9]{1,20}")}
# An id, or as Discord and Slack write a mention.
_CHANNEL = re.compile(r"(?:<#)?([A-Za-z0-9_-]{1,64})(?:\|[^>]*)?>?")


def choose_channel(database: Database, call: Call, text: str | None) -> Call:
    """The call as if it came from the channel that `text` names, an id or a mention; moderators may name one.

    Raises `GatheringRefusedError` and `BadParameterError`.
    """
    if text is None:
        return call
    if not call.person.moderates:
        raise GatheringRefusedError(Refusal.MODERATORS_ONLY)
    channel = read_channel(text, call.address.platform)
    if channel in call.address.places:
        return call
    here = call.address
    private = _is_private(database, here, channel)
    address = Address(platform=here.platform, community=here.community, channel=channel, private=private)
    return replace(call, address=address)


def read_channel(text: str, platform: Platform) -> str:
    """The id in an id or a mention. Raises `BadParameterError`."""
    found = _CHANNEL.fullmatch(text.strip())
    ids = _IDS.get(platform)
    if found is None or (ids and not ids.fullmatch(found[1])):
        raise BadParameterError(CHANNEL, "not_like", example="1234567890")
    return found[1]


def _is_private(database: Database, here: Address, channel: str) -> bool:
    """As the latest job from that channel said; one from which nothing came yet is taken to be private."""
    query = select(JobRow.address["private"].as_boolean()).where(
        JobRow.platform == here.platform,
        JobRow.community == here.home[1],
        JobRow.address["channel"].as_string() == channel,
    )
    with database.read() as session:
        found = session.execute(query.order_by(JobRow.created_at.desc()).limit(1)).first()
    return found is None or bool(found[0])
