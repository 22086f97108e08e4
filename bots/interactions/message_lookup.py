"""Which job, or which of its pictures, a message of ours shows, on every chat."""

from collections.abc import Awaitable, Callable, Sequence

from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.message_lookup import ShownPictures, find_shown_pictures, parse_filename
from studio.db.database import Database
from studio.domain.deliveries import MessageRef
from studio.domain.people import Platform

FindNames = Callable[[], Awaitable[Sequence[str]]]


async def find_shown(
    database: Database, pools: ThreadPools, platform: Platform, message: MessageRef, names: FindNames
) -> ShownPictures | None:
    """By the records, else by the `names` of the message's files, which say what they show.

    Copies in direct messages and answers for one person alone stand in no record. Several pictures of a job stand for
    the whole of it. The channel is empty where messages are not numbered by channel.
    """
    known = await pools.run(
        Pool.COMMANDS,
        find_shown_pictures,
        database,
        platform,
        message.message,
        channel=message.channel or None,
    )
    if known is not None:
        return known
    shown = list(dict.fromkeys(filter(None, map(parse_filename, await names()))))
    return ShownPictures(job_id=shown[0].job_id) if len(shown) > 1 else next(iter(shown), None)
