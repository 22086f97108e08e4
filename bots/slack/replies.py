"""What a command answers, as posts for one person."""

from bots import replies
from bots import words as house
from bots.listings import lines_of
from bots.slack.escaping import mrkdwn
from bots.slack.posts import Post, said
from bots.slack.sheets import desk_list
from bots.slack.voice import VOICE
from studio.commands.answers import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    Deleted,
    DeskCases,
    Family,
    History,
    InQueue,
    Opened,
    Shown,
    Starred,
    Stopped,
)


def post_of(answer: Answer | str) -> Post | None:
    """None for what is answered by other means: a job's own message, a picture, a case."""
    match answer:
        case "" | Accepted() | Shown() | Opened():
            return None
        case str():
            return said(answer)
        case Stopped():
            return said(house.stopped(at_once=answer.at_once))
        case Deleted():
            return said(house.deleted(len(answer.picture_ids)))
        case Starred():
            return said(house.starred(given=answer.given, stars=answer.stars))
        case InQueue() | History() | Balance() | Family() | Attribution():
            return said("\n".join(map(mrkdwn, lines_of(answer))))
        case DeskCases():
            return desk_list(answer, replies.lines_of(answer, VOICE))
        case _:
            return said("\n".join(replies.lines_of(answer, VOICE)))
